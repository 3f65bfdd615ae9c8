"""What goes into the next creation: the pending rows of an edition, in the order in which they are sent.

First new groups, then groups that are to be sent again, then new memberships (which create their addresses), and at
last the addresses that none of these brought along: those without a group go through a temporary one.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from addressbook import limits
from addressbook.models import Address, BookSync, Group, Membership, ParkedEntry
from addressbook.models.sync import ALL_SENT, NOT_BEGUN
from libraries.outbound_mailer import GroupAddresses
from workspace.models import Edition

TEMPORARY_PREFIX: Final = "mailer-console-temporary-"
# How many ids there may be in a range for each one that is asked for.
_NEAR: Final = 10

# Written by hand, since a thousand rows take twice as long when Django builds the query and reads them by the hundred.
# Both sides of the join begin behind the last address, or PostgreSQL may read the addresses from the first one on.
_MEMBERS: Final = """SELECT member.id, address.id, address.email FROM addressbook_membership AS member
    JOIN addressbook_address AS address ON address.id = member.address_id AND address.id > %s
    WHERE member.group_id = %s AND member.address_id > %s AND member.id <= %s ORDER BY member.address_id LIMIT %s"""

# An address, a group, or an address in a group, by ids.
Entry = tuple[int | None, int | None]


@dataclass
class Chunk:
    """A creation, and the marks to keep once it is sent.

    `weight` is by how much it makes the remote book heavier at most: exactly that when nothing of it is there yet.
    """

    marks: dict[str, int]
    groups: dict[str, list[str]] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    weight: int = 0
    # Of each group that is sent again, `resend_after` before and afterwards.
    resent: dict[int, tuple[int, int]] = field(default_factory=dict)
    highest_membership: int = 0
    new_temporary_group: str = ""
    # Whether any entry of the book was parked when it was built.
    had_parked: bool = False

    @property
    def rows(self) -> int:
        return len(self.entries)

    @property
    def address_ids(self) -> set[int]:
        return {address_id for address_id, _ in self.entries if address_id is not None}

    @property
    def group_ids(self) -> set[int]:
        return {group_id for _, group_id in self.entries if group_id is not None}

    def moves(self, sync: BookSync) -> bool:
        """Whether there is anything in it, if only rows that were passed over."""
        return bool(self.entries or self.resent) or any(getattr(sync, name) != at for name, at in self.marks.items())

    def request(self) -> list[GroupAddresses]:
        return [GroupAddresses(name, tuple(members) or None) for name, members in self.groups.items()]


def is_pending(sync: BookSync, edition: Edition) -> bool:
    """Whether anything is still to be sent."""
    groups = Group.objects.filter(edition=edition)
    return (
        groups.filter(pk__gt=sync.groups_sent).exists()
        or groups.filter(resend_through__isnull=False, resend_after__lt=ALL_SENT).exists()
        or Address.objects.filter(edition=edition, pk__gt=sync.addresses_sent).exists()
        or Membership.objects.filter(pk__gt=sync.memberships_sent, group__edition=edition).exists()
    )


def next_chunk(sync: BookSync, edition: Edition, *, has_parked: bool) -> Chunk:
    """The next creation. Without entries it only moves marks past rows that need no call; then there may be more.

    `has_parked`: whether the book has parked entries.
    """
    return _Builder(sync, edition, has_parked=has_parked).build()


class _Group(NamedTuple):
    pk: int
    name: str
    resend_after: int
    resend_through: int | None


class _Builder:
    def __init__(self, sync: BookSync, edition: Edition, *, has_parked: bool) -> None:
        self.sync = sync
        self.edition = edition
        self.size = min(sync.chunk_rows or limits.SYNC_ROWS_PER_CALL, limits.SYNC_ROWS_PER_CALL)
        names = ("groups_sent", "memberships_sent", "addresses_sent")
        self.chunk = Chunk({name: getattr(sync, name) for name in names})
        self.parked: set[Entry] = set()
        if has_parked:
            self.parked.update(ParkedEntry.objects.filter(book=sync.book_id).values_list("address_id", "group_id"))
        self.chunk.had_parked = has_parked

    @property
    def room(self) -> int:
        return self.size - self.chunk.rows

    def build(self) -> Chunk:
        if self._groups() and self.room and self._new_memberships() and self.room:
            self._addresses_without_group()
        self.chunk.weight += len(self._new_addresses())
        return self.chunk

    def _groups(self) -> bool:
        """New groups first, then those that are to be sent again. Whether all of them are in."""
        rows = Group.objects.filter(
            Q(pk__gt=self.sync.groups_sent) | Q(resend_through__isnull=False, resend_after__lt=ALL_SENT),
            edition=self.edition,
        )
        limit = self.room + 1
        columns = rows.order_by("pk").values_list("pk", "name", "resend_after", "resend_through")
        groups = [_Group(*values) for values in columns[:limit]]
        for group in groups:
            if group.pk > self.sync.groups_sent and self.room:
                self.chunk.marks["groups_sent"] = group.pk
                self._add_group(group.pk, group.name)
        again = [group for group in groups if group.resend_through is not None and group.resend_after < ALL_SENT]
        return self._again(again) and len(groups) < limit

    def _again(self, groups: Sequence[_Group]) -> bool:
        """Whether all of them are in."""
        for group in groups:
            if not self.room:
                return False
            after = group.resend_after
            if after == NOT_BEGUN:
                # A new one is in already. Counted twice, it would make the remote book heavier than it ever gets.
                if group.pk <= self.sync.groups_sent:
                    self._add_group(group.pk, group.name)
                after = 0
            if (None, group.pk) in self.parked:
                after = ALL_SENT
            elif wanted := self.room:
                found = self._members(group, after, wanted)
                self._add_members(group.pk, group.name, found)
                after = found[-1][1] if found else after
                if len(found) < wanted:
                    after = ALL_SENT
            self.chunk.resent[group.pk] = (group.resend_after, after)
        return all(after == ALL_SENT for _, after in self.chunk.resent.values())

    def _members(self, group: _Group, after: int, limit: int) -> list[tuple[int, int, str]]:
        """Those to be sent again whose addresses lie behind `after`, as `_add_members` takes them."""
        with connection.cursor() as cursor:
            cursor.execute(_MEMBERS, [after, group.pk, after, group.resend_through, limit])
            return cursor.fetchall()

    def _new_memberships(self) -> bool:
        """Whether all of them are in. Rows of other books have ids between ours."""
        for limit in (self.room, limits.SYNC_ROWS_SCANNED):
            rows = Membership.objects.filter(pk__gt=self.chunk.marks["memberships_sent"]).order_by("pk")
            columns = ("pk", "group_id", "group__name", "group__edition_id", "address_id", "address__email")
            found = list(rows.values_list(*columns)[:limit])
            for membership_id, group_id, name, edition_id, address_id, email in found:
                if edition_id == self.edition.pk:
                    if not self.room:
                        return False
                    self._add_members(group_id, name, [(membership_id, address_id, email)])
                self.chunk.marks["memberships_sent"] = membership_id
            if len(found) < limit:
                return True
            if self.chunk.rows:
                break
        return False

    def _addresses_without_group(self) -> None:
        rows = Address.objects.filter(edition=self.edition, pk__gt=self.chunk.marks["addresses_sent"]).order_by("pk")
        # Up to here in this step: those with a group are passed over without a call, but not without a look.
        (end,) = rows.values_list("pk", flat=True)[limits.SYNC_ROWS_PASSED_OVER - 1 :][:1] or [None]
        window = rows if end is None else rows.filter(pk__lte=end)
        limit = self.room + 1
        found = list(window.exclude(Exists(self._accepted_of_address())).values_list("pk", "email")[:limit])
        for address_id, email in found:
            if not self.room:
                return
            if (address_id, None) not in self.parked:
                self._add_without_group(address_id, email)
            self.chunk.marks["addresses_sent"] = address_id
        if len(found) == limit:
            return  # parked ones took no room, and there may be more
        last = end or rows.values_list("pk", flat=True).last()
        self.chunk.marks["addresses_sent"] = max(last or 0, self.chunk.marks["addresses_sent"])

    def _accepted_of_address(self) -> QuerySet[Membership]:
        """The memberships that brought the address of the outer query along."""
        members = Membership.objects.filter(address=OuterRef("pk"))
        if self.parked:
            refused = ParkedEntry.objects.filter(
                Q(address=OuterRef("address")) | Q(address=None), group=OuterRef("group")
            )
            members = members.exclude(Exists(refused))
        return members

    def _new_addresses(self) -> set[int]:
        """Those of the chunk that no call has had yet."""
        unsent = {address_id for address_id in self.chunk.address_ids if address_id > self.sync.addresses_sent}
        if not unsent or min(unsent) > self.sync.addresses_touched:
            return unsent
        first, last = min(unsent), max(unsent)
        # Mostly neighbours, and a range is found much faster than a thousand single ones.
        are_near = last - first < _NEAR * len(unsent)
        where = Q(address_id__gte=first, address_id__lte=last) if are_near else Q(address__in=unsent)
        sent = Membership.objects.filter(
            where,
            Q(group__resend_through__isnull=True)
            | Q(group__resend_through__lt=F("pk"))
            | Q(group__resend_after__gte=F("address_id")),
            pk__lte=self.sync.memberships_sent,
        )
        pairs = sent.values_list("address_id", "group_id")
        return unsent - {a for a, g in pairs if (a, g) not in self.parked and (None, g) not in self.parked}

    def _add_group(self, group_id: int, name: str) -> None:
        if (None, group_id) in self.parked:
            return
        self.chunk.groups.setdefault(name, [])
        self.chunk.entries.append((None, group_id))
        self.chunk.weight += 1

    def _add_members(self, group_id: int, name: str, rows: Sequence[tuple[int, int, str]]) -> None:
        """Of each row the ids of the membership and of the address, and the address."""
        if self.parked:
            is_refused = (None, group_id) in self.parked
            rows = [] if is_refused else [row for row in rows if (row[1], group_id) not in self.parked]
        if not rows:
            return
        chunk = self.chunk
        chunk.groups.setdefault(name, []).extend(email for _, _, email in rows)
        chunk.entries.extend((address_id, group_id) for _, address_id, _ in rows)
        chunk.highest_membership = max(chunk.highest_membership, *(row[0] for row in rows))
        chunk.weight += len(rows)

    def _add_without_group(self, address_id: int, email: str) -> None:
        name = self.sync.temporary_group or self.chunk.new_temporary_group
        if not name:
            name = self.chunk.new_temporary_group = TEMPORARY_PREFIX + secrets.token_hex(4)
            self.chunk.weight += 1
        self.chunk.groups.setdefault(name, []).append(email)
        self.chunk.entries.append((address_id, None))
        self.chunk.weight += 1
