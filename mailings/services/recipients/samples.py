"""Single recipients of a draft, to show its mail as they would get it."""

import json
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection

from mailings.models import Mailing, RecipientSource
from mailings.services.recipients.chosen import people
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
    """The one with the longest values, out of files; None where no source has values."""
    return _extreme(draft, "DESC")


def emptiest(draft: Mailing) -> Sample | None:
    return _extreme(draft, "ASC")


def _extreme(draft: Mailing, direction: str) -> Sample | None:
    column = connection.ops.quote_name("values")
    length = f"LENGTH({column})" if connection.vendor == "sqlite" else f"LENGTH({column}::text)"
    sources = list(draft.sources.filter(kind=RecipientSource.Kind.FILE).values_list("pk", flat=True))
    if not sources:
        return None
    marks = ", ".join(["%s"] * len(sources))
    statement = (
        f"SELECT number, email, name, {column} FROM mailings_sourcerow WHERE source_id IN ({marks})"  # noqa: S608
        f" ORDER BY {length} {direction}, number LIMIT 1"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, sources)
        row = cursor.fetchone()
    return _sample(row[0], row[1:]) if row else None


def _sample(number: int, row: Any) -> Sample:
    email, name, values = row
    return Sample(number, email, name, json.loads(values) if isinstance(values, str) else values or {})
