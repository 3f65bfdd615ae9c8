"""Reset: give the book a new, empty edition; takes the same time at any size. The undo is in `restoring`."""

from dataclasses import asdict, dataclass
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from addressbook import actions, limits
from addressbook.services.reset import editions, erasing
from addressbook.services.reset.editions import Contents
from addressbook.services.sync import outbox
from workspace.models import AddressBook, Edition
from workspace.services.books import books
from workspace.services.history.audit import Actor, record
from workspace.services.work import crash_points
from workspace.services.work.changing import changing
from workspace.services.work.submissions import Submitted


class NothingToResetError(Exception):
    """There is neither a group nor an address in the book."""


@dataclass(frozen=True, slots=True)
class Reset:
    """What went. `number` is that of the edition that was closed; `kept`: it can be brought back for a while."""

    number: int
    groups: int
    addresses: int
    kept: bool


def reset(*, book: AddressBook, seen: Contents, keep_copy: bool, token: UUID, by: Actor) -> Reset:
    """Take all groups and addresses out of the book: keep them for limits.RECOVERY_COPY_DAYS, or erase them at once.

    Raises ContentsChangedError when the book does not hold what the user saw, or NothingToResetError.
    """
    submitted = Submitted(by, token, "reset", [asdict(seen), keep_copy], book)
    with changing(book, by=by) as change:
        old = change.edition
        books.require_role(book, by)
        if earlier := submitted.earlier_outcome():
            return Reset(**earlier)
        gone = editions.require_seen(old, seen)
        if not gone.groups and not gone.addresses:
            raise NothingToResetError
        new = _new_edition(book)
        editions.open_instead(book, old, new, keep_copy=keep_copy)
        outbox.book_reset(new)
        if not keep_copy:
            erasing.start(old, by=by)
        crash_points.reached("reset: before the line")
        done = Reset(old.number, gone.groups, gone.addresses, keep_copy)
        detail = {"edition": old.number, "groups": gone.groups, "addresses": gone.addresses}
        days = limits.RECOVERY_COPY_DAYS if keep_copy else 0
        record(by=by, action=actions.RESET_BOOK, book=book, detail={**detail, "days_kept": days})
        submitted.remember(asdict(done))
        crash_points.reached("reset: before commit")
    return done


def _new_edition(book: AddressBook) -> Edition:
    AddressBook.objects.filter(pk=book.pk).update(last_edition_number=F("last_edition_number") + 1)
    book.refresh_from_db(fields=["last_edition_number"])
    return Edition.objects.create(book=book, number=book.last_edition_number, opened_at=timezone.now())
