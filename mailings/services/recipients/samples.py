"""Single recipients of a draft, to show its mail as they would get it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection

from mailings.models import Mailing, RecipientSource
from mailings.services.recipients.chosen import listed, people
from workspace.models import Edition

# How far a preview leafs: nobody looks at more, and the database counts its way to each.
LEAFED_MOST: Final = 1_000


@dataclass(frozen=True, slots=True)
class Sample:
    """`number` counts from 1; 0 for the values of nobody, where a draft has no recipients."""

    number: int
    email: str
    name: str
    values: dict[str, str]


def nth(draft: Mailing, edition: Edition, number: int) -> Sample | None:
    """The recipient of that number, in the order of the sources; None beyond the last."""
    offset = number - 1
    for sql, values in people(list(draft.sources.all()), edition):
        with connection.cursor() as cursor:
            statement = f"SELECT email, name, vals FROM ({sql}) AS those ORDER BY tie LIMIT 1 OFFSET %s"  # noqa: S608
            cursor.execute(statement, [*values, offset])
            row = cursor.fetchone()
            if row is not None:
                return _sample(number, row)
            cursor.execute(f"SELECT COUNT(*) FROM ({sql}) AS those", values)  # noqa: S608
            (count,) = cursor.fetchone()
        offset -= count
    return None


def longest(draft: Mailing) -> Sample | None:
    """The one with the longest values, out of files and earlier mailings; None where no source has values."""
    return _extreme(draft, "DESC")


def emptiest(draft: Mailing) -> Sample | None:
    return _extreme(draft, "ASC")


def without_value(source: RecipientSource, names: Sequence[str]) -> dict[str, int]:
    """By placeholder, how many of a source with rows have no value for it."""
    if not names:
        return {}
    sql, values = listed(source)
    is_sqlite = connection.vendor == "sqlite"
    value = "json_extract(vals, %s)" if is_sqlite else "vals ->> %s"
    counts = ", ".join(f"COUNT(*) FILTER (WHERE COALESCE({value}, '') = '')" for _ in names)
    paths = [f'$."{name}"' for name in names] if is_sqlite else list(names)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {counts} FROM ({sql}) AS listed", [*paths, *values])  # noqa: S608
        row = cursor.fetchone()
    return {name: count for name, count in zip(names, row, strict=True) if count}


def _extreme(draft: Mailing, direction: str) -> Sample | None:
    length = "LENGTH(vals)" if connection.vendor == "sqlite" else "LENGTH(vals::text)"
    kinds = [RecipientSource.Kind.FILE, RecipientSource.Kind.RESULTS]
    sources = [listed(source) for source in draft.sources.filter(kind__in=kinds)]
    if not sources:
        return None
    rows = " UNION ALL ".join(sql for sql, _ in sources)
    statement = (
        f"SELECT tie, email, name, vals FROM ({rows}) AS listed WHERE vals IS NOT NULL"  # noqa: S608
        f" ORDER BY {length} {direction}, tie LIMIT 1"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [value for _, values in sources for value in values])
        row = cursor.fetchone()
    return _sample(row[0], row[1:]) if row else None


def _sample(number: int, row: Any) -> Sample:
    email, name, values = row
    return Sample(number, email, name, json.loads(values) if isinstance(values, str) else values or {})
