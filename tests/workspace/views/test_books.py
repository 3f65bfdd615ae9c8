import time

import pytest
from django.urls import reverse

from tests.support.html import hidden_fields, text_of
from workspace.models import BookMember, Region, User, Zone
from workspace.services.books import books
from workspace.services.history.audit import Actor


@pytest.fixture
def client(alice, client_of):
    """alice, who has just given her password."""
    client = client_of(alice)
    session = client.session
    session["password_given_at"] = time.time()
    session.save()
    return client


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
    answer = client.post(
        reverse("change_role", args=[book.slug]), {"user": alice.pk, "role": "viewer", "confirmed": "on"}
    )
    assert answer.url == reverse("console", args=[book.slug])


def test_somebody_without_a_book_is_told_what_to_do(charlie, client_of) -> None:
    assert "Ask an admin of one to add you." in text_of(client_of(charlie).get("/"))


@pytest.mark.parametrize("wrong", [{"version": "x"}, {"token": ""}])
def test_a_mangled_settings_form_says_so_and_can_be_sent_again(client, book, wrong) -> None:
    url = reverse("book_settings", args=[book.slug])
    answer = client.post(url, {**FIELDS, "name": "Mine", **wrong})
    assert answer.status_code == 422
    assert "This page was too old." in text_of(answer)
    assert client.post(url, {**FIELDS, **hidden_fields(answer, "token", "version")}).status_code == 302


def test_a_mangled_form_for_a_new_book_says_so(client, alice) -> None:
    alice.is_superuser = True
    alice.save()
    answer = client.post(reverse("create_book"), {"token": "x", "name": "Branch", "zone": "public", "region": "KR"})
    assert answer.status_code == 422
    assert "This page was too old." in text_of(answer)
    assert 'value="Branch"' in answer.content.decode()


def test_a_lesser_role_of_ones_own_is_asked_about_first(client, post, book, alice, bob) -> None:
    BookMember.objects.filter(user=bob).update(role="admin")
    answer = post("change_role", {"user": alice.pk, "role": "viewer"})
    assert "becomes: Viewer. You can no longer open its settings." in text_of(answer)
    assert BookMember.objects.get(user=alice).role == "admin"
    fields = hidden_fields(answer, "user", "role", "confirmed")
    assert client.post(reverse("change_role", args=[book.slug]), fields).status_code == 302
    assert BookMember.objects.get(user=alice).role == "viewer"


def test_removing_a_member_is_asked_about_first(client, post, book, vera) -> None:
    answer = client.get(reverse("ask_remove_member", args=[book.slug]), {"user": vera.pk})
    assert "vera (Viewer) can no longer open the address book “Main”." in text_of(answer)
    assert BookMember.objects.filter(user=vera).exists()
    post("remove_member", hidden_fields(answer, "user"))
    assert not BookMember.objects.filter(user=vera).exists()


def test_the_page_offers_the_question_and_not_the_removal(client, book, vera) -> None:
    body = client.get(reverse("members", args=[book.slug])).content.decode()
    assert reverse("ask_remove_member", args=[book.slug]) + '"' in body
    assert reverse("remove_member", args=[book.slug]) not in body


def test_leaving_a_book_is_asked_about_in_its_own_words(client, book, alice) -> None:
    answer = client.get(reverse("ask_remove_member", args=[book.slug]), {"user": alice.pk})
    assert "You leave the address book “Main”" in text_of(answer)


@pytest.fixture
def other_book(alice):
    return books.create_book(name="Branch", zone=Zone.PUBLIC, region=Region.JPN, by=Actor(alice))


@pytest.mark.parametrize("name", ["console", "book_settings"])
def test_the_bar_leads_to_the_users_other_books(client, book, other_book, charlie, name) -> None:
    books.create_book(name="Strange", zone=Zone.PUBLIC, region=Region.KR, by=Actor(charlie))
    answer = client.get(reverse(name, args=[book.slug]))
    assert f'href="{reverse("console", args=[other_book.slug])}"' in answer.content.decode()
    assert "Public · Japan" in text_of(answer)
    assert "Strange" not in text_of(answer)


def test_who_has_one_book_gets_no_menu_of_books(client, book) -> None:
    assert "book-menu" not in client.get(reverse("console", args=[book.slug])).content.decode()


def test_the_bar_leads_a_superuser_to_a_new_book(client, book, alice) -> None:
    User.objects.filter(pk=alice.pk).update(is_superuser=True)
    assert reverse("create_book") in client.get(reverse("console", args=[book.slug])).content.decode()


def test_home_opens_the_book_that_was_opened_last(client, book, other_book, by, alice, bob) -> None:
    first, second = (reverse("console", args=[which.slug]) for which in (book, other_book))
    assert client.get("/").url == first
    client.get(second)
    assert client.get("/").url == second
    client.get(first, headers={"HX-Request": "true"})  # a page in another tab, by itself
    assert client.get("/").url == second
    BookMember.objects.filter(book=other_book).delete()
    assert client.get("/").url == first


def test_the_session_is_written_only_when_another_book_is_opened(client, book, django_assert_num_queries) -> None:
    url = reverse("jobs", args=[book.slug])
    client.get(url)
    with django_assert_num_queries(4):  # session, user, membership, and whether there is any work
        client.get(url)


@pytest.fixture
def orphan(book, alice):
    User.objects.filter(pk=alice.pk).update(is_active=False)
    return book


@pytest.fixture
def root(charlie, client_of):
    User.objects.filter(pk=charlie.pk).update(is_superuser=True)
    charlie.refresh_from_db()
    return client_of(charlie)


@pytest.mark.parametrize("page", ["home", "create_book"])
def test_a_superuser_becomes_admin_of_a_book_that_has_none(root, orphan, page, charlie) -> None:
    answer = root.get(reverse(page))
    assert "Address books without an admin" in text_of(answer)
    answer = root.post(reverse("adopt_book"), hidden_fields(answer, "book"), follow=True)
    assert "You are an admin of “Main” now." in text_of(answer)
    assert BookMember.objects.get(book=orphan, user=charlie).role == "admin"


def test_a_book_with_an_admin_is_neither_offered_nor_given(root, book, charlie) -> None:
    assert "Address books without an admin" not in text_of(root.get("/"))
    answer = root.post(reverse("adopt_book"), {"book": book.pk}, follow=True)
    assert "“Main” has an admin again." in text_of(answer)
    assert not BookMember.objects.filter(user=charlie).exists()


@pytest.mark.parametrize("book", ["", "4711", "x"])
def test_a_book_that_does_not_exist_cannot_be_adopted(root, book) -> None:
    assert root.post(reverse("adopt_book"), {"book": book}).status_code == 404
