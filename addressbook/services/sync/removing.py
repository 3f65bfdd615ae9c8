"""Removing: the deletions that wait, those of one kind together. They take effect at once, and may be repeated."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from addressbook import limits
from addressbook.models import BookSync, Group, Removal
from addressbook.services.sync import failures
from libraries import outbound_mailer
from libraries.outbound_mailer import AddressBookCounts
from workspace.models import Edition


@dataclass(frozen=True)
class Remove:
    """One call for one or several rows of a kind."""

    kind: Removal.Kind
    group_name: str
    row_ids: tuple[int, ...]
    addresses: tuple[str, ...] = field(repr=False)

    def call(self, client: outbound_mailer.MailerClient) -> AddressBookCounts:
        """The counts afterwards."""
        operations = client.address_book
        if self.kind == Removal.Kind.RESET:
            operations.delete()
            return AddressBookCounts(total_address_count=0)
        if self.kind == Removal.Kind.ADDRESSES:
            return operations.delete_addresses(self.addresses)
        if self.kind == Removal.Kind.MEMBERS:
            return operations.delete_group_relation(self.group_name, self.addresses)
        return operations.delete_group(self.group_name)


def urgent(sync: BookSync, edition: Edition) -> Remove | None:
    """What has to go before anything is added.

    A deferred one is urgent as soon as a group here has its name: what is added to that must not go with it.
    """
    same_name = Group.objects.filter(edition=edition, name=OuterRef("group_name"))
    return _next(sync, Q(is_deferred=False) | Q(Exists(same_name)))


def deferred(sync: BookSync) -> Remove | None:
    """What goes once everything that was to be added has landed."""
    return _next(sync, Q(is_deferred=True))


def _next(sync: BookSync, condition: Q) -> Remove | None:
    waiting = Removal.objects.waiting().filter(condition, book=sync.book).order_by("pk")
    first = waiting.first()
    if first is None:
        return None
    rows = [first]
    if first.addresses and not first.is_alone:
        alike = waiting.filter(kind=first.kind, group_name=first.group_name, is_alone=False, pk__gt=first.pk)
        room = limits.SYNC_ROWS_PER_CALL - len(first.addresses)
        for row in alike[: limits.SYNC_ROWS_PER_CALL]:
            room -= len(row.addresses)
            if room < 0:
                break
            rows.append(row)
    return Remove(
        kind=Removal.Kind(first.kind),
        group_name=first.group_name,
        row_ids=tuple(row.pk for row in rows),
        addresses=tuple(address for row in rows for address in row.addresses),
    )


def note_done(sync: BookSync, remove: Remove, counts: AddressBookCounts | None) -> None:
    failures.note_success(sync)
    Removal.objects.filter(book=sync.book, pk__in=remove.row_ids).delete()
    if remove.group_name and remove.group_name == sync.temporary_group:
        sync.temporary_group = ""
    if counts is not None:
        sync.expected_weight = weight_of(counts)


def note_failed(sync: BookSync, remove: Remove, error: failures.Failure, now: datetime) -> None:
    """Nothing is lost by repeating a removal, so that an unknown outcome is one more reason to repeat it."""
    if not failures.is_refusal(error):
        failures.note(sync, error, now)
        return
    rows = Removal.objects.filter(book=sync.book, pk__in=remove.row_ids)
    if len(remove.addresses) > 1:
        if rows.exists():
            rows.delete()
            _halve(sync, remove)
    elif is_already_done(error):
        note_done(sync, remove, None)
    else:
        rows.update(refused=failures.sentence(error))


def remove_later(sync: BookSync, group_name: str) -> None:
    """A temporary group is to go once everything has landed; its addresses stay."""
    Removal.objects.create(
        book=sync.book, kind=Removal.Kind.GROUP, group_name=group_name, is_deferred=True, created_at=timezone.now()
    )


def is_already_done(error: failures.Failure) -> bool:
    return isinstance(error, outbound_mailer.PermanentError) and error.does_not_exist


def weight_of(counts: AddressBookCounts) -> int:
    """Addresses, groups and members of groups in one number: whatever is added or removed, it changes by that."""
    return counts.total_address_count + len(counts.groups) + sum(group.address_count for group in counts.groups)


def _halve(sync: BookSync, remove: Remove) -> None:
    """The service did none of them: one is refused or missing, and the answer does not say which."""
    middle = len(remove.addresses) // 2
    for part in (remove.addresses[:middle], remove.addresses[middle:]):
        Removal.objects.create(
            book=sync.book,
            kind=remove.kind,
            group_name=remove.group_name,
            addresses=part,
            is_alone=True,
            created_at=timezone.now(),
        )
