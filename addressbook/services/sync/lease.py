"""Who works on a book: one worker at a time, so that there is never more than one call."""

from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Least
from django.utils import timezone

from addressbook import limits
from addressbook.models import BookSync
from addressbook.services.sync import outbox
from workspace.models import Edition
from workspace.services.work.changing import lock_alone

_LEFT_AT_LEAST_SECONDS: Final = limits.SYNC_LEASE_SECONDS - 20
_OF_THE_LEASE: Final = {"id", "book", "attempt", "lease_until", "next_look_at"}
# What the worker keeps. It holds the lock of the book from reading the row to writing it, as all who change these.
_STATE: Final = [field.name for field in BookSync._meta.concrete_fields if field.name not in _OF_THE_LEASE]
_LOCKED: Final = """SELECT sync.*, edition.id AS edition_id, edition.address_count AS edition_address_count,
    EXISTS (SELECT 1 FROM addressbook_removal WHERE book_id = sync.book_id AND refused = '') AS has_removals,
    EXISTS (SELECT 1 FROM addressbook_parkedentry WHERE book_id = sync.book_id) AS has_parked
    FROM addressbook_booksync AS sync
    JOIN addressbook_addressbook AS book ON book.id = sync.book_id
    JOIN addressbook_edition AS edition ON edition.id = book.current_edition_id
    WHERE sync.id = %s AND sync.attempt = %s"""


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
                # A later write sets an earlier time, which `release` sees.
                next_look_at=now + timedelta(seconds=limits.SYNC_VERIFY_SECONDS),
            )
        )
        if not taken:
            return None
        # A creation that is on its way at this moment is one whose worker died.
        BookSync.objects.filter(book=book_id, is_calling=True).update(is_calling=False, is_doubtful=True)
        return BookSync.objects.select_related("book").get(book=book_id)


class Locked(NamedTuple):
    """A claimed book as it is now. Of the edition there are the id, the book and the count of addresses."""

    sync: BookSync
    edition: Edition
    # Removals that the service has not refused.
    has_removals: bool
    has_parked: bool
    # Of `sync`, to know what of it is changed.
    before: dict[str, Any]


def locked(sync: BookSync) -> Locked:
    """The book as it is now, under its lock to the end of the transaction. Raises SyncLostError."""
    lock_alone(sync.book)
    # One fixed statement, since each call to the service waits for it.
    found = list(BookSync.objects.raw(_LOCKED, [sync.pk, sync.attempt]))
    if not found:
        raise SyncLostError(f"{sync}, attempt {sync.attempt}")
    (row,) = found
    row.book = sync.book
    beside = vars(row)
    values = [beside["edition_id"], row.book_id, beside["edition_address_count"]]
    edition = Edition.from_db(row._state.db, ["id", "book_id", "address_count"], values)
    before = {name: beside[name] for name in _STATE}
    return Locked(row, edition, bool(beside["has_removals"]), bool(beside["has_parked"]), before)


def keep(book: Locked) -> None:
    """Write what was changed of the state that `locked` returned in this transaction."""
    if changed := [name for name in _STATE if getattr(book.sync, name) != book.before[name]]:
        book.sync.save(update_fields=changed)


def extend(sync: BookSync, now: datetime) -> None:
    """Not at every step; what is left is always enough for a call."""
    if sync.lease_until is None or sync.lease_until - now < timedelta(seconds=_LEFT_AT_LEAST_SECONDS):
        sync.lease_until = now + timedelta(seconds=limits.SYNC_LEASE_SECONDS)
        sync.save(update_fields=["lease_until"])


def release(sync: BookSync, *, now: datetime, look_at: datetime) -> None:
    """Release the book until `look_at` or the next change; announces it again if a change came during the turn."""
    own = BookSync.objects.filter(pk=sync.pk, attempt=sync.attempt)
    own.update(lease_until=None, next_look_at=Least(F("next_look_at"), look_at))
    if own.filter(next_look_at__lte=now, is_on=True, pause="").exists():
        outbox.announce(sync.book_id)


def wake_due() -> int:
    """Announce the books that a worker should look at; returns how many. Harmless when two run at once."""
    book_ids = list(_due(timezone.now()).values_list("book", flat=True))
    for book_id in book_ids:
        outbox.announce(book_id)
    return len(book_ids)


def _due(now: datetime) -> QuerySet[BookSync]:
    # Times further ahead than any that is ever set come from before the server's clock was set back.
    lease_impossible = now + timedelta(seconds=2 * limits.SYNC_LEASE_SECONDS)
    look_impossible = now + timedelta(seconds=2 * limits.SYNC_VERIFY_SECONDS)
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now) | Q(lease_until__gt=lease_impossible)
    due = Q(next_look_at__isnull=True) | Q(next_look_at__lte=now) | Q(next_look_at__gt=look_impossible)
    return BookSync.objects.filter(free, due, is_on=True, pause="")
