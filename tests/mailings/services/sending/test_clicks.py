"""Clicks of people while the service does not do what it should."""

from collections import Counter
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from libraries.outbound_mailer.simulator import Fault, FaultKind
from mailings.models import Mailing, MailingState, MailRules, PartState
from mailings.services.sending import confirming, running
from mailings.services.sending.progress import waits_for_another
from tests.mailings.services.sending.delivered import deliveries
from tests.mailings.services.sending.lives import assert_sound
from workspace.models import AuditEvent
from workspace.services.history.audit import Actor

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults]

HELD, PAUSED = MailingState.HELD.value, MailingState.PAUSED.value


@pytest.mark.parametrize("kind", [FaultKind.RATE_LIMITED, FaultKind.TOO_LARGE, FaultKind.NOT_SUBSCRIBED])
def test_stopped_in_the_air_and_then_refused_is_not_called_again(
    kind, ready, work, practice, book, by, monkeypatch
) -> None:
    from workspace.services.work import crash_points

    mailing = work(ready(6, 2), stop_at=(HELD,))
    practice.faults.switch_on(Fault(kind=kind, operation="createMailRequest", skip=1))

    def stop(point: str) -> None:
        if point == "call: after a failure":
            confirming.stop(book=book, mailing_id=mailing.pk, by=by)

    monkeypatch.setattr(crash_points, "reached", stop)
    mailing = work(mailing)

    assert (mailing.state, mailing.sent, mailing.cancelled, mailing.open) == ("stopped", 2, 4, 0)
    assert mailing.done_at is not None
    assert len(practice.log.requests("createMailRequest")) == 2
    assert_sound(mailing, practice)


def test_a_decision_about_one_part_does_not_go_on_with_a_paused_mailing(ready, work, practice, book, by) -> None:
    mailing = work(ready(6, 2), stop_at=(HELD,))
    practice.faults.switch_on(Fault(kind=FaultKind.CUT_BEFORE, operation="createMailRequest"))
    practice.faults.switch_on(Fault(kind=FaultKind.NOT_SUBSCRIBED, operation="createMailRequest"))
    mailing = work(mailing)
    assert mailing.state == PAUSED

    part = mailing.parts.get(state=PartState.UNKNOWN)
    confirming.send_part(book=book, mailing_id=mailing.pk, part_id=part.pk, seen_attempts=part.attempts, by=by)

    assert work(mailing).state == PAUSED
    assert not deliveries(practice, book)
    assert_sound(mailing, practice)


def test_a_test_mail_does_not_wait_for_a_long_mailing(ready, work, practice, book) -> None:
    mailing = work(ready(4, 2), stop_at=(HELD,))
    practice.faults.switch_on(Fault(kind=FaultKind.RATE_LIMITED, operation="createMailRequest", retry_after="900"))
    work(mailing, turns=1)
    test = type(mailing).objects.get(pk=mailing.pk)
    test.pk, test.is_test, test.planned, test.open = None, True, 1, 1
    test.state = MailingState.SENDING
    test.save()
    test.recipients.create(number=1, email="me@example.com", key="me@example.com")
    test.parts.create(number=1, first=1, last=1)
    test.run = type(mailing.run).objects.create(mailing=test, next_at=timezone.now())

    running.run(test.pk)

    assert deliveries(practice, book) == {"me@example.com": 1}
    assert not waits_for_another(mailing.pk)


def test_a_part_that_two_people_send_again_is_called_once_more(ready, work, practice, book, by) -> None:
    """The second looks at a page from before the first decided, and the part is unknown again."""
    mailing = work(ready(2, 2), stop_at=(HELD,))
    practice.faults.switch_on(Fault(kind=FaultKind.CUT_BEFORE, operation="createMailRequest", times=2))
    mailing = work(mailing)
    part = mailing.parts.get()
    shown = {"book": book, "mailing_id": mailing.pk, "part_id": part.pk, "seen_attempts": part.attempts, "by": by}
    confirming.send_part(**shown)
    mailing = work(mailing)
    assert mailing.parts.get().state == PartState.UNKNOWN

    for act in (confirming.send_part, confirming.leave_out):
        with pytest.raises(confirming.ChangedMeanwhileError):
            act(**shown)

    assert work(mailing).unknown == 2
    assert len(practice.log.requests("createMailRequest")) == 2


@pytest.mark.parametrize("act", [confirming.approve, confirming.send_now])
def test_nothing_is_sent_that_nobody_has_seen(act, ready, work, practice, book, by, bob) -> None:
    """Undone, changed and confirmed again, while somebody still looks at what it was."""
    waits = "awaiting" if act is confirming.approve else "scheduled"
    MailRules.objects.create(book=book, second_person_from=1 if waits == "awaiting" else None)
    mailing = work(ready(2, 2, send_at=timezone.now() + timedelta(hours=1)), stop_at=(waits,))
    seen = mailing.version
    confirming.undo(book=book, mailing_id=mailing.pk, by=by)
    version = Mailing.objects.get(pk=mailing.pk).version
    again = {"seen_version": version, "seen_count": 2, "token": uuid4(), "by": by}
    confirming.confirm(book=book, mailing_id=mailing.pk, **again)
    mailing = work(mailing, stop_at=(waits,))

    with pytest.raises(confirming.ChangedMeanwhileError):
        act(book=book, mailing_id=mailing.pk, seen_version=seen, by=Actor(bob))

    act(book=book, mailing_id=mailing.pk, seen_version=mailing.version, by=Actor(bob))
    assert mailing.recipients.count() == 2


def test_a_second_click_does_nothing_and_is_no_error(ready, work, practice, book, by) -> None:
    mailing = ready(4, 2, send_at=timezone.now() + timedelta(hours=1))
    at = {"book": book, "mailing_id": mailing.pk, "by": by}
    for _ in range(2):
        confirming.undo(**at)
    assert work(mailing).state == MailingState.DRAFT
    assert not mailing.recipients.exists()

    again = {"seen_version": mailing.version, "seen_count": 4, "token": uuid4()}
    confirming.confirm(**at, **again)
    mailing = work(mailing, stop_at=("scheduled",))
    for _ in range(2):
        confirming.send_now(**at, seen_version=mailing.version)
    practice.faults.switch_on(Fault(kind=FaultKind.RATE_LIMITED, operation="createMailRequest"))
    mailing = work(mailing, turns=1)
    for act in (confirming.pause, confirming.pause, confirming.resume, confirming.resume):
        act(**at)
    assert Mailing.objects.get(pk=mailing.pk).state == MailingState.SENDING
    for _ in range(2):
        confirming.stop(**at)
    mailing = work(mailing)
    assert (mailing.state, mailing.cancelled) == ("stopped", 4)
    actions = Counter(AuditEvent.objects.filter(book_id=book.pk).values_list("action", flat=True))
    assert [actions[name] for name in ("return_mailing", "pause_mailing", "stop_mailing")] == [1, 1, 1]
    # That it is sent at once after all is told as going on, too.
    assert actions["resume_mailing"] == 2
