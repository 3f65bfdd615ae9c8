"""The book at one moment, read in pages (docs/decisions/0005-downloads.md).

A moment is pinned in one short transaction under the lock of the book: the highest ids, the last departure noted, the
names of the groups. Afterwards it can be read in any number of statements, as slowly as need be and as often as need
be: a row of the moment is still there, or was noted when it left. So a page asks for what is there first and for what
has left second, and what comes twice counts once.
"""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection
from django.db.models import Max

from addressbook import limits
from addressbook.models import Address, DepartedAddress, DepartedMembership, Group, Membership
from addressbook.models.searching import Search
from workspace.models import Edition

# (id, email, registered_at): SQLite hands a time over as text, in UTC.
AddressRow = tuple[int, str, str | datetime]

_GROUPS: Final = {
    "sqlite": "group_concat(group_id)",
    "postgresql": "string_agg(group_id::text, ',')",
}
_AMONG: Final = {"sqlite": "IN (SELECT value FROM json_each(%s))", "postgresql": "= ANY(%s)"}


@dataclass(frozen=True, slots=True)
class Moment:
    """What pins it. Names are those of all groups of then, by id."""

    edition_id: int
    through_address: int
    through_membership: int
    departed_addresses: int
    departed_memberships: int
    group_names: dict[int, str]


@dataclass(frozen=True, slots=True)
class Page:
    """Some addresses in the order of their registration; `groups` has the ids of their groups, with commas between.

    `looked_at` counts the addresses that were looked at to find them.
    """

    rows: list[AddressRow]
    groups: dict[int, str]
    looked_at: int


def pin(edition: Edition) -> Moment:
    """This moment. The caller holds the lock of the book, and marks its download as reading before it is released."""
    return Moment(
        edition_id=edition.pk,
        through_address=_highest(Address),
        through_membership=_highest(Membership),
        departed_addresses=_highest(DepartedAddress),
        departed_memberships=_highest(DepartedMembership),
        group_names=dict(Group.objects.filter(edition=edition).values_list("pk", "name")),
    )


def pages(
    moment: Moment,
    *,
    group_id: int | None = None,
    query: str = "",
    ids: Sequence[int] | None = None,
    with_groups: bool = True,
) -> Iterator[Page]:
    """The addresses of the moment: of one group, or all; with `query` those that a search for it finds.

    `ids`: of these only those.

    Without groups it takes half as long.
    """
    return _Reading(moment, group_id, query, ids, with_groups).pages()


