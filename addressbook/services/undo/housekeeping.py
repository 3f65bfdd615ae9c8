"""What ends the life of undo records: their time, a person who is to be forgotten, the erasing of an edition."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from addressbook import limits
from addressbook.models import Job, UndoRecord
from addressbook.services.addresses.undo_log import UndoNotes
from workspace.models import AddressBook, Edition
from workspace.services.books import books


def sweep() -> int:
    """Remove the records of acts that can no longer be undone; returns how many.

    Harmless when two run at once, and cheap when there is nothing to do. The acts themselves stay: the history shows
    by them what was undone.
    """
    removed = 0
    while step := _sweep_step():
        removed += step
    return removed


def _sweep_step() -> int:
    busy = Job.objects.unfinished().filter(kind=Job.Kind.UNDO).values("edition")
    old = UndoRecord.objects.filter(act__undo_until__lt=timezone.now()).exclude(act__edition__in=busy)
    return _remove(list(old.values_list("pk", flat=True)[: limits.UNDO_RECORDS_PER_SWEEP_STEP]))


def erase_records(edition: Edition) -> int:
    """A step of services: remove some of the records of an edition; how many, and 0 when none are left.

    The caller is inside a transaction, and erases the edition itself afterwards.
    """
    records = UndoRecord.objects.filter(act__edition=edition)
    return _remove(list(records.values_list("pk", flat=True)[: limits.UNDO_RECORDS_PER_SWEEP_STEP]))


def _remove(ids: Collection[int]) -> int:
    deleted, _ = UndoRecord.objects.filter(pk__among=ids).delete()
    return deleted


@dataclass(frozen=True, slots=True)
class Forgotten:
    """`addresses` traces were removed; `after` is the record to go on after, None at the end."""

    addresses: int
    after: int | None


def forget(*, book: AddressBook, keys: Collection[str], after: int = 0) -> Forgotten:
    """Remove every trace of these addresses from the records of the book, closed editions too.

    Goes through a part of the records, in a transaction of its own or in that of the caller; call it again with
    `after` until that is None. Safe to repeat. Undoing an act does not bring back what was forgotten.
    """
    wanted = set(keys)
    with transaction.atomic():
        books.lock(book)
        records = UndoRecord.objects.filter(act__edition__book=book, holds_addresses=True, pk__gt=after).order_by("pk")
        part = list(records[: limits.UNDO_RECORDS_PER_FORGET_STEP])
        forgotten = sum(_forget_in(record, wanted) for record in part)
    return Forgotten(forgotten, part[-1].pk if part else None)


def _forget_in(record: UndoRecord, keys: set[str]) -> int:
    changes = UndoNotes.unpacked(record.payload)
    gone = {row[0] for row in changes.addresses_taken if (row[2] or row[1]) in keys}
    if gone:
        changes.addresses_taken = [row for row in changes.addresses_taken if row[0] not in gone]
        for group_id, rows in changes.memberships_taken.items():
            changes.memberships_taken[group_id] = [row for row in rows if row[1] not in gone]
        record.payload = changes.packed()
        record.save(update_fields=["payload"])
    return len(gone)
