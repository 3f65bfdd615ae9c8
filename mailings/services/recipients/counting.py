"""How many recipients a draft has, and why others who were chosen are not among them.

Looked at when asked, never kept: groups change, and so do suppressions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils import timezone

from mailings.models import Mailing, RecipientSource
from mailings.services.recipients.chosen import Sql, address_ids, everybody, listed
from workspace.models import AddressBook, Edition


@dataclass(frozen=True, slots=True)
class Line:
    """A source and how many it chooses by itself; `doubled` and `invalid` are entries of it that are no recipients."""

    source: RecipientSource
    chosen: int
    doubled: int
    invalid: int


@dataclass(frozen=True, slots=True)
class Numbers:
    """recipients = chosen - doubled - unsubscribed - blocked - invalid."""

    chosen: int = 0
    doubled: int = 0
    unsubscribed: int = 0
    blocked: int = 0
    invalid: int = 0
    lines: tuple[Line, ...] = ()

    @property
    def recipients(self) -> int:
        return self.chosen - self.doubled - self.unsubscribed - self.blocked - self.invalid


def count(draft: Mailing, edition: Edition) -> Numbers:
    sources = list(draft.sources.all())
    if not sources:
        return Numbers()
    lines = tuple(_line(source, edition) for source in sources)
    chosen = sum(line.chosen for line in lines)
    invalid = sum(line.invalid for line in lines)
    people = _people(sources, lines, edition)
    unsubscribed, blocked = _suppressed(draft, sources, edition)
    return Numbers(
        chosen=chosen,
        doubled=chosen - invalid - people,
        unsubscribed=unsubscribed,
        blocked=blocked,
        invalid=invalid,
        lines=lines,
    )


def active_suppressions(book: AddressBook, kind: str) -> Sql:
    """The keys that are suppressed now."""
    moment = connection.ops.adapt_datetimefield_value(timezone.now())
    return (
        "SELECT key FROM mailings_suppression WHERE book_id = %s AND kind = %s AND (until IS NULL OR until > %s)",
        [book.pk, kind, moment],
    )


def _line(source: RecipientSource, edition: Edition) -> Line:
    doubled = source.parameters.get("doubled", 0)
    invalid = source.parameters.get("invalid", 0)
    ids = address_ids(source, edition)
    if ids is None:
        sql, values = listed(source)
        own = _number(f"SELECT COUNT(*) FROM ({sql}) AS listed", values)  # noqa: S608
        return Line(source, own + doubled + invalid, doubled, invalid)
    sql, values = ids
    return Line(source, _number(f"SELECT COUNT(*) FROM ({sql}) AS chosen", values), 0, 0)  # noqa: S608


def _people(sources: Sequence[RecipientSource], lines: Sequence[Line], edition: Edition) -> int:
    """How many different people all sources choose."""
    if len(sources) == 1:
        return lines[0].chosen - lines[0].doubled - lines[0].invalid
    ids = [address_ids(source, edition) for source in sources]
    if all(ids):
        # Ids are told apart several times quicker than keys.
        union = " UNION ".join(sql for sql, _ in filter(None, ids))
        return _number(f"SELECT COUNT(*) FROM ({union}) AS people", [v for _, vs in filter(None, ids) for v in vs])  # noqa: S608
    sql, values = everybody(sources, edition)
    return _number(f"SELECT COUNT(DISTINCT key) FROM ({sql}) AS people", values)  # noqa: S608


def _suppressed(draft: Mailing, sources: Sequence[RecipientSource], edition: Edition) -> tuple[int, int]:
    """How many of the people are unsubscribed (of advertising only), and how many others are blocked."""
    sql, values = everybody(sources, edition)
    refused, refused_values = active_suppressions(draft.book, "unsubscribed")
    blocked, blocked_values = active_suppressions(draft.book, "blocked")
    among = f"SELECT COUNT(*) FROM ({{}}) AS suppressed WHERE key IN (SELECT key FROM ({sql}) AS people)"  # noqa: S608
    if not draft.is_advertising:
        return 0, _number(among.format(blocked), [*blocked_values, *values])
    unsubscribed_count = _number(among.format(refused), [*refused_values, *values])
    blocked_only = among.format(blocked) + f" AND key NOT IN ({refused})"
    return unsubscribed_count, _number(blocked_only, [*blocked_values, *values, *refused_values])


def _number(sql: str, values: Sequence[Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        (found,) = cursor.fetchone()
    return int(found)
