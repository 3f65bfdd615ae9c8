"""How many recipients a draft has, and why others who were chosen are not among them.

Looked at when asked, never kept: groups change, and so do suppressions.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from mailings.models import Mailing, RecipientSource
from mailings.services.recipients.chosen import address_ids, everybody, one_number
from mailings.services.recipients.suppressed import count_suppressed, listed
from workspace.models import Edition


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
    unsubscribed, blocked = count_suppressed(draft, sources, edition, people)
    return Numbers(
        chosen=chosen,
        doubled=chosen - invalid - people,
        unsubscribed=unsubscribed,
        blocked=blocked,
        invalid=invalid,
        lines=lines,
    )


def _line(source: RecipientSource, edition: Edition) -> Line:
    doubled = source.parameters.get("doubled", 0)
    invalid = source.parameters.get("invalid", 0)
    ids = address_ids(source, edition)
    if ids is None:
        sql, values = listed(source)
        own = one_number(f"SELECT COUNT(*) FROM ({sql}) AS listed", values)  # noqa: S608
        return Line(source, own + doubled + invalid, doubled, invalid)
    sql, values = ids
    return Line(source, one_number(f"SELECT COUNT(*) FROM ({sql}) AS chosen", values), 0, 0)  # noqa: S608


def _people(sources: Sequence[RecipientSource], lines: Sequence[Line], edition: Edition) -> int:
    """How many different people all sources choose."""
    if len(sources) == 1:
        return lines[0].chosen - lines[0].doubled - lines[0].invalid
    ids = [address_ids(source, edition) for source in sources]
    if all(ids):
        # Ids are told apart several times quicker than keys. In order, SQLite merges what its indexes give in order.
        union = " UNION ".join(sql for sql, _ in filter(None, ids))
        union += " ORDER BY 1" if connection.vendor == "sqlite" else ""
        return one_number(f"SELECT COUNT(*) FROM ({union}) AS people", [v for _, vs in filter(None, ids) for v in vs])  # noqa: S608
    sql, values = everybody(sources, edition)
    return one_number(f"SELECT COUNT(DISTINCT key) FROM ({sql}) AS people", values)  # noqa: S608
