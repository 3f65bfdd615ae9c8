"""The state of a book's sync, for pages."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone

from addressbook import limits
from addressbook.models import Address, BookSync, Group, Membership, ParkedEntry, Pause, Removal
from addressbook.models.sync import ALL_SENT, NOT_BEGUN
from workspace.models import AddressBook, Edition


class State(StrEnum):
    OFF = "off"
    PAUSED = "paused"  # `pause` says why; no call is made
    WAITING = "waiting"  # the service cannot answer now; again at `next_try_at`
    SENDING = "sending"  # there is something to send or to remove
    LANDING = "landing"  # what was sent has still to be seen there, before anything else can be done
    IN_SYNC = "in_sync"  # every count was equal at `at`
    SETTLED = "settled"  # all of ours was there at `at`; the remote book held more before, so equality cannot be known
    DIFFERS = "differs"  # the counts were different at `at`


@dataclass(frozen=True, slots=True)
class Difference:
    """A count that is not the same on both sides; `group` None: of the whole book. A None count: no such group."""

    group: str | None
    ours: int | None
    theirs: int | None


@dataclass(frozen=True, slots=True)
class Parked:
    """What the service refuses for good, and what it said: an address (as a member of `groups`), or a group.

    `address_id` is None for a deletion: that address is not in the book any more.
    """

    reason: str
    address: str | None = field(default=None, repr=False)
    address_id: int | None = None
    groups: tuple[str, ...] = ()
    is_removal: bool = False


@dataclass(frozen=True, slots=True)
class Status:
    """`sent` of `total` entries in this run; `removals_waiting` calls that delete. Lists are cut, counts are whole.

    With the pause NOT_EMPTY, `differences` shows what the remote book holds beside what ours does.
    """

    state: State
    at: datetime | None = None
    sent: int = 0
    total: int = 0
    removals_waiting: int = 0
    parked: tuple[Parked, ...] = ()
    parked_count: int = 0
    differences: tuple[Difference, ...] = ()
    pause: Pause | None = None
    problem: str = ""
    next_try_at: datetime | None = None
    equality_can_be_known: bool = True


def status(book: AddressBook) -> Status:
    """A handful of queries, none of which reads the book."""
    return status_of(BookSync.objects.filter(book=book, is_on=True).first())


def status_of(sync: BookSync | None, *, has_leftovers: bool = True) -> Status:
    """The same from the row (None: it is off). `has_leftovers`: whether there may be removals or parked entries."""
    if sync is None:
        return Status(State.OFF)
    parked = ParkedEntry.objects.filter(book=sync.book_id)
    removals = Removal.objects.filter(book=sync.book_id)
    refused = removals.exclude(refused="")
    return Status(
        state=_state(sync),
        at=sync.verified_at,
        sent=sync.rows_sent,
        total=max(sync.rows_sent, sync.rows_total),
        removals_waiting=removals.waiting().count() if has_leftovers else 0,
        parked=_parked(parked, refused) if has_leftovers else (),
        parked_count=_parked_count(parked) + refused.count() if has_leftovers else 0,
        differences=tuple(Difference(*row) for row in sync.differences),
        pause=Pause(sync.pause) if sync.pause else None,
        problem=sync.problem,
        next_try_at=sync.not_before,
        equality_can_be_known=not sync.keeps_foreign,
    )


def groups_on_their_way(edition: Edition) -> set[int]:
    """The groups of which something has still to arrive there.

    Of more new memberships than limits.SYNC_MEMBERSHIPS_SHOWN only the first and the last are looked at: pages ask for
    this every two seconds, and an upload puts all of its addresses into one group.
    """
    sync = BookSync.objects.filter(book=edition.book_id, is_on=True).first()
    if sync is None:
        return set()
    groups = Group.objects.filter(edition=edition)
    late = set(
        groups.filter(Q(pk__gt=sync.groups_confirmed) | Q(resend_through__isnull=False)).values_list("pk", flat=True)
    )
    members = Membership.objects.filter(pk__gt=sync.memberships_confirmed, group__edition=edition)
    for order in ("pk", "-pk"):
        ids = list(members.order_by(order).values_list("group", flat=True)[: limits.SYNC_MEMBERSHIPS_SHOWN])
        late.update(ids)
        if len(ids) < limits.SYNC_MEMBERSHIPS_SHOWN:
            break
    return late


def begin_turn(sync: BookSync) -> None:
    """Count what there is to be sent, once for each turn of a worker: the screen then needs no more than the row.

    Of what this run has sent only so much counts as the book still holds: what was deleted again is no part of what is
    to be done now, and after an undo all of it is to be sent once more.
    """
    edition = Edition.objects.get(current_of=sync.book_id)
    # A run begins where everything was seen to be done.
    sent = 0 if sync.verified_at is not None else sync.rows_sent
    pending = _pending(sync, edition)
    sent = min(sent, max(0, _entries(edition) - pending))
    BookSync.objects.filter(pk=sync.pk, attempt=sync.attempt).update(rows_sent=sent, rows_total=sent + pending)


def _state(sync: BookSync) -> State:
    now = timezone.now()
    if sync.pause:
        return State.PAUSED
    if sync.failures and sync.not_before is not None:
        return State.WAITING
    # A worker that has the book may have found something to do and not yet have written so.
    is_due = sync.next_look_at is not None and sync.next_look_at <= now
    if sync.verified_at is None or sync.lease_until is not None or is_due:
        # `settle_at`: it has looked, and not all has landed. Whatever there is to do waits until then.
        is_landing = sync.in_air_since and (sync.rows_sent >= sync.rows_total or sync.settle_at is not None)
        return State.LANDING if is_landing else State.SENDING
    if sync.differences:
        return State.DIFFERS
    return State.SETTLED if sync.keeps_foreign else State.IN_SYNC


def _pending(sync: BookSync, edition: Edition) -> int:
    """Entries to be sent, about: most addresses come along with a membership."""
    addresses = Address.objects.filter(edition=edition, pk__gt=sync.addresses_sent).count()
    memberships = Membership.objects.filter(pk__gt=sync.memberships_sent, group__edition=edition).count()
    again = Group.objects.filter(edition=edition, resend_through__isnull=False, resend_after__lt=ALL_SENT)
    for group in again:
        if group.resend_after == NOT_BEGUN:
            memberships += group.address_count
        else:
            memberships += Membership.objects.filter(group=group, address_id__gt=group.resend_after).count()
    return max(addresses, memberships)


def _entries(edition: Edition) -> int:
    """All that a book without anything at the service would have to send, counted as `_pending` does."""
    members = Group.objects.filter(edition=edition).aggregate(members=Sum("address_count"))["members"] or 0
    return max(edition.address_count, members)


def _parked_count(entries: QuerySet[ParkedEntry]) -> int:
    """An address that is refused in two groups and by itself is one address."""
    counted = entries.aggregate(
        addresses=Count("address", distinct=True), groups=Count("pk", filter=Q(address__isnull=True))
    )
    return counted["addresses"] + counted["groups"]


def _parked(entries: QuerySet[ParkedEntry], removals: QuerySet[Removal]) -> tuple[Parked, ...]:
    found: list[Parked] = []
    groups = entries.filter(address=None).select_related("group").order_by("-pk")
    found += [Parked(row.reason, groups=_named(row.group)) for row in groups[: limits.SYNC_PARKED_LISTED]]
    found += _refused_addresses(entries, limit=limits.SYNC_PARKED_LISTED - len(found))
    for row in removals.order_by("-pk")[: limits.SYNC_PARKED_LISTED - len(found)]:
        address = row.addresses[0] if row.addresses else None
        names = (row.group_name,) if row.group_name else ()
        found.append(Parked(row.refused, address=address, groups=names, is_removal=True))
    return tuple(found)


def _refused_addresses(entries: QuerySet[ParkedEntry], *, limit: int) -> Iterable[Parked]:
    refused = entries.filter(address__isnull=False)
    ids = refused.order_by("-address").values_list("address", flat=True).distinct()[:limit]
    by_address: dict[Address, list[ParkedEntry]] = {}
    for row in refused.filter(address__in=list(ids)).select_related("address", "group").order_by("-address", "pk"):
        if row.address is not None:
            by_address.setdefault(row.address, []).append(row)
    return [
        Parked(
            rows[0].reason,
            address=address.email,
            address_id=address.pk,
            groups=tuple(name for row in rows for name in _named(row.group)),
        )
        for address, rows in by_address.items()
    ]


def _named(group: Group | None) -> tuple[str, ...]:
    return (group.name,) if group else ()
