"""The statements that a million rows need, each one for a whole batch.

`INSERT ... SELECT` from one parameter is about as fast as the bare driver can be, and the ids that come back are those
of the rows that really were inserted. The caller holds the lock of the book.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.db import connection

# A table of (email, key), called `entry`, out of what `pairs_passed` gives.
PAIRS: Final = {
    "sqlite": """(SELECT json_extract(value, '$[0]') AS email, json_extract(value, '$[1]') AS key
                  FROM json_each(%s)) AS entry""",
    "postgresql": "unnest(%s::text[], %s::text[]) AS entry(email, key)",
}

# The addresses of these keys in this edition, each found by the index. SQLite takes the tables of a CROSS JOIN in this
# order. PostgreSQL, left to itself, reads the whole edition for each batch while its statistics know nothing of the
# rows that have just come: 86 ms in place of 15 at 100,000 rows. OFFSET 0 keeps it from rearranging.
_FOUND: Final = {
    "sqlite": """(SELECT value AS key FROM json_each(%s)) AS entry CROSS JOIN addressbook_address AS address
                 WHERE address.edition_id = %s AND address.key = entry.key""",
    "postgresql": """unnest(%s::text[]) AS entry(key) CROSS JOIN LATERAL
                     (SELECT id FROM addressbook_address WHERE edition_id = %s AND key = entry.key OFFSET 0) AS address
                     WHERE true""",
}


def insert_addresses(
    *, edition_id: int, upload_id: int | None, pairs: Sequence[tuple[str, str]], registered_at: datetime
) -> list[int]:
    """Insert those (email, key) whose key is not in the edition yet; returns the ids that they got."""
    statement = f"""
        INSERT INTO addressbook_address (edition_id, email, key, registered_at, origin_id)
        SELECT %s, entry.email, entry.key, %s, %s FROM {PAIRS[connection.vendor]} WHERE true
        ON CONFLICT (edition_id, key) DO NOTHING RETURNING id
    """  # noqa: S608 - nothing but our own text
    moment = connection.ops.adapt_datetimefield_value(registered_at)
    return inserted(statement, [edition_id, moment, upload_id, *pairs_passed(pairs)])


def insert_memberships(*, edition_id: int, group_id: int, keys: Sequence[str]) -> list[int]:
    """Put the addresses with these keys into the group, where they are not in it yet; returns the memberships' ids."""
    statement = f"""
        INSERT INTO addressbook_membership (group_id, address_id)
        SELECT %s, address.id FROM {_FOUND[connection.vendor]}
        ON CONFLICT (group_id, address_id) DO NOTHING RETURNING id
    """  # noqa: S608 - nothing but our own text
    return inserted(statement, [group_id, _list(keys), edition_id])


def count_known(*, edition_id: int, keys: Sequence[str]) -> int:
    """How many of these keys, all different, are in the edition."""
    statement = f"SELECT COUNT(*) FROM {_FOUND[connection.vendor]}"  # noqa: S608 - nothing but our own text
    with connection.cursor() as cursor:
        cursor.execute(statement, [_list(keys), edition_id])
        (count,) = cursor.fetchone()
    return int(count)


def pairs_passed(pairs: Sequence[tuple[str, str]]) -> list[Any]:
    """The (email, key) as the parameters of PAIRS; one at least."""
    if connection.vendor == "sqlite":
        return [json.dumps(pairs)]
    return [list(column) for column in zip(*pairs, strict=True)]


def _list(keys: Sequence[str]) -> Any:
    return json.dumps(keys) if connection.vendor == "sqlite" else list(keys)


def inserted(statement: str, parameters: list[Any]) -> list[int]:
    """The ids that a statement returns."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return [pk for (pk,) in cursor.fetchall()]
