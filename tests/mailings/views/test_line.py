"""The line about what goes out, on every page of the book; and what the mailing's own page says of its pace."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from mailings.models import Mailing, MailingState, Part, PartState
from mailings.services.sending.progress import progress_of
from mailings.views.follow import sentences
from tests.support.html import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(vera, client_of):
    return client_of(vera)


@pytest.fixture
def sending(draft, alice) -> Mailing:
    """10 parts of 1,000, of which the service has taken 4, a minute apart; the last one a moment ago."""
    now = timezone.now()
    draft.state, draft.subject, draft.confirmed_at, draft.began_at = MailingState.SENDING, "News", now, now
    draft.planned = draft.open = 10_000
    draft.save()
    for number in range(10):
        values = {"mailing": draft, "number": number + 1, "first": number * 1000 + 1, "last": number * 1000 + 1000}
        if number < 4:
            values |= {"state": PartState.ACCEPTED, "request_id": str(number), "recipient_count": 1000}
            values |= {"answered_at": now - timedelta(minutes=3 - number)}
        Part.objects.create(**values)
    return draft


def line(client, book, **query: int) -> str:
    return text_of(client.get(reverse("mailing_line", args=[book.slug]), query))


@pytest.mark.parametrize("name", ["console", "mailings", "unsubscribes", "sync"])
def test_every_page_of_the_book_tells_of_it(client, book, sending, name) -> None:
    page = text_of(client.get(reverse(name, args=[book.slug])))
    assert "News 4,000 of 10,000 handed to the service, 1,000 a minute, about 6 min left" in page


def test_its_own_page_says_it_once(client, book, sending) -> None:
    page = client.get(reverse("mailing", args=[book.slug, sending.pk]))
    assert text_of(page).count("4,000 of 10,000 handed to the service") == 1
    assert 'data-tab="40 %"' in page.content.decode()


def test_other_books_tests_and_drafts_are_not_told_of(client, book, draft, sending) -> None:
    Mailing.objects.filter(pk=sending.pk).update(is_test=True)
    assert line(client, book) == ""
    Mailing.objects.filter(pk=sending.pk).update(is_test=False, state=MailingState.DRAFT)
    assert line(client, book, of=draft.pk) == ""


def test_that_it_is_over_is_said_for_the_last_time(client, book, sending) -> None:
    Mailing.objects.filter(pk=sending.pk).update(state=MailingState.SENT)
    answer = client.get(reverse("mailing_line", args=[book.slug]), {"of": sending.pk})
    assert text_of(answer) == "Sent News"
    assert 'data-tab="Sent"' in answer.content.decode()
    assert "hx-get" not in answer.content.decode()
    assert line(client, book) == ""


def test_what_waits_says_for_what(sending) -> None:
    now = timezone.now()
    Part.objects.filter(state=PartState.WAITING).update(not_before=now + timedelta(minutes=5))
    said = sentences.pace(sending, progress_of(sending))
    assert said.startswith("4,000 of 10,000 handed to the service, goes on at ")
    other = Mailing.objects.get(pk=sending.pk)
    other.pk, other.began_at = None, now - timedelta(hours=1)
    other.save()
    assert (
        sentences.pace(sending, progress_of(sending)) == "Waits until another mail of this address book has gone out."
    )
    sending.state = MailingState.STOPPED
    assert "Stopped after 4,000 of 10,000 recipients" in sentences.pace(sending, progress_of(sending))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(40, "40 s"), (300, "5 min"), (12_000, "3 h 20 min"), (86_400 + 7_300, "1 day 2 h"), (3 * 86_400, "3 days 0 h")],
)
def test_times_are_said_in_two_units(seconds: int, text: str) -> None:
    assert sentences.lasting(seconds) == text


def test_a_scheduled_mail_says_when_in_the_zone_and_from_now(client, book, sending) -> None:
    moment = timezone.now() + timedelta(hours=3, minutes=20, seconds=30)
    Mailing.objects.filter(pk=sending.pk).update(state=MailingState.SCHEDULED, send_at=moment)
    page = client.get(reverse("mailing", args=[book.slug, sending.pk]))
    shown = timezone.localtime(moment).strftime("%Y-%m-%d %H:%M")
    assert f"{shown} ({settings.TIME_ZONE}) , in 3 h 20 min" in text_of(page)
    assert f'data-zone="{settings.TIME_ZONE}"' in page.content.decode()
