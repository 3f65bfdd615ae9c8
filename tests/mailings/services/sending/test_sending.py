"""The way of a mailing from its confirmation to its results, and what people decide on that way."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from libraries.outbound_mailer.simulator.faults import Fault, FaultKind
from mailings.models import MailingState, MailRules, Part, PartState, RecipientState, Sender
from mailings.services import drafts
from mailings.services.sending import confirming, counters
from tests.mailings.services.sending.delivered import deliveries, mails_of

pytestmark = pytest.mark.django_db(transaction=True)

# Names of states are compared as texts.
SENT, HELD, PAUSED = MailingState.SENT.value, MailingState.HELD.value, MailingState.PAUSED.value


def everybody_once(count: int) -> dict[str, int]:
    return {f"r{number}@example.com": 1 for number in range(count)}


def test_everybody_gets_it_once(ready, work, practice) -> None:
    mailing = work(ready(7, 3))

    assert mailing.state == SENT
    assert deliveries(practice, mailing.book) == everybody_once(7)
    assert (mailing.planned, mailing.sent, mailing.open) == (7, 7, 0)
    assert counters.recounted(mailing)["sent"] == 7
    assert mailing.parts.count() == 3
    assert len({mail.references_header for mail in mails_of(practice, mailing.book)}) == 3


def test_what_is_sent_is_what_was_confirmed(ready, work, practice, by, book) -> None:
    mailing = work(ready(1, 3, subject="For ${who}", common_values={"who": "A&B"}), stop_at=(HELD,))
    Sender.objects.update(address="other@example.com")

    work(mailing)

    (mail,) = mails_of(practice, book)
    assert mail.sender_address == "news@example.com"
    assert mail.subject == "For A&B"


def test_content_that_was_changed_behind_our_back_is_not_sent(ready, work, practice) -> None:
    mailing = work(ready(1), stop_at=(HELD,))
    type(mailing).objects.filter(pk=mailing.pk).update(body="<p>Something else</p>")

    assert work(mailing).state == PAUSED
    assert not deliveries(practice, mailing.book)


def test_undo_while_it_is_held_sends_nothing(ready, work, practice, book, by) -> None:
    mailing = work(ready(), stop_at=(HELD,))

    confirming.undo(book=book, mailing_id=mailing.pk, by=by)

    assert work(mailing).state == MailingState.DRAFT
    assert not deliveries(practice, mailing.book)
    assert not mailing.recipients.exists()
    assert drafts.find_draft(book, mailing.pk).sources.count() == 1


def test_it_waits_for_the_moment_it_is_scheduled_for(ready, work, practice) -> None:
    mailing = work(ready(send_at=timezone.now() + timedelta(hours=2)))

    assert mailing.state == MailingState.SCHEDULED
    assert not deliveries(practice, mailing.book)
    type(mailing).objects.filter(pk=mailing.pk).update(send_at=timezone.now() - timedelta(minutes=1))
    assert work(mailing).state == SENT


def test_much_too_late_it_asks_instead_of_sending(ready, work, practice, book, by) -> None:
    mailing = work(ready(send_at=timezone.now() + timedelta(hours=2)))
    type(mailing).objects.filter(pk=mailing.pk).update(send_at=timezone.now() - timedelta(minutes=16))

    assert work(mailing).state == MailingState.MISSED
    assert not deliveries(practice, mailing.book)
    confirming.send_now(book=book, mailing_id=mailing.pk, seen_version=mailing.version, by=by)
    assert work(mailing).state == SENT


def test_a_second_person_has_to_confirm(ready, work, practice, book, by, bob) -> None:
    from workspace.services.history.audit import Actor

    MailRules.objects.create(book=book, second_person_from=5)
    mailing = work(ready(5))

    assert mailing.state == MailingState.AWAITING
    with pytest.raises(confirming.SamePersonError):
        confirming.approve(book=book, mailing_id=mailing.pk, seen_version=mailing.version, by=by)
    confirming.approve(book=book, mailing_id=mailing.pk, seen_version=mailing.version, by=Actor(bob))
    assert work(mailing).state == SENT
    assert deliveries(practice, mailing.book) == everybody_once(5)


def test_stop_ends_after_the_part_in_the_air(ready, work, practice, book, by) -> None:
    mailing = work(ready(7, 3), stop_at=(HELD,))
    work(mailing, turns=0)
    type(mailing).objects.filter(pk=mailing.pk).update(state=MailingState.SENDING)

    confirming.stop(book=book, mailing_id=mailing.pk, by=by)
    mailing = work(mailing)

    assert mailing.state == MailingState.STOPPED
    assert (mailing.cancelled, mailing.open) == (7, 0)
    assert not deliveries(practice, mailing.book)


def test_who_refused_since_the_confirmation_gets_nothing(ready, work, practice, suppress) -> None:
    from mailings.models import MailKind

    mailing = work(ready(4, 2, kind=MailKind.ADVERTISING), stop_at=(HELD,))
    suppress("unsubscribed", "r1@example.com")
    suppress("blocked", "r2@example.com")

    mailing = work(mailing)

    assert mailing.state == SENT
    assert deliveries(practice, mailing.book) == {"r0@example.com": 1, "r3@example.com": 1}
    assert (mailing.sent, mailing.unsubscribed, mailing.blocked) == (2, 1, 1)


def test_a_number_that_moved_goes_back_to_the_person(ready, work, practice, book, by, suppress) -> None:
    mailing = ready(4)
    suppress("blocked", "r2@example.com")

    mailing = work(mailing)

    assert mailing.state == MailingState.DRAFT
    assert mailing.reason == {"code": "moved", "seen": 4, "now": 3}
    assert not mailing.recipients.exists()


def test_a_missing_value_never_leaves(ready, work, practice) -> None:
    mailing = work(ready(2, subject="For ${who}"))

    assert mailing.state == MailingState.DRAFT
    assert mailing.reason == {"code": "missing_values", "count": 2}


@pytest.mark.parametrize("decision", ["send", "leave_out"])
def test_a_call_without_an_answer_is_never_repeated_by_itself(ready, work, practice, book, by, decision) -> None:
    mailing = work(ready(2, 2), stop_at=(HELD,))
    practice.faults.switch_on(Fault(kind=FaultKind.CUT_BEFORE, operation="createMailRequest"))
    mailing = work(mailing)

    assert mailing.state == MailingState.UNKNOWN
    assert (mailing.unknown, mailing.open) == (2, 0)
    part = mailing.parts.get()
    assert (part.state, part.attempts) == (PartState.UNKNOWN, 1)
    if decision == "send":
        confirming.send_part(book=book, mailing_id=mailing.pk, part_id=part.pk, seen_attempts=part.attempts, by=by)
        assert work(mailing).sent == 2
        assert deliveries(practice, mailing.book) == everybody_once(2)
    else:
        confirming.leave_out(book=book, mailing_id=mailing.pk, part_id=part.pk, seen_attempts=part.attempts, by=by)
        assert work(mailing).left_out == 2
        assert mailing.state == SENT
        assert not deliveries(practice, mailing.book)


def test_a_call_that_was_accepted_without_an_answer_is_found_by_its_marker(ready, work, practice) -> None:
    mailing = work(ready(3, 3), stop_at=(HELD,))
    practice.faults.switch_on(Fault(kind=FaultKind.CUT_AFTER, operation="createMailRequest"))

    mailing = work(mailing)

    assert mailing.state == SENT
    assert deliveries(practice, mailing.book) == everybody_once(3)
    assert mailing.parts.get().attempts == 1


def test_a_worker_that_died_in_a_call_leaves_its_part_unknown(ready, work, practice) -> None:
    mailing = work(ready(2, 2), stop_at=(HELD,))
    type(mailing).objects.filter(pk=mailing.pk).update(state=MailingState.SENDING)
    Part.objects.update(state=PartState.CALLING, marker="<x@example.com>", called_at=timezone.now())

    mailing = work(mailing)

    assert mailing.state == MailingState.UNKNOWN
    assert not deliveries(practice, mailing.book)


def test_two_confirmations_of_one_form_are_one(ready, book, by, draft, write) -> None:
    mailing = ready(2)
    token = uuid4()
    with pytest.raises(drafts.DraftGoneError):
        confirming.confirm(book=book, mailing_id=mailing.pk, seen_version=1, seen_count=2, token=token, by=by)


def test_open_recipients_are_states_of_rows(ready, work) -> None:
    mailing = work(ready(2), stop_at=(HELD,))

    assert set(mailing.recipients.values_list("state", flat=True)) == {RecipientState.OPEN}


def test_people_can_click_while_recipients_are_read(ready, work, practice, monkeypatch) -> None:
    """A million are read for many seconds: that must not be in a transaction that keeps writers out."""
    from mailings.services.content.composing import Composed

    held: list[bool] = []
    guarded = Composed.values_for

    def values_for(composed, own):
        held.append(transaction.get_connection().in_atomic_block and connection.vendor == "sqlite")
        return guarded(composed, own)

    monkeypatch.setattr(Composed, "values_for", values_for)
    work(ready(2, 2, subject="For ${who}", common_values={"who": "you"}), turns=1)

    assert held == [False, False]
