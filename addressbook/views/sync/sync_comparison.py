"""Both counts side by side: of the whole book and of each group, here and at the service."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from addressbook import limits
from addressbook.models import Group, Pause, RemoteCounts
from addressbook.services.sync import State, Status
from addressbook.services.sync.expecting import Expected, expected
from libraries.outbound_mailer import AddressBookCounts
from workspace.models import Edition

# While one of these holds, what the service said last is no longer what it holds.
_MOVING = {State.OFF, State.SENDING, State.LANDING, State.WAITING}


@dataclass(frozen=True, slots=True)
class Row:
    """None: this side has no such group. `name` None: the whole book. `refused`: of `ours`, not accepted there."""

    name: str | None
    ours: int | None
    theirs: int | None
    refused: int = 0
    differs: bool = False


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

    @property
    def has_refused(self) -> bool:
        return any(row.refused for row in self.rows)

    @property
    def differs(self) -> bool:
        return any(row.differs for row in self.rows)


@dataclass(frozen=True, slots=True)
class _Theirs:
    addresses: int
    groups: dict[str, int]
    at: datetime


def comparison_of(edition: Edition, status: Status, counts: AddressBookCounts | None) -> Comparison:
    """From `counts` that were asked for just now, else from what the service said when the sync last asked."""
    ours = dict(Group.objects.filter(edition=edition).in_tree_order().values_list("name", "address_count"))
    theirs = _theirs(edition, status, counts)
    wanted = expected(edition)
    groups = theirs.groups if theirs else {}
    more_is_fine = not status.equality_can_be_known
    rows = [
        _row(name, ours.get(name), wanted.groups.get(name), groups.get(name), theirs, more_is_fine=more_is_fine)
        for name in sorted(ours.keys() | groups.keys())
    ]
    rows.sort(key=lambda row: (not row.differs, not row.refused))
    listed = rows[: limits.SYNC_DIFFERENCES_LISTED]
    whole = _whole(edition, wanted, theirs, more_is_fine=more_is_fine)
    return Comparison((whole, *listed), len(rows) - len(listed), theirs.at if theirs else None)


def _theirs(edition: Edition, status: Status, counts: AddressBookCounts | None) -> _Theirs | None:
    if counts is not None:
        members = {group.group_name: group.address_count for group in counts.groups}
        return _Theirs(counts.total_address_count, members, timezone.now())
    # A book that changed while its sync is paused has no time of a comparison any more.
    if status.state in _MOVING or (status.at is None and status.pause != Pause.NOT_EMPTY):
        return None
    row = RemoteCounts.objects.filter(book=edition.book_id).first()
    return _Theirs(row.addresses, row.groups, row.at) if row is not None else None


def _whole(edition: Edition, wanted: Expected, theirs: _Theirs | None, *, more_is_fine: bool) -> Row:
    total = theirs.addresses if theirs else None
    return _row(None, edition.address_count, wanted.addresses, total, theirs, more_is_fine=more_is_fine)


def _row(
    name: str | None,
    ours: int | None,
    wanted: int | None,
    there: int | None,
    theirs: _Theirs | None,
    *,
    more_is_fine: bool,
) -> Row:
    is_enough = wanted is None or (there is not None and there >= wanted)
    differs = theirs is not None and wanted != there and not (more_is_fine and is_enough)
    return Row(name, ours, there, refused=(ours or 0) - (wanted or 0), differs=differs)
