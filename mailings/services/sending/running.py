"""A worker's turn at a mailing: steps until there is nothing to do now, or until others should have their turn."""

import logging
import time
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Min
from django.utils import timezone

from libraries.outbound_mailer import MailerClient
from mailings import limits
from mailings.models import Mailing, MailingRun, MailingState, Part, PartState
from mailings.services.sending import calling, following, freezing, lease, looking, notices
from mailings.services.sending.progress import waits_for_another
from workspace.services.books.connection import NotConnectedError, client_for

logger = logging.getLogger(__name__)

_ANOTHER_IS_SENDING = timedelta(seconds=5)


def run(mailing_id: int) -> None:
    """Work on the mailing, if it is due and nobody else does. Raises MailingLostError when another took it over."""
    claimed = lease.claim(mailing_id)
    if claimed is None:
        return
    # After an exception too: a defect must not hold the mailing for longer than this.
    next_at: datetime | None = timezone.now() + timedelta(seconds=limits.CALL_PAUSE_LONGEST_SECONDS)
    try:
        next_at = _take_turn(claimed)
        notices.tell(claimed)
    finally:
        lease.release(claimed, next_at=next_at)


def _take_turn(run: MailingRun) -> datetime | None:
    """When somebody has to look again; None when that is up to a person."""
    _bear_a_clock_set_back(run)
    looking.find_left_calling(run)
    mailing = Mailing.objects.get(pk=run.mailing_id)
    if mailing.is_draft:
        freezing.clear(run)
        return None
    if mailing.state == MailingState.FREEZING:
        freezing.freeze(run)
        return None  # it says itself when it goes on
    if mailing.state == MailingState.DRAFT:
        freezing.clear(run)
        return None
    if (waits_until := _begin_if_due(run)) is not None:
        return waits_until
    if not _has_work(run):
        return _settle(run)
    try:
        with client_for(mailing.book) as client:
            return _work(run, client)
    except NotConnectedError as error:
        _pause(run, error.obstacle.value)
        return None
    except calling.ContentChangedError:
        logger.exception("%s is not what was confirmed and is not sent", run)
        _pause(run, "content_changed")
        return None


def _bear_a_clock_set_back(run: MailingRun) -> None:
    """Shorten what would be waited for until the time before comes again. Raises MailingLostError."""
    now = timezone.now()
    beyond = now + lease.LONGEST_WAIT
    own = Part.objects.filter(mailing=run.mailing_id)
    looks = own.filter(next_look_at__gt=beyond, state__in=[PartState.UNKNOWN, PartState.ACCEPTED])
    calls = own.filter(not_before__gt=beyond)
    holds = Mailing.objects.filter(pk=run.mailing_id, state=MailingState.HELD, held_until__gt=beyond)
    if not (looks.exists() or calls.exists() or holds.exists()):
        return
    with transaction.atomic():
        lease.locked(run)
        looks.update(next_look_at=now)
        calls.update(not_before=None)
        # It can still be undone for as long as was promised.
        holds.update(held_until=now + timedelta(seconds=limits.HELD_SECONDS))


def _work(run: MailingRun, client: MailerClient) -> datetime | None:
    end = time.monotonic() + limits.MAILING_TURN_SECONDS
    while time.monotonic() < end:
        stepped = looking.look_for_next(run, client) or following.follow_next(run, client)
        if not waits_for_another(run.mailing_id):
            stepped = calling.call_next(run, client) or stepped
        if not stepped:
            return _settle(run)
    return timezone.now()


def _begin_if_due(run: MailingRun) -> datetime | None:
    """Begin to send when its time has come, and only if it is not too late; else when it will have come."""
    with transaction.atomic():
        mailing, _edition = lease.locked(run)
        now = timezone.now()
        if mailing.state not in (MailingState.HELD, MailingState.SCHEDULED):
            return None
        due = mailing.held_until if mailing.state == MailingState.HELD else mailing.send_at
        if due is not None and now < due:
            return due
        late = timedelta(minutes=limits.MISSED_AFTER_MINUTES)
        if due is not None and now > due + late:
            mailing.state = MailingState.MISSED
            mailing.reason = {"code": "missed"}
        else:
            mailing.state = MailingState.SENDING
            mailing.began_at = now
        mailing.save(update_fields=["state", "began_at", "reason"])
    return None


