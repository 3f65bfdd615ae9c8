"""Rows of recipients by the thousand: a batch is one JSON text, and one statement puts it into its table.

A model costs ten times as much as its row, and a driver's row by row twice as much as this.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from django.db import connection, models

# An array of arrays, whose entries stand in the order of the names that `insert` is given.
as_batch: Final[Callable[[Sequence[Sequence[Any]]], str]] = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":")
).encode


def insert(
    model: type[models.Model], names: Sequence[str], batch: str, *, same: Mapping[str, Any], first: int | None = None
) -> None:
    """Insert the rows of a batch; each has the values `same`, too. `first`: they are numbered from there on.

    Columns that are not named must have a default in the database, or be empty.
    """
    fields = {field.name: field for field in model._meta.concrete_fields}
    is_sqlite = connection.vendor == "sqlite"
    selected = ["%s"] * len(same)
    values = list(same.values())
    columns = list(same)
    if first is not None:
        selected.append("%s + entry.key" if is_sqlite else "%s + entry.place - 1")
        values.append(first)
        columns.append("number")
    for place, name in enumerate(names):
        selected.append(_of_sqlite(place) if is_sqlite else _of_postgresql(place, fields[name]))
        columns.append(name)
    quote = connection.ops.quote_name
    into = f"{quote(model._meta.db_table)} ({', '.join(quote(str(fields[name].column)) for name in columns)})"
    source = (
        "json_each(%s) AS entry"
        if is_sqlite
        else "jsonb_array_elements(%s::jsonb) WITH ORDINALITY AS entry(value, place)"
    )
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {into} SELECT {', '.join(selected)} FROM {source}", [*values, batch])  # noqa: S608


def _of_sqlite(place: int) -> str:
    return f"json_extract(entry.value, '$[{place}]')"


def _of_postgresql(place: int, field: "models.Field[Any, Any]") -> str:
    if isinstance(field, models.JSONField):
        return f"NULLIF(entry.value -> {place}, 'null'::jsonb)"
    return f"(entry.value ->> {place})::{field.db_type(connection)}"
