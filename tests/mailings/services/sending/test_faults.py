"""Every fault of the service, at every call of a mailing: nobody gets it twice, and the numbers say what is true."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from libraries.outbound_mailer.simulator import Fault, FaultKind, Outcome
from mailings import limits
from mailings.models import MailingState, Part, PartState
from mailings.services import attachments
from mailings.services.sending import confirming
from tests.mailings.services.sending.delivered import deliveries, mails_of
from tests.mailings.services.sending.lives import assert_sound, states_of_parts

pytestmark = pytest.mark.django_db(transaction=True)

SENT, HELD, PAUSED, UNKNOWN = (state.value for state in (
    MailingState.SENT, MailingState.HELD, MailingState.PAUSED, MailingState.UNKNOWN
))  # fmt: skip
# What the service has not taken, and what the console knows of that.
TAKEN_UNKNOWN = {FaultKind.ENDPOINT_TIMEOUT, FaultKind.RUBBISH, FaultKind.CUT_AFTER, FaultKind.CUT_IN_ANSWER}
NOT_TAKEN_UNKNOWN = {
    FaultKind.UNEXPECTED_ERROR,
    FaultKind.INTERNAL_ERROR,
    FaultKind.EMPTY_ERROR,
    FaultKind.HTML_ERROR,
    FaultKind.REDIRECT,
    FaultKind.CUT_BEFORE,
    FaultKind.STALLED,
    # The gateway says that nothing reached the service; a second mail would be worse than a question.
    FaultKind.ENDPOINT_ERROR,
}
LATER = {
    FaultKind.THROTTLE_LIMITED,
    FaultKind.RATE_LIMITED,
    FaultKind.TOO_LARGE,
    # Here they take no time; `test_any_mailing` has calls that run into their time-outs.
    FaultKind.SLOW,
    FaultKind.DRIPPED,
}
A_PERSON = {
    FaultKind.CLOCK_SKEW: "clock_skew",
    FaultKind.NOT_SUBSCRIBED: "not_subscribed",
    FaultKind.RETIRED: "retired",
    FaultKind.QUOTA_EXCEEDED: "quota",
}


def everybody_once(count: int) -> dict[str, int]:
    return {f"r{number}@example.com": 1 for number in range(count)}


def fault(kind: FaultKind, operation: str | None, **fields) -> Fault:
    seconds = 7200.0 if kind is FaultKind.CLOCK_SKEW else 0.0
    return Fault(kind=kind, operation=operation, seconds=seconds, **fields)


def test_every_fault_has_its_place() -> None:
    assert set(FaultKind) == TAKEN_UNKNOWN | NOT_TAKEN_UNKNOWN | LATER | set(A_PERSON)


@pytest.mark.parametrize("kind", FaultKind)
def test_a_fault_at_the_call_of_a_part(kind, ready, work, practice, book, by) -> None:
    mailing = work(ready(7, 3), stop_at=(HELD,))
    practice.faults.switch_on(fault(kind, "createMailRequest", skip=1))

    mailing = work(mailing)

    assert_sound(mailing, practice)
    if kind in NOT_TAKEN_UNKNOWN:
        # The others have gone; only a person may have this one called again.
        assert (mailing.state, mailing.sent, mailing.unknown) == (UNKNOWN, 4, 3)
        part = mailing.parts.get(state=PartState.UNKNOWN)
        confirming.send_part(book=book, mailing_id=mailing.pk, part_id=part.pk, seen_attempts=part.attempts, by=by)
        mailing = work(mailing)
    elif kind in A_PERSON:
        assert (mailing.state, mailing.reason["code"]) == (PAUSED, A_PERSON[kind])
        assert (mailing.sent, mailing.open) == (3, 4)
        confirming.resume(book=book, mailing_id=mailing.pk, by=by)
        mailing = work(mailing)
    assert (mailing.state, mailing.sent) == (SENT, 7)
    assert deliveries(practice, book) == everybody_once(7)
    assert_sound(mailing, practice)


@pytest.mark.parametrize("operation", ["getMailRequestStatus", "getMailList", "getMail", "getMailRequestList"])
@pytest.mark.parametrize("kind", FaultKind)
def test_a_fault_at_a_reading_is_asked_again(kind, operation, ready, work, practice, book) -> None:
    practice.outcomes.set(Outcome(pattern="r1@*", status="F", code="SMTP_ERROR"))
    mailing = work(ready(4, 2), stop_at=(HELD,))
    # Both are needed: to look for a part, and to read who was not reached.
    practice.faults.switch_on(fault(FaultKind.CUT_AFTER, "createMailRequest"))
    practice.faults.switch_on(fault(kind, operation, times=2))

    mailing = work(mailing)

    assert (mailing.state, mailing.sent, mailing.failed) == (SENT, 3, 1)
    assert_sound(mailing, practice)


def test_the_service_says_when_to_come_again(ready, work, practice, book) -> None:
    mailing = work(ready(6, 2), stop_at=(HELD,))
    practice.faults.switch_on(fault(FaultKind.RATE_LIMITED, "createMailRequest", retry_after="90"))
    began = timezone.now()

    work(mailing, turns=1)

    # No other part is tried in the meantime either.
    assert len(practice.log.requests("createMailRequest")) == 1
    moments = list(mailing.parts.values_list("not_before", flat=True))
    assert all(moment >= began + timedelta(seconds=90) for moment in moments)
    mailing.run.refresh_from_db()
    assert mailing.run.next_at >= began + timedelta(seconds=90)
    assert work(mailing).state == SENT
    assert deliveries(practice, book) == everybody_once(6)
    assert_sound(mailing, practice)


def test_an_outage_makes_one_part_unknown_and_not_all(ready, work, practice, book) -> None:
    mailing = work(ready(8, 2), stop_at=(HELD,))
    practice.faults.switch_on(fault(FaultKind.HTML_ERROR, None, times=None))

    mailing = work(mailing, turns=8)

    assert states_of_parts(mailing) == {PartState.UNKNOWN: 1, PartState.WAITING: 3}
    assert len(practice.log.requests("createMailRequest")) == 1
    practice.faults.clear()
    mailing = work(mailing)
    assert (mailing.state, mailing.sent, mailing.unknown) == (UNKNOWN, 6, 2)
    assert_sound(mailing, practice)


def test_several_parts_without_an_answer_are_asked_about_before_more_are_called(
    ready, work, practice, book, by, monkeypatch
) -> None:
    monkeypatch.setattr(limits, "UNKNOWN_PARTS_MOST", 2)
    mailing = work(ready(8, 2), stop_at=(HELD,))
    practice.faults.switch_on(fault(FaultKind.CUT_BEFORE, "createMailRequest", times=2))

    mailing = work(mailing)

    assert (mailing.state, mailing.reason["code"]) == (PAUSED, "unanswered")
    assert states_of_parts(mailing) == {PartState.UNKNOWN: 2, PartState.WAITING: 2}
    part = mailing.parts.filter(state=PartState.UNKNOWN).earliest("number")
    confirming.leave_out(book=book, mailing_id=mailing.pk, part_id=part.pk, seen_attempts=part.attempts, by=by)
    mailing = work(mailing)
    assert (mailing.state, mailing.sent, mailing.left_out, mailing.unknown) == (UNKNOWN, 4, 2, 2)
    assert_sound(mailing, practice)


def test_a_part_that_is_too_large_is_cut_until_it_passes(ready, work, practice, book) -> None:
    mailing = work(ready(8, 8), stop_at=(HELD,))
    practice.faults.switch_on(fault(FaultKind.TOO_LARGE, "createMailRequest", times=3))

    mailing = work(mailing)

    assert (mailing.state, mailing.sent) == (SENT, 8)
    assert mailing.parts.count() == 4
    assert deliveries(practice, book) == everybody_once(8)
    assert_sound(mailing, practice)


def test_one_recipient_that_is_too_large_is_refused(ready, work, practice, book, by) -> None:
    practice.settings = replace(practice.settings, max_body_bytes=10)
    mailing = work(ready(1, 1))

    assert (mailing.state, mailing.reason["code"]) == (PAUSED, "refused")
    assert states_of_parts(mailing) == {PartState.REFUSED: 1}
    part = mailing.parts.get()
    confirming.leave_out(book=book, mailing_id=mailing.pk, part_id=part.pk, seen_attempts=part.attempts, by=by)
    mailing = work(mailing)
    assert (mailing.state, mailing.left_out) == (SENT, 1)
    assert_sound(mailing, practice)


def test_refused_keys_pause_the_mailing(ready, work, practice, book, by, settings) -> None:
    mailing = work(ready(3, 2), stop_at=(HELD,))
    token, settings.SIMULATOR_TOKEN = settings.SIMULATOR_TOKEN, "another"

    mailing = work(mailing)

    assert (mailing.state, mailing.reason["code"], mailing.open) == (PAUSED, "keys_refused", 3)
    settings.SIMULATOR_TOKEN = token
    confirming.resume(book=book, mailing_id=mailing.pk, by=by)
    assert work(mailing).state == SENT
    assert deliveries(practice, book) == everybody_once(3)


@pytest.mark.parametrize("listed_after", [200.0, None])
def test_an_unknown_part_that_is_listed_late_or_never(listed_after, ready, work, practice, book, by) -> None:
    mailing = work(ready(3, 3), stop_at=(HELD,))
    practice.settings = replace(practice.settings, listing_delay_seconds=listed_after)
    practice.faults.switch_on(fault(FaultKind.ENDPOINT_TIMEOUT, "createMailRequest"))

    mailing = work(mailing)

    assert (mailing.state, mailing.unknown) == (UNKNOWN, 3)
    part = mailing.parts.get()
    assert (part.looks, part.next_look_at, part.attempts) == (4, None, 1)
    assert_sound(mailing, practice)
    if listed_after is not None:
        practice.clock.advance(listed_after)
        confirming.look_again(book=book, mailing_id=mailing.pk, part_id=part.pk, by=by)
        mailing = work(mailing)
        assert (mailing.state, mailing.sent) == (SENT, 3)
    assert deliveries(practice, book) == everybody_once(3)
    assert_sound(mailing, practice)


@pytest.fixture
def with_file(book, draft, by, file_store) -> None:
    from django.core.files.base import ContentFile

    attachments.add(book=book, mailing_id=draft.pk, file=ContentFile(b"hello"), name="a.txt", by=by)


def test_a_file_that_the_service_has_forgotten_is_uploaded_again(with_file, ready, work, practice, book) -> None:
    mailing = work(ready(4, 2), stop_at=(HELD,))
    mailing.attachments.update(file_id="1234567890123456789012345", uploaded_at=timezone.now())

    mailing = work(mailing)

    assert mailing.state == SENT
    assert len(practice.log.requests("createFile")) == 1
    assert {mail.attachments for mail in mails_of(practice, book)} == {("a.txt",)}
    assert deliveries(practice, book) == everybody_once(4)
    assert_sound(mailing, practice)


@pytest.mark.parametrize("kind", FaultKind)
def test_a_fault_at_an_upload_sends_nothing_and_splits_nothing(
    kind, with_file, ready, work, practice, book, by
) -> None:
    mailing = work(ready(4, 2), stop_at=(HELD,))
    practice.faults.switch_on(fault(kind, "createFile"))

    mailing = work(mailing)

    assert_sound(mailing, practice)
    assert mailing.parts.count() == 2
    if mailing.state == PAUSED:
        for part in mailing.parts.filter(state=PartState.REFUSED):
            confirming.send_part(book=book, mailing_id=mailing.pk, part_id=part.pk, seen_attempts=part.attempts, by=by)
        mailing.refresh_from_db()
        if mailing.state == PAUSED:
            confirming.resume(book=book, mailing_id=mailing.pk, by=by)
        mailing = work(mailing)
    assert (mailing.state, mailing.sent) == (SENT, 4)
    assert deliveries(practice, book) == everybody_once(4)


class WatchedOutcome(Outcome):
    """Asks in the thread of the service, while it works on the request."""

    seen: list = []

    def fits(self, address: str) -> bool:
        if not self.seen:
            self.seen.extend(Part.objects.values_list("state", "attempts", "marker", "called_at"))
            connection.close()
        return False


def test_the_mark_is_committed_when_the_service_gets_the_call(ready, work, practice) -> None:
    """The guard itself: a connection of its own must see it, or a crash would have the part called again."""
    WatchedOutcome.seen.clear()
    practice.outcomes.set(WatchedOutcome())

    work(ready(2, 2))

    ((state, attempts, marker, called_at),) = WatchedOutcome.seen
    assert (state, attempts) == (PartState.CALLING, 1)
    assert marker
    assert called_at is not None
