"""Both counts side by side: of the whole book and of each group, here and at the service."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from addressbook import limits
from addressbook.models import Group
from addressbook.services.sync import State, Status
from libraries.outbound_mailer import AddressBookCounts
from workspace.models import Edition


@dataclass(frozen=True, slots=True)
class Row:
    """None: this side has no such group. `name` None: the whole book."""

    name: str | None
    ours: int | None
    theirs: int | None

    @property
    def differs(self) -> bool:
        return self.ours != self.theirs


@dataclass(frozen=True, slots=True)
class Comparison:
    """`rows` begin with the whole book, then come those that differ. `at` None: what the service holds is not known."""

    rows: tuple[Row, ...]
    left_out: int
    at: datetime | None

    @property
    def is_known(self) -> bool:
        return self.at is not None

    @property
    def total(self) -> Row:
        return self.rows[0]


def comparison_of(edition: Edition, status: Status, counts: AddressBookCounts | None) -> Comparison:
    """From `counts` that were asked for just now, else from what the sync has seen last."""
    ours = dict(Group.objects.filter(edition=edition).in_tree_order().values_list("name", "address_count"))
    total, theirs, at = _theirs(edition, ours, status, counts)
    names = sorted(ours.keys() | theirs.keys())
    rows = [Row(name, ours.get(name), theirs.get(name)) for name in names]
    if at is not None:
        rows.sort(key=lambda row: not row.differs)
    whole = Row(None, edition.address_count, total)
    listed = rows[: limits.SYNC_DIFFERENCES_LISTED]
    return Comparison((whole, *listed), len(rows) - len(listed), at)


def _theirs(
    edition: Edition, ours: dict[str, int], status: Status, counts: AddressBookCounts | None
) -> tuple[int | None, dict[str, int], datetime | None]:
    if counts is not None:
        return (
            counts.total_address_count,
            {group.group_name: group.address_count for group in counts.groups},
            timezone.now(),
        )
    at = status.at or (timezone.now() if status.differences else None)
    if at is None or status.state in {State.OFF, State.SENDING, State.LANDING, State.WAITING, State.SETTLED}:
        return None, {}, None
    # What is not named as different was the same.
    total: int | None = edition.address_count
    theirs: dict[str, int | None] = dict(ours)
    for difference in status.differences:
        if difference.group is None:
            total = difference.theirs
        else:
            theirs[difference.group] = difference.theirs
    return total, {name: count for name, count in theirs.items() if count is not None}, at
