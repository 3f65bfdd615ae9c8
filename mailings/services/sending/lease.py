"""Lease that gives a mailing to one worker at a time."""

from datetime import datetime, timedelta
from typing import Final

from celery import current_app
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from mailings import limits
from mailings.models import Mailing, MailingRun, MailingState, Part, PartState
from workspace.models import Edition
from workspace.services.books import books

TASK = "mailings.tasks.run_mailing"
LONGEST_WAIT: Final = timedelta(seconds=limits.LONGEST_WAIT_SECONDS)
_WAITS_SHORTLY: Final = (
    MailingState.FREEZING,
    MailingState.HELD,
    MailingState.SENDING,
    MailingState.PAUSED,
    MailingState.UNKNOWN,
    MailingState.ACCEPTED,
)


class MailingLostError(Exception):
    """Another worker has the mailing: nothing more may be written for it."""


def claim(mailing_id: int) -> MailingRun | None:
    """Take the mailing for this worker, or None when there is nothing to do, or another has it."""
    now = timezone.now()
    with transaction.atomic():
        taken = _due(now).filter(mailing=mailing_id)
        if not taken.update(attempt=F("attempt") + 1, lease_until=now + _lease(), next_at=None):
            return None
        return MailingRun.objects.select_related("mailing__book").get(mailing=mailing_id)


def locked(run: MailingRun) -> tuple[Mailing, Edition]:
    """The mailing as it is now, under the lock of its book to the end of the transaction.

    Raises MailingLostError. Extends the lease: whoever writes is alive.
    """
    edition = books.lock(run.mailing.book)
    own = MailingRun.objects.filter(pk=run.pk, attempt=run.attempt)
    if not own.update(lease_until=timezone.now() + _lease()):
        raise MailingLostError(f"{run}, attempt {run.attempt}")
    return Mailing.objects.select_related("book", "sender").get(pk=run.mailing_id), edition


def owned_part(run: MailingRun, part_id: int) -> Part:
    """Under the same lock."""
    return Part.objects.get(pk=part_id, mailing=run.mailing_id)


def keep_told(run: MailingRun, word: str) -> bool:
    """Keep of what state people were told; False when another worker has the mailing."""
    return bool(MailingRun.objects.filter(pk=run.pk, attempt=run.attempt).update(told=word))


def release(run: MailingRun, *, next_at: datetime | None) -> None:
    """Release the mailing until `next_at`, keeping requests that people made while it was leased."""
    own = MailingRun.objects.filter(pk=run.pk, attempt=run.attempt)
    with transaction.atomic():
        row = own.select_for_update().first()
        if row is None:
            return
        row.lease_until = None
        row.next_at = min(moment for moment in (row.next_at, next_at) if moment) if row.next_at or next_at else None
        row.save(update_fields=["lease_until", "next_at"])
        if row.next_at and row.next_at <= timezone.now():
            transaction.on_commit(lambda: announce(run.mailing_id))


def wake(mailing: Mailing, *, at: datetime | None = None) -> None:
    """Have a worker look at the mailing, in the transaction of what it should see."""
    moment = at or timezone.now()
    run, made = MailingRun.objects.get_or_create(mailing=mailing, defaults={"next_at": moment})
    if not made and (run.next_at is None or run.next_at > moment):
        run.next_at = moment
        run.save(update_fields=["next_at"])
    # What comes of it is news again, though it may be the same as before.
    MailingRun.objects.filter(pk=run.pk).exclude(told="").update(told="")
    if moment <= timezone.now():
        transaction.on_commit(lambda: announce(mailing.pk))


def announce(mailing_id: int) -> None:
    """Tell the workers to look. A broker that is down is no error: `wake_due` announces it again."""
    try:
        current_app.send_task(TASK, args=[mailing_id], retry=False)
    except Exception:
        return


def is_due(mailing_id: int) -> bool:
    return _due(timezone.now()).filter(mailing=mailing_id).exists()


def wake_due() -> int:
    """Announce the mailings that a worker should look at. Harmless when two run at once."""
    ids = list(_due(timezone.now()).values_list("mailing", flat=True))
    for mailing_id in ids:
        announce(mailing_id)
    return len(ids)


def parts_left_calling(run: MailingRun) -> QuerySet[Part]:
    """Parts whose worker died between the call and its answer; their result is unknown."""
    return Part.objects.filter(mailing=run.mailing_id, state=PartState.CALLING)


def _lease() -> timedelta:
    return timedelta(seconds=limits.MAILING_LEASE_SECONDS)


def _due(now: datetime) -> QuerySet[MailingRun]:
    # A lease further ahead than any that is given comes from before the server's clock was set back.
    impossible = now + 2 * _lease()
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now) | Q(lease_until__gt=impossible)
    # While a worker is at it, `next_at` is None unless a person has acted; after a crash only the lease tells.
    due = Q(next_at__lte=now) | Q(next_at__isnull=True, lease_until__isnull=False)
    # A next look further ahead than any wait comes from that clock as well; only what is scheduled waits longer.
    due |= Q(next_at__gt=now + LONGEST_WAIT, mailing__state__in=_WAITS_SHORTLY)
    return MailingRun.objects.filter(free, due)
