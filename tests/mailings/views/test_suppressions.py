"""The pages *Unsubscribe mail list* and *Send block list*, as forms without scripts and as htmx asks for them."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from mailings import actions, limits
from mailings.models import Suppression
from tests.support.html import text_of
from workspace.models import AuditEvent

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def client(bob, client_of):
    return client_of(bob)


@pytest.fixture
def at(book):
    return lambda name: reverse(name, args=[book.slug])


def test_every_page_of_the_book_leads_there(client, at) -> None:
    page = client.get(at("console")).content.decode()
    assert at("unsubscribes") in page
    assert at("send_blocks") in page


def test_addresses_are_registered_and_shown(client, at) -> None:
    fields = {"token": uuid4(), "text": "ann@example.com, bob@example.org"}
    answer = client.post(at("register_unsubscribes"), fields)

    page = text_of(answer)
    assert "Notification" in page
    assert "Registered 2" in page
    shown = text_of(client.get(at("unsubscribes")))
    assert "ann@example.com" in shown
    assert "Typed (bob)" in shown
    assert "2 unsubscribes have not been told to the service yet." in shown


def test_what_is_no_address_stays_in_the_field(client, at) -> None:
    fields = {"token": uuid4(), "text": "ann@example.com broken@"}
    answer = client.post(at("register_unsubscribes"), fields, headers=HTMX)

    page = answer.content.decode()
    assert "\nbroken@</textarea>" in page
    assert 'hx-swap-oob="true"' in page
    assert Suppression.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "fields", "sentence"),
    [
        ("register_unsubscribes", {"text": " "}, "Type or paste at least one address."),
        ("register_unsubscribes", {"text": "a@example.com " * 1_001}, "These are 1,001 addresses"),
        ("register_unsubscribes", {"text": "a@example.com", "token": ""}, "This page was too old."),
        ("remove_unsubscribes", {"text": "a@example.com", "reason": " "}, "Say why they may get advertising again."),
        ("remove_unsubscribes", {"text": "a@example.com", "reason": "x" * 201}, "The reason is too long."),
        ("remove_unsubscribes", {"text": "", "reason": "Consent"}, "Type or paste at least one address."),
    ],
)
def test_what_cannot_be_done_is_said_and_stays_in_the_form(client, at, name, fields, sentence) -> None:
    answer = client.post(at(name), {"token": uuid4(), **fields})

    assert answer.status_code == 422
    assert sentence in text_of(answer)


def test_a_removal_shows_its_numbers_and_the_history_its_reason(client, at, suppress) -> None:
    suppress("unsubscribed", "ann@example.com")
    fields = {"token": uuid4(), "text": "ann@example.com bob@example.com", "reason": "Signed again"}

    page = text_of(client.post(at("remove_unsubscribes"), fields))

    assert "Removed 1" in page
    assert "Not in the list 1" in page
    history = text_of(client.get(at("history")))
    assert "1 unsubscribe was removed." in history
    assert "Signed again" in history


def test_the_search_goes_by_post_and_pages_follow(client, at, suppress, monkeypatch) -> None:
    monkeypatch.setattr(limits, "SUPPRESSIONS_A_PAGE", 2)
    for number in range(3):
        suppress("unsubscribed", f"r{number}@example.com")
    suppress("unsubscribed", "other@example.org")

    first = client.post(at("unsubscribes"), {"query": "example.com"})
    assert "other@example.org" not in text_of(first)
    before = first.context["page"].before
    second = text_of(client.post(at("unsubscribes"), {"query": "example.com", "before": before}))
    assert "r0@example.com" in second
    assert "r2@example.com" not in second
    assert "r0@example.com" in text_of(client.get(at("unsubscribes"), {"before": before}))


def test_viewers_read_masked_what_the_book_masks(at, book, vera, client_of, suppress) -> None:
    suppress("unsubscribed", "annabel@example.com")
    suppress("blocked", "bernhard@example.com")
    book.masking = "viewers"
    book.save()
    client = client_of(vera)

    for name in ("unsubscribes", "send_blocks"):
        page = text_of(client.get(at(name)))
        assert "***@example.com" in page
        assert "annabel@" not in page
        assert "bernhard@" not in page
    assert "annabel" not in text_of(client.post(at("unsubscribes"), {"query": "annabel"}))
    assert "Register unsubscribe for promotional emails" not in text_of(client.get(at("unsubscribes")))


def test_a_look_up_tells_and_the_ledger_is_filtered_by_code(client, at, suppress, practice) -> None:
    for number, code in enumerate(["SMTP_ERROR", "MAILBOX_ERROR"]):
        suppress("blocked", f"r{number}@example.com")
        row = Suppression.objects.filter(key=f"r{number}@example.com")
        row.update(result_code=code, until=timezone.now() + timedelta(days=7))

    page = text_of(client.post(at("look_up_blocks"), {"text": "ann@example.com broken@"}))

    assert "Not blocked." in page
    assert "broken@" in page
    shown = text_of(client.get(at("send_blocks"), {"code": "SMTP_ERROR"}))
    assert "r0@example.com" in shown
    assert "r1@example.com" not in shown
    assert AuditEvent.objects.get(action=actions.LOOK_UP_BLOCKS).detail == {"asked": 1, "blocked": 0}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("", "Type an address."), (" ".join(f"r{n}@example.com" for n in range(11)), "at most 10 can be looked up")],
)
def test_what_cannot_be_looked_up_is_said(client, at, text, sentence) -> None:
    answer = client.post(at("look_up_blocks"), {"text": text})

    assert answer.status_code == 422
    assert sentence in text_of(answer)


def test_without_a_connection_the_page_says_what_is_wrong(client, at) -> None:
    page = text_of(client.post(at("look_up_blocks"), {"text": "ann@example.com"}))
    assert "The service was not asked about 1 address." in page


def test_blocks_are_listed_with_their_reason_in_words_and_past_ones_on_request(client, at, book) -> None:
    now = timezone.now()
    for email, code, until in (
        ("ann@example.com", "RECIPIENT_ADDRESS_ERROR", now + timedelta(days=7)),
        ("bob@example.com", "MAILBOX_ERROR", now - timedelta(days=1)),
    ):
        values = {"email": email, "key": email, "source": "result", "since": now - timedelta(days=8), "until": until}
        Suppression.objects.create(book=book, kind="blocked", result_code=code, **values)

    page = text_of(client.get(at("send_blocks")))
    assert "RECIPIENT_ADDRESS_ERROR The address does not exist." in page
    assert "bob@example.com" not in page
    past = text_of(client.get(at("send_blocks"), {"past": "1"}))
    assert "bob@example.com" in past
    assert "over" in past
    assert "ann@example.com" not in text_of(client.get(at("send_blocks"), {"past": "1", "code": "MAILBOX_ERROR"}))