class _Reading:
    def __init__(
        self, moment: Moment, group_id: int | None, query: str, ids: Sequence[int] | None, with_groups: bool
    ) -> None:
        self._moment = moment
        self._group_id = group_id
        self._ids = None if ids is None else sorted(ids)
        self._with_groups = with_groups
        self._found, self._pattern = _search(query)
        self._size = limits.ROWS_PER_DOWNLOAD_PAGE

    def pages(self) -> Iterator[Page]:
        after: int | None = 0
        while after is not None:
            began = time.monotonic()
            end, looked_at = self._end_of_page(after)
            through = self._moment.through_address if end is None else end
            rows = self._addresses(after, through)
            groups = self._groups(after, through, [row[0] for row in rows])
            self._adjust((time.monotonic() - began) * 1000)
            yield Page(rows, groups, looked_at)
            after = end

    def _adjust(self, milliseconds: float) -> None:
        """An address in a thousand groups takes a thousand times as long; a page must not."""
        if milliseconds > limits.DOWNLOAD_PAGE_MILLISECONDS:
            self._size = max(limits.LEAST_ROWS_PER_DOWNLOAD_PAGE, self._size // 2)
        elif milliseconds < limits.DOWNLOAD_PAGE_MILLISECONDS / 4:
            self._size = min(limits.ROWS_PER_DOWNLOAD_PAGE, self._size * 2)

    def _end_of_page(self, after: int) -> tuple[int | None, int]:
        """The last id of the page that begins after `after` (None: the page goes to the end), and how many it holds.

        This only cuts the ids into pieces that are small enough, so it need not be exact.
        """
        if self._ids is not None:
            chosen = [pk for pk in self._ids if pk > after][: self._size]
            return (None if len(chosen) < self._size else chosen[-1]), len(chosen)
        if self._group_id is None:
            there = "SELECT id FROM addressbook_address WHERE edition_id = %s AND id > %s AND id <= %s ORDER BY id"
            left = "SELECT address FROM addressbook_departedaddress WHERE edition_id = %s AND address > %s"
            scope = [self._moment.edition_id]
        else:
            there = """SELECT address_id FROM addressbook_membership
                       WHERE group_id = %s AND address_id > %s AND address_id <= %s ORDER BY address_id"""
            left = """SELECT address FROM addressbook_departedmembership
                      WHERE edition_id = %s AND "group" = %s AND address > %s"""
            scope = [self._group_id]
        ids = _fetch(f"{there} LIMIT %s", [*scope, after, self._moment.through_address, self._size])
        own = scope if self._group_id is None else [self._moment.edition_id, self._group_id]
        ids += _fetch(
            f"{left} AND address <= %s ORDER BY address LIMIT %s",
            [*own, after, self._moment.through_address, self._size],
        )
        page = sorted({row[0] for row in ids})[: self._size]
        return (None if len(page) < self._size else page[-1]), len(page)

    def _addresses(self, after: int, through: int) -> list[AddressRow]:
        if self._group_id is None and self._ids is None:
            here, here_values = "id > %s AND id <= %s", [after, through]
            gone, gone_values = "address > %s AND address <= %s", [after, through]
        else:
            members = _list(self._among_chosen(after, through))
            here, here_values = f"id {_among()}", [members]
            gone, gone_values = f"address {_among()}", [members]
        edition = self._moment.edition_id
        rows = _fetch(
            f"""SELECT id, email, registered_at FROM addressbook_address
                WHERE edition_id = %s AND {here} {self._found} ORDER BY id""",  # noqa: S608 - our own text
            [edition, *here_values, *self._pattern],
        )
        departed = _fetch(
            f"""SELECT address, email, registered_at FROM addressbook_departedaddress
                WHERE edition_id = %s AND {gone} AND id > %s {self._found}""",  # noqa: S608 - our own text
            [edition, *gone_values, self._moment.departed_addresses, *self._pattern],
        )
        if departed:
            rows = sorted({row[0]: row for row in (*rows, *departed)}.values())
        return rows

    def _among_chosen(self, after: int, through: int) -> list[int]:
        if self._ids is None:
            return self._members(after, through)
        chosen = [pk for pk in self._ids if after < pk <= through]
        if self._group_id is None:
            return chosen
        members = set(self._members(after, through))
        return [pk for pk in chosen if pk in members]

    def _members(self, after: int, through: int) -> list[int]:
        """The addresses that were in the group at the moment."""
        there = _fetch(
            """SELECT address_id FROM addressbook_membership
               WHERE group_id = %s AND address_id > %s AND address_id <= %s AND id <= %s""",
            [self._group_id, after, through, self._moment.through_membership],
        )
        left = _fetch(
            """SELECT address FROM addressbook_departedmembership
               WHERE edition_id = %s AND "group" = %s AND address > %s AND address <= %s
               AND id > %s AND membership <= %s""",
            [self._moment.edition_id, self._group_id, after, through, *self._departed_memberships()],
        )
        return sorted({row[0] for row in (*there, *left)})

    def _groups(self, after: int, through: int, ids: Sequence[int]) -> dict[int, str]:
        if not ids or not self._with_groups:
            return {}
        # A list is looked up one by one; where hardly any other book's addresses lie between, a range is faster.
        if through - after <= 2 * len(ids):
            which, values = "address_id > %s AND address_id <= %s", [after, through]
        else:
            which, values = f"address_id {_among()}", [_list(ids)]
        found: dict[int, str] = dict(
            _fetch(
                f"""SELECT address_id, {_GROUPS[connection.vendor]} FROM addressbook_membership
                    WHERE {which} AND id <= %s GROUP BY address_id""",  # noqa: S608 - our own text
                [*values, self._moment.through_membership],
            )
        )
        left = _fetch(
            """SELECT address, "group" FROM addressbook_departedmembership
               WHERE edition_id = %s AND address > %s AND address <= %s AND id > %s AND membership <= %s""",
            [self._moment.edition_id, after, through, *self._departed_memberships()],
        )
        for address_id, group_id in left:
            there = found.get(address_id, "")
            if str(group_id) not in there.split(","):
                found[address_id] = f"{there},{group_id}".lstrip(",")
        return found

    def _departed_memberships(self) -> tuple[int, int]:
        return self._moment.departed_memberships, self._moment.through_membership


def _search(query: str) -> tuple[str, list[Any]]:
    """The condition for what `AddressQuerySet.search` finds, on both tables that have `email` and `key`."""
    if not query:
        return "", []
    search = Search.of(query)
    if search.keys:
        return f"AND key {_among()}", [_list(search.keys)]
    lookup = "startswith" if search.lookup == "begins" else search.lookup
    compared = connection.ops.lookup_cast(lookup, "CharField") % search.column
    text = connection.ops.prep_for_like_query(search.text)
    before = "" if "startswith" in lookup else "%"
    pattern = before + text + ("" if "endswith" in lookup else "%")
    operator: str = connection.operators[lookup]  # type: ignore[attr-defined]  # as every backend has
    return f"AND {compared} {operator}", [pattern]


def _highest(model: Any) -> int:
    # Of all books: it only has to be above every committed id of this one, and this way costs one look at an index.
    return model._default_manager.aggregate(highest=Max("id"))["highest"] or 0


def _among() -> str:
    return _AMONG[connection.vendor]


def _list(ids: Sequence[int | str]) -> Any:
    return json.dumps(ids) if connection.vendor == "sqlite" else list(ids)


def _fetch(statement: str, values: list[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())
