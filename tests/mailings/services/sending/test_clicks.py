"""Clicks of people while the service does not do what it should."""

import pytest
from django.utils import timezone

from libraries.outbound_mailer.simulator import Fault, FaultKind
from mailings.models import MailingState, PartState
from mailings.services.sending import confirming, running
from tests.mailings.services.sending.delivered import deliveries
from tests.mailings.services.sending.lives import assert_sound

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
    confirming.send_part(book=book, mailing_id=mailing.pk, part_id=part.pk, by=by)

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
    assert not running._another_is_sending(mailing.run)
