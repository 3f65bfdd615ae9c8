"""Unsubscribes: registered and removed in our ledger first, which holds from that moment on; the service is told later.

A removed one keeps its row, with the moment of the removal, until the service was told of that as well.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from addressbook.models import Upload
from addressbook.services.addresses import registration
from addressbook.services.addresses.registration import NoAddressesError, TooManyAddressesError
from addressbook.services.uploads import sql
from libraries.email_addresses import EmailAddress
from mailings import actions
from mailings.models import Suppression
from mailings.services.rules import require_role
from mailings.services.suppressions import telling
from workspace.models import AddressBook, Role
from workspace.services.books import books
from workspace.services.history.audit import Actor, record
from workspace.services.work.submissions import Submitted

__all__ = ["NoAddressesError", "NoReasonError", "TooManyAddressesError", "register_typed", "remove_typed"]

# Rows of one statement.
_AT_ONCE = 1_000

# One statement for a batch: with a model a row, a thousand take half a second of the lock. One that was removed holds
# again, with the values of now.
_REGISTER: Final = {
    vendor: f"""
        INSERT INTO mailings_suppression
            (book_id, kind, email, key, source, by_admin, added_by, origin_id, result_code, since)
        SELECT %s, 'unsubscribed', entry.email, entry.key, %s, true, %s, %s, '', %s FROM {pairs} WHERE true
        ON CONFLICT (book_id, kind, key) DO UPDATE SET
            source = excluded.source, by_admin = true, added_by = excluded.added_by, origin_id = excluded.origin_id,
            result_code = '', mailing_id = NULL, since = excluded.since, until = NULL, told_at = NULL
        WHERE mailings_suppression.until IS NOT NULL
        RETURNING id
    """  # noqa: S608 - nothing but our own text
    for vendor, pairs in sql.PAIRS.items()
}


class NoReasonError(Exception):
    """Whoever refused is sent advertising again only because of something, and that has to be said."""


@dataclass(frozen=True, slots=True)
class Registered:
    """entries = registered + already_there + doubled + invalid."""

    registered: int
    already_there: int
    doubled: int
    invalid: int


@dataclass(frozen=True, slots=True)
class Removed:
    """entries = removed + not_there + doubled + invalid."""

    removed: int
    not_there: int
    doubled: int
    invalid: int


def register_typed(*, book: AddressBook, text: str, token: UUID, by: Actor) -> Registered:
    """Register what is valid in `text`. Raises NoAddressesError, TooManyAddressesError or NotAllowedError."""
    found = registration.sort(text)
    if not found.entry_count:
        raise NoAddressesError
    submitted = Submitted(by, token, "unsubscribe", text, book)
    with transaction.atomic():
        books.lock(book)
        require_role(book, by, Role.MANAGER)
        if earlier := submitted.earlier_outcome():
            return Registered(**earlier)
        count = insert(book, found.addresses, Suppression.Source.TYPED, added_by=by.user.get_username())
        report = Registered(count, len(found.addresses) - count, len(found.doubled), len(found.invalid))
        record(by=by, action=actions.REGISTER_UNSUBSCRIBES, book=book, detail=asdict(report))
        submitted.remember(asdict(report))
    return report


def remove_typed(*, book: AddressBook, text: str, reason: str, token: UUID, by: Actor) -> Removed:
    """Remove the unsubscribes of the addresses in `text`; the reason stays in the history.

    Raises NoReasonError, NoAddressesError, TooManyAddressesError or NotAllowedError.
    """
    if not (reason := " ".join(reason.split())):
        raise NoReasonError
    found = registration.sort(text)
    if not found.entry_count:
        raise NoAddressesError
    submitted = Submitted(by, token, "remove_unsubscribe", [text, reason], book)
    with transaction.atomic():
        books.lock(book)
        require_role(book, by, Role.MANAGER)
        if earlier := submitted.earlier_outcome():
            return Removed(**earlier)
        count = end(book, [address.key for address in found.addresses])
        report = Removed(count, len(found.addresses) - count, len(found.doubled), len(found.invalid))
        record(by=by, action=actions.REMOVE_UNSUBSCRIBES, book=book, detail=asdict(report), reason=reason)
        submitted.remember(asdict(report))
    return report


def insert(
    book: AddressBook,
    addresses: Sequence[EmailAddress],
    source: Suppression.Source,
    *,
    added_by: str,
    origin: Upload | None = None,
) -> int:
    """Add those that are not in the ledger; how many. Under the lock of the book."""
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    values = [book.pk, source, added_by, origin.pk if origin else None, now]
    # The first that was typed is the newest, and so on top of the list as it was on top of the field.
    pairs = [(address.text, address.key) for address in reversed(addresses)]
    added = 0
    others = Suppression.objects.unsubscribed().filter(book=book, origin__isnull=False)
    if origin is not None:
        others = others.exclude(origin=origin)
    for start in range(0, len(pairs), _AT_ONCE):
        some = pairs[start : start + _AT_ONCE]
        # Who refuses a second time does so whatever becomes of the list that had them first.
        others.filter(key__among=[key for _email, key in some]).update(origin=None)
        added += len(sql.inserted(_REGISTER[connection.vendor], [*values, *sql.pairs_passed(some)]))
    if added:
        telling.wake(book)
    return added


def end(book: AddressBook, keys: Sequence[str]) -> int:
    """Remove those that are in the ledger; how many. Under the lock of the book."""
    rows = Suppression.objects.unsubscribed().filter(book=book, key__in=keys)
    count = rows.update(until=timezone.now(), told_at=None, result_code="")
    if count:
        telling.wake(book)
    return count
