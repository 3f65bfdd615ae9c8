"""What an act changes, noted by the steps that change it and kept beside the history, so that it can be undone.

An act notes row by row what it took away. Of what it added it notes the first and the last id: ids are given out under
the lock of the book, so in one transaction no other row of the edition gets an id between those of two rows of ours,
and a registration of any size is noted in a few bytes. Rows that an undo gives back get their old ids, which makes an
undo of an undo, or of several acts one after another, find the very rows that it is about.
"""

import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any, Final, Self

from addressbook.models import Group, UndoRecord
from workspace.models import Act, Edition
from workspace.services.work import acts

# First and last id.
Range = list[int]
# Id, e-mail address, key (None: the same), microseconds of the registration, id of the upload that it came with.
AddressRow = list[Any]
# Id of the membership, id of the address.
MembershipRow = list[int]
# Id, name, microseconds of the creation.
GroupRow = list[Any]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class UndoNotes:
    """What one transaction of an act changed. Memberships are kept by the id of their group (JSON: as text)."""

    groups_made: list[GroupRow] = field(default_factory=list)
    groups_deleted: list[GroupRow] = field(default_factory=list)
    addresses_added: list[Range] = field(default_factory=list)
    addresses_taken: list[AddressRow] = field(default_factory=list)
    memberships_added: dict[str, list[Range]] = field(default_factory=dict)
    memberships_taken: dict[str, list[MembershipRow]] = field(default_factory=dict)
    row_count: int = 0

    def inserted_addresses(self, ids: Sequence[int]) -> None:
        """Rows that got new ids in this transaction."""
        if ids:
            self.addresses_added.append([min(ids), max(ids)])
            self.row_count += len(ids)

    def restored_addresses(self, ids: Iterable[int]) -> None:
        """Rows that got their old ids back: other rows may have ids in between."""
        runs = _runs(ids)
        self.addresses_added += runs
        self.row_count += _width(runs)

    def inserted_memberships(self, group_id: int, ids: Sequence[int]) -> None:
        if ids:
            self.memberships_added.setdefault(str(group_id), []).append([min(ids), max(ids)])
            self.row_count += len(ids)

    def restored_memberships(self, group_id: int, ids: Iterable[int]) -> None:
        runs = _runs(ids)
        if runs:
            self.memberships_added.setdefault(str(group_id), []).extend(runs)
            self.row_count += _width(runs)

    def took_addresses(self, rows: Sequence[AddressRow]) -> None:
        self.addresses_taken += rows
        self.row_count += len(rows)

    def took_memberships(self, rows: Iterable[tuple[int, int, int]]) -> None:
        """Rows as (id of the membership, of the group, of the address)."""
        for pk, group_id, address_id in rows:
            self.memberships_taken.setdefault(str(group_id), []).append([pk, address_id])
            self.row_count += 1

    def made_group(self, group: Group) -> None:
        self.groups_made.append([group.pk, group.name, microseconds(group.created_at)])
        self.row_count += 1

    def deleted_group(self, group: Group) -> None:
        self.groups_deleted.append([group.pk, group.name, microseconds(group.created_at)])
        self.row_count += 1

    def keep(self, act: Act) -> None:
        """Keep it as the next record of the act, in the caller's transaction; nothing where nothing was changed."""
        if not self.row_count:
            return
        UndoRecord.objects.create(
            act=act,
            number=act.record_count,
            row_count=self.row_count,
            holds_addresses=bool(self.addresses_taken),
            payload=self.packed(),
        )
        act.record_count += 1
        act.row_count += self.row_count
        act.save(update_fields=["record_count", "row_count"])

    def packed(self) -> bytes:
        values = {name: getattr(self, name) for name in self.__slots__}
        return zlib.compress(json.dumps(values, separators=(",", ":")).encode())

    @classmethod
    def unpacked(cls, payload: bytes | memoryview) -> Self:
        return cls(**json.loads(zlib.decompress(payload)))


def keep_at_once(edition: Edition, action: str, changes: UndoNotes, *, undoes: Act | None = None) -> Act | None:
    """The closed act of one transaction; None when that has changed nothing."""
    if not changes.row_count:
        return None
    act = acts.begin(edition, action, undoes=undoes)
    changes.keep(act)
    return acts.close(act)


def microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment_of(count: int) -> datetime:
    return _EPOCH + timedelta(microseconds=count)


def ids_in(ranges: Iterable[Range]) -> Iterable[int]:
    return chain.from_iterable(range(first, last + 1) for first, last in ranges)


def _runs(ids: Iterable[int]) -> list[Range]:
    """The same ids as ranges in which no other id lies."""
    runs: list[Range] = []
    for pk in sorted(ids):
        if runs and runs[-1][1] == pk - 1:
            runs[-1][1] = pk
        else:
            runs.append([pk, pk])
    return runs


def _width(ranges: Iterable[Range]) -> int:
    return sum(last - first + 1 for first, last in ranges)