def _has_work(run: MailingRun) -> bool:
    open_states = (PartState.WAITING, PartState.UNKNOWN, PartState.ACCEPTED)
    return Part.objects.filter(mailing=run.mailing_id, state__in=open_states).exists()


def _settle(run: MailingRun) -> datetime | None:
    """Say where the mailing stands now that nothing can be done at once; when to look again."""
    with transaction.atomic():
        mailing, _edition = lease.locked(run)
        before = mailing.state, mailing.done_at
        _move_on(mailing)
        if (mailing.state, mailing.done_at) != before:
            mailing.save(update_fields=["state", "accepted_at", "done_at", "reason"])
    return _next_at(mailing)


def _move_on(mailing: Mailing) -> None:
    now = timezone.now()
    states = set(Part.objects.filter(mailing=mailing).values_list("state", flat=True))
    is_called = not states & {PartState.WAITING, PartState.CALLING}
    under_way = (MailingState.SENDING, MailingState.UNKNOWN)
    # Paused during the last call: there is nothing left to go on with.
    is_over = mailing.state == MailingState.PAUSED and PartState.REFUSED not in states
    if not is_called:
        _ask_about_unanswered(mailing)
    if (mailing.state in under_way or is_over) and is_called:
        mailing.reason = {}
        if PartState.UNKNOWN in states:
            mailing.state = MailingState.UNKNOWN
        elif PartState.REFUSED in states:
            mailing.state, mailing.reason = MailingState.PAUSED, {"code": "refused"}
        else:
            mailing.state = MailingState.ACCEPTED
            mailing.accepted_at = mailing.accepted_at or now
    if mailing.state == MailingState.ACCEPTED and states <= {PartState.DONE, PartState.CANCELLED}:
        mailing.state, mailing.done_at = MailingState.SENT, now
    if mailing.state == MailingState.STOPPED and states <= {PartState.DONE, PartState.CANCELLED}:
        mailing.done_at = mailing.done_at or now


def _ask_about_unanswered(mailing: Mailing) -> None:
    """Pause where no call is made before people have decided on parts, so that other mailings are not held up."""
    looked_for = Part.objects.filter(mailing=mailing, state=PartState.UNKNOWN, next_look_at__isnull=False)
    waits = calling.waits_for_unknown(mailing.pk)
    if mailing.state == MailingState.SENDING and waits and not looked_for.exists():
        mailing.state, mailing.reason = MailingState.PAUSED, {"code": "unanswered"}
    elif mailing.state == MailingState.PAUSED and mailing.reason.get("code") == "unanswered" and not waits:
        mailing.state, mailing.reason = MailingState.SENDING, {}


def _next_at(mailing: Mailing) -> datetime | None:
    moments = [looking.next_look_at(mailing.pk), following.next_look_at(mailing.pk)]
    if mailing.state == MailingState.SENDING:
        waiting = Part.objects.filter(mailing=mailing, state=PartState.WAITING)
        now = timezone.now()
        later = waiting.filter(not_before__gt=now)
        if waiting.exists() and not calling.waits_for_unknown(mailing.pk):
            # What could be called by now waits for another mailing of the book.
            first = later.aggregate(first=Min("not_before"))["first"]
            moments.append(first if later.count() == waiting.count() else now + _ANOTHER_IS_SENDING)
    known = [moment for moment in moments if moment is not None]
    return min(known) if known else None


def _pause(run: MailingRun, code: str) -> None:
    with transaction.atomic():
        mailing, _edition = lease.locked(run)
        calling.pause(mailing, {"code": code})
        mailing.save(update_fields=["state", "reason"])
