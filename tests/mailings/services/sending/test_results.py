"""What the service says of the recipients, and what it does not say."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from libraries.outbound_mailer.simulator import Fault, FaultKind, ListOrder, Outcome
from mailings.models import MailingState, MailKind, MailRules, Suppression
from tests.mailings.services.sending.delivered import mails_of
from tests.mailings.services.sending.lives import assert_sound

pytestmark = pytest.mark.django_db(transaction=True)

SENT, HELD = MailingState.SENT.value, MailingState.HELD.value


@pytest.mark.parametrize("order", ListOrder)
def test_the_order_of_results_does_not_matter(order, ready, work, practice, book, monkeypatch) -> None:
    from mailings import limits

    monkeypatch.setattr(limits, "RESULTS_PAGE_ROWS", 2)
    practice.settings = replace(practice.settings, list_order=order)
    for number in range(1, 10, 2):
        practice.outcomes.set(Outcome(pattern=f"r{number}@*", status="F", code="SMTP_ERROR"))

    mailing = work(ready(10, 10))

    assert (mailing.state, mailing.sent, mailing.failed) == (SENT, 5, 5)
    assert_sound(mailing, practice)


def test_failures_are_told_apart(ready, work, practice, book) -> None:
    MailRules.objects.create(book=book, blocked_hours=24)
    practice.outcomes.set(Outcome(pattern="r0@*", status="F", code="MAILBOX_ERROR", message="550 gone"))
    practice.outcomes.set(Outcome(pattern="r1@*", status="F", code="SEND_BLOCK_ADDRESS"))
    practice.outcomes.set(Outcome(pattern="r2@*", status="C"))
    practice.outcomes.set(Outcome(pattern="r3@*", status="F", code="ETC_ERROR"))

    mailing = work(ready(6, 4))

    assert (mailing.sent, mailing.failed, mailing.blocked, mailing.cancelled) == (2, 2, 1, 1)
    gone = mailing.recipients.get(email="r0@example.com")
    assert (gone.result_code, gone.result_message) == ("MAILBOX_ERROR", "550 gone")
    blocks = Suppression.objects.filter(book=book, kind=Suppression.Kind.BLOCKED)
    assert set(blocks.values_list("key", flat=True)) == {"r0@example.com", "r1@example.com"}
    assert all(block.until < timezone.now() + timedelta(hours=25) for block in blocks)
    assert_sound(mailing, practice)


def test_who_unsubscribed_at_the_service_is_known_from_then_on(ready, work, practice, book) -> None:
    from workspace.services.books.connection import client_for

    with client_for(book) as client:
        client.blocks.register_unsubscribers(["r1@example.com"])

    mailing = work(ready(3, 2, kind=MailKind.ADVERTISING))

    assert (mailing.state, mailing.sent, mailing.unsubscribed) == (SENT, 2, 1)
    known = Suppression.objects.get(book=book)
    assert (known.kind, known.key, known.until) == ("unsubscribed", "r1@example.com", None)
    assert_sound(mailing, practice)


def test_who_was_dropped_without_a_word_is_not_said_to_be_sent(ready, work, practice, book) -> None:
    practice.settings = replace(practice.settings, dropped_recipients=1)
    practice.outcomes.set(Outcome(pattern="r0@*", status="F", code="SMTP_ERROR"))

    mailing = work(ready(4, 4))

    assert (mailing.state, mailing.sent, mailing.failed, mailing.unknown) == (SENT, 2, 1, 1)
    assert mailing.parts.get().answer == {"count": 3}
    assert mailing.recipients.get(state="unknown").result_code == "not_listed"
    assert_sound(mailing, practice)


def test_an_unknown_part_of_which_somebody_was_dropped_is_found(ready, work, practice, book) -> None:
    practice.settings = replace(practice.settings, dropped_recipients=1)
    mailing = work(ready(4, 4), stop_at=(HELD,))
    practice.faults.switch_on(Fault(kind=FaultKind.CUT_AFTER, operation="createMailRequest"))

    mailing = work(mailing)

    assert (mailing.sent, mailing.unknown) == (3, 1)
    assert_sound(mailing, practice)


def test_one_who_cannot_be_named_is_left_out_and_the_others_get_theirs(ready, work, practice, book) -> None:
    mailing = work(ready(4, 4), stop_at=(HELD,))
    mailing.recipients.filter(number=1).update(name="Long " * 20)
    mailing.recipients.filter(number=2).update(name="Two\nlines")
    mailing.recipients.filter(number=3).update(email="no address")

    mailing = work(mailing)

    assert (mailing.state, mailing.sent, mailing.left_out) == (SENT, 3, 1)
    assert mailing.recipients.get(state="left_out").result_code == "unsendable"
    assert len(practice.log.requests("createMailRequest")) == 1
    names = {mail.address: mail.name for mail in mails_of(practice, book)}
    assert len(names["r0@example.com"]) <= 69
    assert names["r1@example.com"] == "Two lines"
