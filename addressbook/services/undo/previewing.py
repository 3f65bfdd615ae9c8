"""What an undo would change now: the same judgement as that of the steps, without doing any.

A look, which holds no lock: others go on while it counts, and the undo itself looks again.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from addressbook.models import Address, Group, Membership
from addressbook.services.addresses.undo_log import AddressRow, GroupRow, MembershipRow, Range, UndoNotes, ids_in
from addressbook.services.undo.steps import Counts, Outcome, Remaining, Undoing, pieces
from workspace import limits
from workspace.models import Act, Edition


@dataclass(frozen=True, slots=True)
class Preview:
    """`does` counts by `Outcome` what the undo would change, `leaves` by `Remaining` what it would leave and why."""

    act: Act
    does: dict[str, int]
    leaves: dict[str, int]


def preview(act: Act) -> Preview:
    """What undoing the act would change now, and what it would leave. The act is closed, and of the current edition."""
    forecast = _Forecast(act, act.edition)
    for payload in act.records.order_by("-number").values_list("payload", flat=True).iterator():
        forecast.add(UndoNotes.unpacked(payload))
    counts = forecast.counts
    return Preview(
        act,
        {name: counts[name] for name in Outcome if counts[name]},
        {name: counts[name] for name in Remaining if counts[name]},
    )


@dataclass
class _Forecast:
    act: Act
    edition: Edition
    counts: Counts = field(default_factory=Counter)
    back: set[int] = field(default_factory=set)
    leaving: Counter[int] = field(default_factory=Counter)

    @cached_property
    def undoing(self) -> Undoing:
        return Undoing(self.act, self.edition)

    @cached_property
    def groups(self) -> dict[int, Group]:
        """Those of the book, with those that would come back."""
        return {group.pk: group for group in Group.objects.filter(edition=self.edition)}

    @cached_property
    def names(self) -> set[str]:
        return {group.name for group in self.groups.values()}

    @cached_property
    def own(self) -> dict[int, list[Range]]:
        """The memberships that the act has added, by group, in order. Needed only where others may have added some."""
        found: dict[int, list[Range]] = defaultdict(list)
        for payload in self.act.records.values_list("payload", flat=True).iterator():
            for group_id, ranges in UndoNotes.unpacked(payload).memberships_added.items():
                found[int(group_id)] += ranges
        return {group_id: sorted(ranges) for group_id, ranges in found.items()}

    def add(self, changes: UndoNotes) -> None:
        """One record more; they come in the order in which an undo goes through them."""
        self._groups_back(changes.groups_deleted)
        for rows in pieces(changes.addresses_taken):
            self._addresses_back(rows)
        for group_id, taken in changes.memberships_taken.items():
            for members in pieces(taken):
                self._memberships_back(int(group_id), members)
        for group_id, ranges in changes.memberships_added.items():
            self._memberships_out(int(group_id), ranges)
        self._addresses_out(changes)
        self._groups_out(changes.groups_made)

    def _groups_back(self, rows: Iterable[GroupRow]) -> None:
        for pk, name, _ in rows:
            if pk in self.groups:
                continue
            if name in self.names:
                self.counts[Remaining.GROUP_NAME_TAKEN] += 1
            elif len(self.groups) >= limits.GROUPS_PER_BOOK:
                self.counts[Remaining.TOO_MANY_GROUPS] += 1
            else:
                self.counts[Outcome.GROUPS_BACK] += 1
                self.groups[pk] = Group(pk=pk, edition=self.edition, name=name)
                self.names.add(name)

    def _addresses_back(self, rows: list[AddressRow]) -> None:
        fate = self.undoing.addresses_back(rows)
        self.back.update(row[0] for row in fate.rows)
        self.counts += fate.left
        self.counts[Outcome.ADDRESSES_BACK] += len(fate.rows)

    def _memberships_back(self, group_id: int, rows: list[MembershipRow]) -> None:
        ids = {address_id for _, address_id in rows}
        asked = ids - self.back
        there = set(Address.objects.filter(edition=self.edition, pk__among=asked).values_list("pk", flat=True))
        there |= ids & self.back
        known = group_id if group_id in self.groups else None
        fate = self.undoing.memberships_back(rows, there=there, group_id=known)
        self.counts += fate.left
        self.counts[Outcome.MEMBERSHIPS_BACK] += len(fate.rows)
        self.leaving[group_id] -= len(fate.rows)

    def _memberships_out(self, group_id: int, ranges: list[Range]) -> None:
        if group_id not in self.groups:
            return
        count = 0
        for ids in pieces(ids_in(ranges)):
            count += Membership.objects.filter(group=group_id, pk__among=ids).count()
        self.counts[Outcome.MEMBERSHIPS_OUT] += count
        self.leaving[group_id] += count

    def _addresses_out(self, changes: UndoNotes) -> None:
        there = 0
        kept: set[int] = set()
        for ids in pieces(ids_in(changes.addresses_added)):
            found = list(Address.objects.filter(edition=self.edition, pk__among=ids).values_list("pk", flat=True))
            there += len(found)
            rows = Membership.objects.filter(address__among=found).values_list("address_id", "group_id", "pk")
            kept |= {address_id for address_id, group_id, pk in rows if not self._is_own(group_id, pk)}
        self.counts[Remaining.IN_OTHER_GROUPS] += len(kept)
        self.counts[Outcome.ADDRESSES_OUT] += there - len(kept)

    def _is_own(self, group_id: int, pk: int) -> bool:
        ranges = self.own.get(group_id, [])
        place = bisect_right(ranges, pk, key=lambda entry: entry[0])
        return place > 0 and pk <= ranges[place - 1][1]

    def _groups_out(self, rows: Iterable[GroupRow]) -> None:
        for pk, name, _ in rows:
            group = self.groups.get(pk)
            if group is None:
                continue
            if group.address_count - self.leaving[pk] or group.name != name:
                self.counts[Remaining.GROUP_IN_USE] += 1
            else:
                self.counts[Outcome.GROUPS_OUT] += 1
