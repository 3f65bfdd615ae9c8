"""The addresses behind each number of a draft's recipients, a page at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django.db import connection

from mailings.models import LeftOutEntry, Mailing, RecipientSource
from mailings.services.recipients.chosen import Sql, choices, people, repeated
from mailings.services.recipients.suppressed import active_suppressions, not_suppressed
from workspace.models import Edition

PAGE_ROWS: Final = 50

_LEFT_OUT: Final = LeftOutEntry._meta.db_table


class Behind(StrEnum):
    """One of the numbers of `counting.Numbers`."""

    RECIPIENTS = "recipients"
    CHOSEN = "chosen"
    DOUBLED = "doubled"
    UNSUBSCRIBED = "unsubscribed"
    BLOCKED = "blocked"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Entry:
    """`row` is its place in a file or among what was typed, where it was left out there; 0 otherwise.

    `code` and `character` say why it is invalid: then `text` is as it was written.
    """

    text: str
    source: RecipientSource
    row: int
    code: str
    character: str


def entries(draft: Mailing, edition: Edition, which: Behind, *, page: int) -> list[Entry]:
    """The entries of a page, which counts from 1, in the order of the sources. Empty beyond the last page."""
    found: list[Entry] = []
    offset = (page - 1) * PAGE_ROWS
    for source, (sql, values) in _statements(draft, edition, which):
        wanted = PAGE_ROWS - len(found)
        with connection.cursor() as cursor:
            # The order makes a page the same whenever it is asked for.
            cursor.execute(f"{sql} ORDER BY tie LIMIT %s OFFSET %s", [*values, wanted, offset])
            rows = cursor.fetchall()
            if not rows and offset:
                cursor.execute(f"SELECT COUNT(*) FROM ({sql}) AS those", values)  # noqa: S608
                (count,) = cursor.fetchone()
                offset -= count
                continue
        found += [Entry(text, source, row, code, character or "") for _tie, text, row, code, character in rows]
        offset = 0
        if len(found) == PAGE_ROWS:
            break
    return found


def _statements(draft: Mailing, edition: Edition, which: Behind) -> Iterator[tuple[RecipientSource, Sql]]:
    """(tie, text, row, code, character) of each source in turn."""
    sources = list(draft.sources.all())
    if which in (Behind.CHOSEN, Behind.INVALID):
        for source in sources:
            if which == Behind.CHOSEN:
                yield source, _as_entries(choices(source, edition))
            yield from _left_out(source, which)
        return
    if which == Behind.DOUBLED:
        for source, again in zip(sources, repeated(sources, edition), strict=True):
            if again is not None:
                yield source, _as_entries(again)
            yield from _left_out(source, which)
        return
    condition, more = _condition(draft, which)
    for source, (sql, values) in zip(sources, people(sources, edition), strict=True):
        yield source, _as_entries((f"SELECT * FROM ({sql}) AS person WHERE {condition}", [*values, *more]))  # noqa: S608


def _as_entries(choice: Sql) -> Sql:
    sql, values = choice
    # One level of parentheses, since the order is by a column of the inner statement.
    return f"SELECT tie, email, 0, '', '' FROM ({sql}) AS entry", values  # noqa: S608


def _left_out(source: RecipientSource, which: Behind) -> Iterator[tuple[RecipientSource, Sql]]:
    sql = f"SELECT id AS tie, text, number, code, character FROM {_LEFT_OUT} WHERE source_id = %s"  # noqa: S608
    if which == Behind.CHOSEN:
        yield source, (sql, [source.pk])
    else:
        yield source, (f"{sql} AND is_doubled = %s", [source.pk, which == Behind.DOUBLED])


def _condition(draft: Mailing, which: Behind) -> Sql:
    if which == Behind.RECIPIENTS:
        return not_suppressed(draft)
    refused, refused_values = active_suppressions(draft.book, "unsubscribed")
    if which == Behind.UNSUBSCRIBED:
        return (f"key IN ({refused})", refused_values) if draft.is_advertising else ("1 = 0", [])
    blocked, values = active_suppressions(draft.book, "blocked")
    if draft.is_advertising:
        return f"key IN ({blocked}) AND key NOT IN ({refused})", [*values, *refused_values]
    return f"key IN ({blocked})", values
