"""kill -9 at every crash point of freeze, call, look and follow: nobody gets it twice, and the numbers add up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from libraries.outbound_mailer.simulator import Fault, FaultKind, Outcome, Simulator
from mailings.models import Mailing, MailingRun, MailingState, Part, PartState
from mailings.services.sending import confirming, lease
from tests.mailings.services.sending.delivered import deliveries
from tests.mailings.services.sending.lives import assert_sound, confirm_in, take_turn
from tests.support.kill import Doom
from workspace.models import Region, Zone
from workspace.services.books import books

if TYPE_CHECKING:
    from workspace.services.history.audit import Actor

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]

COUNT, PART = 5, 2
EVERYBODY = {f"r{number}@example.com": 1 for number in range(COUNT)}
SENDING = MailingState.SENDING.value


@pytest.fixture
def doom(dooms: Doom, practice: Simulator, settings, tmp_path: Path) -> Callable[[int, Mailing], list[str]]:
    """A turn at the mailing in a process that is killed at the crash point (0: at none); the points that it reached."""

    def doom(fatal: int, mailing: Mailing) -> list[str]:
        return dooms.run(
            fatal,
            tmp_path,
            "tests.mailings.services.sending.doomed:work",
            mailing.pk,
            settings.SIMULATOR_PORT,
            settings.SIMULATOR_TOKEN,
            PART_RECIPIENTS=PART,
            FREEZE_BATCH_ROWS=2,
            RESULTS_PAGE_ROWS=1,
        )

    return doom


@pytest.fixture
def confirmed(by: Actor, practice: Simulator, monkeypatch) -> Callable[[], Mailing]:
    """A confirmed mailing in a book of its own."""
    from mailings import limits

    monkeypatch.setattr(limits, "PART_RECIPIENTS", PART)
    return lambda: confirm_in(books.create_book(name="Kill", zone=Zone.PUBLIC, region=Region.KR, by=by), COUNT, by)


def at(mailing: Mailing, phase: str, practice: Simulator) -> Mailing:
    """The mailing right before a turn that freezes, calls, looks, or follows; everything is due."""
    practice.faults.clear()
    practice.outcomes.clear()
    if phase == "freeze":
        return mailing
    practice.outcomes.set(Outcome(pattern="r1@*", status="F", code="ETC_ERROR"))
    take_turn(mailing)
    if phase in ("look", "follow"):
        for kind in [FaultKind.CUT_AFTER] if phase == "look" else []:
            practice.faults.switch_on(Fault(kind=kind, operation="createMailRequest", times=3))
        take_turn(mailing)
    past = timezone.now() - timedelta(seconds=1)
    Mailing.objects.filter(pk=mailing.pk, held_until__isnull=False).update(held_until=past)
    Part.objects.filter(mailing=mailing, next_look_at__isnull=False).update(next_look_at=past)
    MailingRun.objects.filter(mailing=mailing).update(next_at=past)
    return mailing


def go_on(mailing: Mailing) -> None:
    """Another worker, once the lease of the killed one has run out."""
    assert lease.claim(mailing.pk) is None
    MailingRun.objects.filter(mailing=mailing).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert lease.wake_due() >= 1
    for _ in range(20):
        if not take_turn(mailing):
            break
    mailing.refresh_from_db()


@pytest.mark.parametrize(
    ("phase", "prefix"), [("freeze", "freeze"), ("call", "call"), ("look", "look"), ("follow", "follow")]
)
def test_a_worker_killed_at_any_point(phase, prefix, confirmed, practice, doom, by) -> None:
    points = doom(0, at(confirmed(), phase, practice))
    own = [number for number, point in enumerate(points, start=1) if point.startswith(prefix)]
    assert own, points
    for fatal in own:
        mailing = at(confirmed(), phase, practice)
        where = f"{points[fatal - 1]} ({fatal})"
        doom(fatal, mailing)
        if phase != "freeze":
            assert_sound(mailing, practice)
        go_on(mailing)
        assert_sound(mailing, practice)
        # Called or not, nobody can know; a person who does not have it sent again gets nothing twice.
        if mailing.state == MailingState.UNKNOWN:
            assert points[fatal - 1] in ("call: marked", "call: before it"), where
            part = mailing.parts.get(state=PartState.UNKNOWN)
            confirming.send_part(
                book=mailing.book, mailing_id=mailing.pk, part_id=part.pk, seen_attempts=part.attempts, by=by
            )
            while take_turn(mailing):
                pass
        mailing.refresh_from_db()
        failed = 0 if phase == "freeze" else 1
        assert (mailing.state, mailing.sent, mailing.failed) == ("sent", COUNT - failed, failed), where
        assert_sound(mailing, practice)
        if not failed:
            assert deliveries(practice, mailing.book) == EVERYBODY, where


def test_without_the_mark_a_kill_would_send_twice(confirmed, practice, doom) -> None:
    """The ledger would see it: what a mark that is committed only after the call would leave behind is called again."""
    mailing = at(confirmed(), "call", practice)
    points = doom(0, at(confirmed(), "call", practice))
    doom(points.index("call: after the answer") + 1, mailing)
    part = mailing.parts.get(state=PartState.CALLING)
    assert part.marker

    Part.objects.filter(pk=part.pk).update(state=PartState.WAITING, marker=None, attempts=0)
    go_on(mailing)

    with pytest.raises(AssertionError, match="more than once"):
        assert_sound(mailing, practice)
