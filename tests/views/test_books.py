import pytest
from django.urls import reverse

from addressbook.models import BookMember
from tests.views.html import text_of


@pytest.fixture
def client(alice, client_of):
    return client_of(alice)


@pytest.fixture
def post(client, book):
    return lambda name, data: client.post(reverse(name, args=[book.slug]), data, follow=True)


FIELDS = {
    "token": "8ae4b9f2-7d55-4c0a-9a6c-0d8a1f0f3c11",
    "name": "Main",
    "zone": "public",
    "region": "KR",
    "version": 1,
}


def test_settings_are_saved(post, book) -> None:
    answer = post("book_settings", {**FIELDS, "name": "고객", "region": "JPN"})
    assert "The settings are saved." in text_of(answer)
    book.refresh_from_db()
    assert (book.name, book.region) == ("고객", "JPN")


def test_settings_of_an_older_page_are_not_saved_over_newer_ones(post, book) -> None:
    post("book_settings", {**FIELDS, "name": "Theirs"})
    answer = post("book_settings", {**FIELDS, "name": "Mine"})
    assert answer.status_code == 409
    assert "Somebody else has just changed these settings." in text_of(answer)
    book.refresh_from_db()
    assert book.name == "Theirs"


def test_the_financial_zone_has_one_region(post) -> None:
    answer = post("book_settings", {**FIELDS, "zone": "financial", "region": "JPN"})
    assert "The financial zone has the region Korea only." in text_of(answer)


@pytest.mark.parametrize("name", ["", " ", "x" * 61])
def test_a_wrong_name_is_refused(post, book, name) -> None:
    assert post("book_settings", {**FIELDS, "name": name}).status_code == 422
    book.refresh_from_db()
    assert book.name == "Main"


def test_members_are_added_changed_and_removed(post, book, charlie) -> None:
    assert "charlie is a member now." in text_of(post("add_member", {"username": "charlie", "role": "viewer"}))
    answer = post("change_role", {"user": charlie.pk, "role": "manager"})
    assert "The role of charlie is now: Manager." in text_of(answer)
    assert "charlie is no longer a member." in text_of(post("remove_member", {"user": charlie.pk}))
    assert not BookMember.objects.filter(user=charlie).exists()


def test_an_unknown_user_is_said_to_be_unknown(post) -> None:
    answer = post("add_member", {"username": "nobody", "role": "viewer"})
    assert "There is no active user of this name." in text_of(answer)
    assert 'value="nobody"' in answer.content.decode()


def test_the_last_admin_stays(post, alice) -> None:
    sentence = "An address book needs at least one admin."
    assert sentence in text_of(post("change_role", {"user": alice.pk, "role": "viewer"}))
    assert sentence in text_of(post("remove_member", {"user": alice.pk}))


def test_who_gives_up_the_admin_role_lands_on_the_list(client, book, alice, bob) -> None:
    BookMember.objects.filter(user=bob).update(role="admin")
    answer = client.post(reverse("change_role", args=[book.slug]), {"user": alice.pk, "role": "viewer"})
    assert answer.url == reverse("console", args=[book.slug])


def test_somebody_without_a_book_is_told_what_to_do(charlie, client_of) -> None:
    assert "Ask an admin of one to add you." in text_of(client_of(charlie).get("/"))
