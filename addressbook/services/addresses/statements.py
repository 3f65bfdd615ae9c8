"""The statements that take rows to be kept, give them back under their old ids, and move many, one for a whole batch.

A batch passes through one parameter: that takes a tenth of what a thousand rows cost as objects. The caller holds the
lock of the book, and knows that none of the rows that it gives back is there.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from django.db import connection

from addressbook.services.addresses.undo_log import AddressRow, MembershipRow, microseconds, moment_of

_ADDRESSES: Final = {
    "sqlite": """SELECT json_extract(value, '$[0]') AS id, json_extract(value, '$[1]') AS email,
                 json_extract(value, '$[2]') AS key, json_extract(value, '$[3]') AS registered_at,
                 json_extract(value, '$[4]') AS origin_id FROM json_each(%s)""",
    "postgresql": """SELECT * FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::timestamptz[], %s::bigint[])
                     AS row(id, email, key, registered_at, origin_id)""",
}
_MEMBERSHIPS: Final = {
    "sqlite": """SELECT json_extract(value, '$[0]') AS id, json_extract(value, '$[1]') AS address_id
                 FROM json_each(%s)""",
    "postgresql": "SELECT * FROM unnest(%s::bigint[], %s::bigint[]) AS row(id, address_id)",
}
_COUNTS: Final = {
    "sqlite": """UPDATE addressbook_group SET address_count = address_count + change.difference
                 FROM (SELECT json_extract(value, '$[0]') AS id, json_extract(value, '$[1]') AS difference
                       FROM json_each(%s)) AS change WHERE addressbook_group.id = change.id""",
    "postgresql": """UPDATE addressbook_group SET address_count = address_count + change.difference
                     FROM unnest(%s::bigint[], %s::integer[]) AS change(id, difference)
                     WHERE addressbook_group.id = change.id""",
}
# Found by the index, one by one: see `uploads.sql`.
_KNOWN: Final = {
    "sqlite": """SELECT address.key, address.id FROM json_each(%s) AS entry CROSS JOIN addressbook_address AS address
                 WHERE address.edition_id = %s AND address.key = entry.value""",
    "postgresql": """SELECT entry.key, address.id FROM unnest(%s::text[]) AS entry(key) CROSS JOIN LATERAL
                     (SELECT id FROM addressbook_address WHERE edition_id = %s AND key = entry.key OFFSET 0)
                     AS address""",
}


def take_addresses(edition_id: int, ids: Collection[int]) -> list[AddressRow]:
    """Delete these addresses; returns those that were there as `insert_addresses` takes them, in the order of ids."""
    statement = f"""DELETE FROM addressbook_address WHERE edition_id = %s AND id {_among()}
        RETURNING id, email, key, registered_at, origin_id"""  # noqa: S608 - nothing but our own text
    rows = sorted(_returned(statement, [edition_id, _list(ids)]))
    # Few moments for many rows: each is read once.
    moments = {moment: microseconds(_moment(moment)) for moment in {row[3] for row in rows}}
    return [
        [pk, email, None if key == email else key, moments[moment], origin] for pk, email, key, moment, origin in rows
    ]


def take_memberships(address_ids: Collection[int]) -> list[tuple[int, int, int]]:
    """Take these addresses out of all their groups; returns (id, group, address) of each, in the order of ids."""
    statement = f"""DELETE FROM addressbook_membership WHERE address_id {_among()}
        RETURNING id, group_id, address_id"""  # noqa: S608 - nothing but our own text
    return sorted(_returned(statement, [_list(address_ids)]))


def take_out_of_group(group_id: int, address_ids: Collection[int]) -> list[tuple[int, int, int]]:
    """The same for one group."""
    statement = f"""DELETE FROM addressbook_membership WHERE group_id = %s AND address_id {_among()}
        RETURNING id, group_id, address_id"""  # noqa: S608 - nothing but our own text
    return sorted(_returned(statement, [group_id, _list(address_ids)]))


def _moment(value: datetime) -> datetime:
    """A time as the driver gives it: SQLite's, in UTC, says no zone."""
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def insert_addresses(edition_id: int, rows: Sequence[AddressRow], *, origins: set[int]) -> None:
    """The addresses, with their origin where that is one of `origins`."""
    moments = {count: connection.ops.adapt_datetimefield_value(moment_of(count)) for count in {row[3] for row in rows}}
    values = [
        (pk, email, key or email, moments[count], origin if origin in origins else None)
        for pk, email, key, count, origin in rows
    ]
    source = _ADDRESSES[connection.vendor]
    statement = f"""INSERT INTO addressbook_address (id, edition_id, email, key, registered_at, origin_id)
        SELECT id, %s, email, key, registered_at, origin_id FROM ({source}) AS entry"""  # noqa: S608 - our own text
    _execute(statement, [edition_id, *_columns(values)])


def insert_memberships(group_id: int, rows: Sequence[MembershipRow]) -> None:
    source = _MEMBERSHIPS[connection.vendor]
    statement = f"""INSERT INTO addressbook_membership (id, group_id, address_id)
        SELECT id, %s, address_id FROM ({source}) AS entry"""  # noqa: S608 - nothing but our own text
    _execute(statement, [group_id, *_columns(rows)])


def put_into_group(group_id: int, address_ids: Collection[int]) -> list[int]:
    """New memberships of those of these addresses that are not in the group; returns the ids of the memberships."""
    source = "json_each(%s)" if connection.vendor == "sqlite" else "unnest(%s::bigint[]) AS entry(value)"
    # Without a WHERE SQLite takes ON for the beginning of a join.
    statement = f"""INSERT INTO addressbook_membership (group_id, address_id)
        SELECT %s, value FROM {source} WHERE true
        ON CONFLICT (group_id, address_id) DO NOTHING RETURNING id"""  # noqa: S608 - nothing but our own text
    return [pk for (pk,) in _returned(statement, [group_id, _list(address_ids)])]


def change_group_counts(differences: Mapping[int, int]) -> None:
    """Add to the counts of these groups, by their ids: an address that goes may leave a thousand of them."""
    if differences:
        _execute(_COUNTS[connection.vendor], _columns(list(differences.items())))


def ids_by_key(edition_id: int, keys: Sequence[str]) -> dict[str, int]:
    """Those of the keys that are in the edition, with the ids of their addresses."""
    return dict(_returned(_KNOWN[connection.vendor], [_list(keys), edition_id]))


def _among() -> str:
    """The SQL condition that a column holds one of the ids that `_list` passes."""
    return "IN (SELECT value FROM json_each(%s))" if connection.vendor == "sqlite" else "= ANY(%s::bigint[])"


def _list(values: Collection[int | str]) -> Any:
    """Values as one parameter."""
    return json.dumps(list(values)) if connection.vendor == "sqlite" else list(values)


def _columns(rows: Sequence[Sequence[Any]]) -> list[Any]:
    """The rows as the parameters of a source."""
    if connection.vendor == "sqlite":
        return [json.dumps(rows)]
    return [list(column) for column in zip(*rows, strict=True)]


def _execute(statement: str, parameters: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def _returned(statement: str, parameters: list[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()
