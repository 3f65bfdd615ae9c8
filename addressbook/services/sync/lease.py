"""Who works on a book: one worker at a time, so that there is never more than one call."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Least
from django.utils import timezone

from addressbook import limits
from addressbook.models import BookSync, Edition
from addressbook.services import books, remote

_LEFT_AT_LEAST_SECONDS: Final = limits.SYNC_LEASE_SECONDS - 20
_OF_THE_LEASE: Final = {"id", "book", "attempt", "lease_until", "next_look_at"}
# What the worker keeps. It holds the lock of the book from reading the row to writing it, as all who change these.
_STATE: Final = [field.name for field in BookSync._meta.concrete_fields if field.name not in _OF_THE_LEASE]


class SyncLostError(Exception):
    """Another worker has the book: nothing more may be written for it."""


def claim(book_id: int, now: datetime) -> BookSync | None:
    """Take the book for this worker, or None when there is nothing to do, or another has it."""
    with transaction.atomic():
        taken = (
            _due(now)
            .filter(book=book_id)
            .update(
                attempt=F("attempt") + 1,
                lease_until=now + timedelta(seconds=limits.SYNC_LEASE_SECONDS),
                # Whoever writes from now on sets it to an earlier time, and is seen at the end.
                next_look_at=now + timedelta(seconds=limits.SYNC_VERIFY_SECONDS),
            )
        )
        if not taken:
            return None
        # A creation that is on its way at this moment is one whose worker died.
        BookSync.objects.filter(book=book_id, is_calling=True).update(is_calling=False, is_doubtful=True)
        return BookSync.objects.select_related("book").get(book=book_id)


def locked(sync: BookSync) -> tuple[BookSync, Edition]:
    """The row and the current edition as they are now, under the lock of the book. Raises SyncLostError."""
    books.lock_alone(sync.book)
    rows = BookSync.objects.select_related("book__current_edition")
    row = rows.filter(pk=sync.pk, attempt=sync.attempt).first()
    if row is None or row.book.current_edition is None:
        raise SyncLostError(f"{sync}, attempt {sync.attempt}")
    return row, row.book.current_edition


def keep(sync: BookSync) -> None:
    """Write the state of a row that `locked` returned in this transaction."""
    sync.save(update_fields=_STATE)


def extend(sync: BookSync, now: datetime) -> None:
    """Not at every step; what is left is always enough for a call."""
    if sync.lease_until is None or sync.lease_until - now < timedelta(seconds=_LEFT_AT_LEAST_SECONDS):
        sync.lease_until = now + timedelta(seconds=limits.SYNC_LEASE_SECONDS)
        sync.save(update_fields=["lease_until"])


def release(sync: BookSync, *, now: datetime, look_at: datetime) -> None:
    """Let go of the book until `look_at`, or until the next act; somebody who wrote meanwhile is not forgotten."""
    own = BookSync.objects.filter(pk=sync.pk, attempt=sync.attempt)
    own.update(lease_until=None, next_look_at=Least(F("next_look_at"), look_at))
    if own.filter(next_look_at__lte=now, is_on=True, pause="").exists():
        remote.announce(sync.book_id)


def wake_due() -> int:
    """Announce the books that a worker should look at; returns how many. Harmless when two run at once."""
    book_ids = list(_due(timezone.now()).values_list("book", flat=True))
    for book_id in book_ids:
        remote.announce(book_id)
    return len(book_ids)


def _due(now: datetime) -> QuerySet[BookSync]:
    # Times further ahead than any that is ever set come from before the server's clock was set back.
    lease_impossible = now + timedelta(seconds=2 * limits.SYNC_LEASE_SECONDS)
    look_impossible = now + timedelta(seconds=2 * limits.SYNC_VERIFY_SECONDS)
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now) | Q(lease_until__gt=lease_impossible)
    due = Q(next_look_at__isnull=True) | Q(next_look_at__lte=now) | Q(next_look_at__gt=look_impossible)
    return BookSync.objects.filter(free, due, is_on=True, pause="")
