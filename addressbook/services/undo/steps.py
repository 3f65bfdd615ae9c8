"""The steps of an undo: the changes of a record, in pieces small enough for one transaction.

Every step looks first at what is there now. It is safe to do one again: what it did already is there, or gone.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from addressbook import limits
from addressbook.models import Address, Group, Membership
from addressbook.services.addresses import groups, memberships, statements
from addressbook.services.addresses.groups import GroupNameTakenError, TooManyGroupsError
from addressbook.services.addresses.undo_log import AddressRow, GroupRow, MembershipRow, UndoNotes, ids_in
from workspace.models import Act, Edition

T = TypeVar("T")


class Outcome(StrEnum):
    """What an undo has changed."""

    ADDRESSES_BACK = "addresses_back"
    ADDRESSES_OUT = "addresses_out"
    MEMBERSHIPS_BACK = "memberships_back"
    MEMBERSHIPS_OUT = "memberships_out"
    GROUPS_BACK = "groups_back"
    GROUPS_OUT = "groups_out"


class Remaining(StrEnum):
    """What an undo leaves as it is, and why."""

    REGISTERED_AGAIN = "left_registered_again"  # addresses that are in the book under a new registration
    IN_OTHER_GROUPS = "left_in_other_groups"  # addresses that other acts have put into a group since
    ADDRESS_GONE = "left_address_gone"  # memberships of addresses that are not in the book any more
    GROUP_GONE = "left_group_gone"  # memberships of groups that are not in the book any more
    GROUP_NAME_TAKEN = "left_group_name_taken"  # groups whose name another group has now
    TOO_MANY_GROUPS = "left_too_many_groups"  # groups for which the book has no room
    GROUP_IN_USE = "left_group_in_use"  # groups that other acts have put addresses into, or renamed


Counts = Counter[str]


class StepKind(StrEnum):
    """What a step is about, in the order in which an undo goes through a record."""

    GROUPS_BACK = "groups_back"
    ADDRESSES_BACK = "addresses_back"
    MEMBERSHIPS_BACK = "memberships_back"
    MEMBERSHIPS_OUT = "memberships_out"
    ADDRESSES_OUT = "addresses_out"
    GROUPS_OUT = "groups_out"


class Step(NamedTuple):
    """At most limits.ROWS_PER_JOB_BATCH rows, as `UndoNotes` keeps them, or ids where that keeps ranges."""

    kind: StepKind
    rows: Sequence[Any]
    group_id: int = 0


def steps_of(changes: UndoNotes) -> Iterator[Step]:
    """What undoes these changes, in order: what others hang on comes back first, and goes last."""
    for rows in pieces(changes.groups_deleted):
        yield Step(StepKind.GROUPS_BACK, rows)
    for rows in pieces(changes.addresses_taken):
        yield Step(StepKind.ADDRESSES_BACK, rows)
    for group_id, taken in changes.memberships_taken.items():
        for rows in pieces(taken):
            yield Step(StepKind.MEMBERSHIPS_BACK, rows, int(group_id))
    for group_id, ranges in changes.memberships_added.items():
        for ids in pieces(ids_in(ranges)):
            yield Step(StepKind.MEMBERSHIPS_OUT, ids, int(group_id))
    for ids in pieces(ids_in(changes.addresses_added)):
        yield Step(StepKind.ADDRESSES_OUT, ids)
    for rows in pieces(changes.groups_made):
        yield Step(StepKind.GROUPS_OUT, rows)


def pieces(rows: Iterable[T]) -> Iterator[list[T]]:
    """The rows in lists of the size that one transaction may have."""
    waiting = iter(rows)
    while piece := list(islice(waiting, limits.ROWS_PER_JOB_BATCH)):
        yield piece


@dataclass(slots=True)
class StepResult:
    """What becomes of the rows of a step: those that it is done to, and how many are left for which reason."""

    rows: list[Any] = field(default_factory=list)
    left: Counts = field(default_factory=Counter)


@dataclass
class Undoing:
    """An act that is being undone in an edition whose book is locked."""

    act: Act
    edition: Edition

    def do(self, step: Step, *, noted: UndoNotes) -> Counts:
        """Do the step and count by `Outcome` and `Remaining`. Changes are noted in `noted`."""
        match step.kind:
            case StepKind.GROUPS_BACK:
                return self._groups_back(step.rows, noted)
            case StepKind.ADDRESSES_BACK:
                result = self.addresses_back(step.rows)
                done = memberships.restore_addresses(self.edition, result.rows, noted=noted)
                return result.left + Counter({Outcome.ADDRESSES_BACK: done})
            case StepKind.MEMBERSHIPS_BACK:
                return self._memberships_back(step, noted)
            case StepKind.MEMBERSHIPS_OUT:
                return self._memberships_out(step, noted)
            case StepKind.ADDRESSES_OUT:
                result = self._addresses_out(step.rows)
                done = memberships.delete_addresses(self.edition, result.rows, noted=noted)
                return result.left + Counter({Outcome.ADDRESSES_OUT: done})
            case _:
                return self._groups_out(step.rows, noted)

    @cached_property
    def taken_addresses(self) -> set[int]:
        """The addresses that the act took away, by id. Needed only where some of them have not come back."""
        records = self.act.records.filter(holds_addresses=True).values_list("payload", flat=True)
        return {row[0] for payload in records.iterator() for row in UndoNotes.unpacked(payload).addresses_taken}

    def _groups_back(self, rows: Sequence[GroupRow], noted: UndoNotes) -> Counts:
        there = self._groups_there(row[0] for row in rows)
        counts: Counts = Counter()
        for row in rows:
            if row[0] in there:
                continue
            try:
                groups.restore(self.edition, row, noted=noted)
            except GroupNameTakenError:
                counts[Remaining.GROUP_NAME_TAKEN] += 1
            except TooManyGroupsError:
                counts[Remaining.TOO_MANY_GROUPS] += 1
            else:
                counts[Outcome.GROUPS_BACK] += 1
        return counts

    def addresses_back(self, rows: Sequence[AddressRow]) -> StepResult:
        keys = [key or email for _, email, key, *_ in rows]
        there = statements.ids_by_key(self.edition.pk, keys)
        result = StepResult()
        for row, key in zip(rows, keys, strict=True):
            if key not in there:
                result.rows.append(row)
            elif there[key] != row[0]:
                result.left[Remaining.REGISTERED_AGAIN] += 1
        return result

    def _memberships_back(self, step: Step, noted: UndoNotes) -> Counts:
        group = Group.objects.filter(edition=self.edition, pk=step.group_id).first()
        ids = [address_id for _, address_id in step.rows]
        there = set(Address.objects.filter(edition=self.edition, pk__among=set(ids)).values_list("pk", flat=True))
        result = self.memberships_back(step.rows, there=there, group_id=group.pk if group else None)
        done = memberships.restore_to_group(group, result.rows, noted=noted) if group else 0
        return result.left + Counter({Outcome.MEMBERSHIPS_BACK: done})

    def memberships_back(self, rows: Sequence[MembershipRow], *, there: set[int], group_id: int | None) -> StepResult:
        """`there`: which of the addresses are in the book. `group_id`: None when the group is not."""
        result = StepResult()
        ids = [address_id for _, address_id in rows]
        members: set[int] = set()
        if group_id is not None:
            inside = Membership.objects.filter(group=group_id, address__among=set(ids))
            members = set(inside.values_list("address_id", flat=True))
        for row in rows:
            address_id = row[1]
            if address_id not in there:
                # One that the act took away itself is counted as an address already.
                if address_id not in self.taken_addresses:
                    result.left[Remaining.ADDRESS_GONE] += 1
            elif group_id is None:
                result.left[Remaining.GROUP_GONE] += 1
            elif address_id not in members:
                result.rows.append(row)
        return result

    def _memberships_out(self, step: Step, noted: UndoNotes) -> Counts:
        group = Group.objects.filter(edition=self.edition, pk=step.group_id).first()
        if group is None:
            return Counter()
        rows = Membership.objects.filter(group=group, pk__among=set(step.rows))
        ids = list(rows.values_list("address_id", flat=True))
        return Counter({Outcome.MEMBERSHIPS_OUT: memberships.remove_from_group(group, ids, noted=noted)})

    def _addresses_out(self, ids: Sequence[int]) -> StepResult:
        there = list(Address.objects.filter(edition=self.edition, pk__among=set(ids)).values_list("pk", flat=True))
        # What the act put into groups is out of them by now: the rest was put there by others.
        kept = set(Membership.objects.filter(address__among=set(there)).values_list("address_id", flat=True))
        return StepResult([pk for pk in there if pk not in kept], Counter({Remaining.IN_OTHER_GROUPS: len(kept)}))

    def _groups_out(self, rows: Sequence[GroupRow], noted: UndoNotes) -> Counts:
        there = self._groups_there(row[0] for row in rows)
        counts: Counts = Counter()
        for pk, name, _ in rows:
            if pk not in there:
                continue
            group = there[pk]
            if group.address_count or group.name != name:
                counts[Remaining.GROUP_IN_USE] += 1
            else:
                groups.delete_empty(group, noted=noted)
                counts[Outcome.GROUPS_OUT] += 1
        return counts

    def _groups_there(self, ids: Iterator[int]) -> dict[int, Group]:
        return {group.pk: group for group in Group.objects.filter(edition=self.edition, pk__among=set(ids))}
