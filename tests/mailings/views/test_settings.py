"""Senders, advertising details and rules in the settings of a book."""

import pytest
from django.urls import reverse

from mailings.models import MailRules, Sender
from tests.support.html import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def post(book, alice, client_of):
    client = client_of(alice)
    return lambda name, data=None, *more: client.post(reverse(name, args=[book.slug, *more]), data or {}, follow=True)


def test_the_settings_have_the_sections(book, alice, client_of) -> None:
    page = text_of(client_of(alice).get(reverse("book_settings", args=[book.slug])))

    assert all(title in page for title in ("Senders", "Advertising details", "Rules for sending"))


def test_senders_are_added_made_default_and_removed(post, book) -> None:
    post("add_sender", {"address": "news@example.com", "name": "News"})
    post("add_sender", {"address": "shop@example.com", "name": ""})
    news, shop = Sender.objects.order_by("pk")
    assert (news.is_default, shop.is_default) == (True, False)

    post("make_default_sender", None, shop.pk)
    post("remove_sender", None, news.pk)

    assert list(Sender.objects.values_list("address", "is_default")) == [("shop@example.com", True)]


@pytest.mark.parametrize(
    ("address", "name", "sentence"),
    [
        ("a@naver.com", "", "The service does not send from naver.com."),
        ("a@mail.ncloud.com", "", "The service does not send from mail.ncloud.com."),
        ("broken@", "", "This is no email address."),
        ("", "", "Type an address."),
        ("a@example.com", "가" * 24, "The name has 72 bytes"),
    ],
)
def test_what_is_no_sender_is_refused_with_a_sentence(post, address, name, sentence) -> None:
    answer = post("add_sender", {"address": address, "name": name})

    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert not Sender.objects.exists()


def test_rules_and_details_are_saved_by_version(post, book) -> None:
    rules = {"sending_role": "admins", "second_person_from": "500", "monthly_quota": "1000", "blocked_hours": "168"}
    post("change_mail_rules", {**rules, "retention_months": "13", "version": "1"})
    stale = post("change_advertising", {"company": "Example", "contact_email": "a@example.com", "version": "1"})

    saved = MailRules.objects.get()
    assert (saved.sending_role, saved.second_person_from, saved.company) == ("admins", 500, "")
    assert "Somebody else has just changed these settings" in text_of(stale)


def test_managers_change_no_settings(book, bob, client_of) -> None:
    answer = client_of(bob).post(reverse("add_sender", args=[book.slug]), {"address": "a@example.com"})

    assert answer.status_code == 403
