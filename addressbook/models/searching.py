"""What a search of addresses asks of the database."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Self

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import CharField
from django.db.models.lookups import StartsWith
from django.db.models.sql.compiler import SQLCompiler

from libraries import email_addresses

# At an end of a query: whatever an address has there. No address ends with it.
ANYWHERE: Final = "*"

# What no part of an address holds, so that a query with it was copied along with something else.
_AROUND: Final = frozenset(' \t\n<>,;:()[]"|，；、：（）〔〕“”')

# Sorts behind every text that begins alike.
_LAST: Final = chr(0x10FFFF)


@dataclass(frozen=True, slots=True)
class Search:
    """A comparison of `email` or `key`, by the name of Django's lookup, with a text, or with one of several `keys`.

    The key is ASCII-lower-cased, so that a plain query needs no case folding by the database. A query in another
    script can only be found in what was typed: the key holds such a domain in punycode.
    """

    column: str
    lookup: str
    text: str
    # Of whole addresses, where the query names several.
    keys: tuple[str, ...] = ()

    @classmethod
    def of(cls, query: str) -> Self:
        """`query` anywhere in an address, whatever its case; with a `*` before or after it, how one ends or begins.

        What a person pastes is read as where addresses are registered: of `Kim <kim@example.com>,` the address is
        looked for, and of several addresses any.
        """
        if text := beginning_of(query):
            return cls("key", "begins", text.lower()) if text.isascii() else cls("email", "istartswith", text)
        if text := ending_of(query):
            return cls("key", "endswith", text.lower()) if text.isascii() else cls("email", "iendswith", text)
        keys = _named(query)
        if len(keys) > 1:
            return cls("key", "in", "", keys)
        if keys and any(character in _AROUND for character in query):
            return cls("key", "contains", keys[0])
        text = query.strip(ANYWHERE) if _is_between_stars(query) else query
        return cls("key", "contains", text.lower()) if text.isascii() else cls("email", "icontains", text)

    @property
    def value(self) -> str | tuple[str, ...]:
        return self.keys or self.text


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed to beside a group and a search. Both days are included."""

    since: date | None = None
    until: date | None = None
    upload_id: int | None = None

    def __bool__(self) -> bool:
        return any((self.since, self.until, self.upload_id))


def beginning_of(query: str) -> str:
    """What an address has to begin with to be found; empty where the query says something else."""
    return query.removesuffix(ANYWHERE) if query.endswith(ANYWHERE) and not query.startswith(ANYWHERE) else ""


def ending_of(query: str) -> str:
    """What an address has to end with to be found; empty where the query says something else."""
    return query.removeprefix(ANYWHERE) if query.startswith(ANYWHERE) and not query.endswith(ANYWHERE) else ""


def _is_between_stars(query: str) -> bool:
    return len(query) > 2 and query.startswith(ANYWHERE) and query.endswith(ANYWHERE)


def _named(query: str) -> tuple[str, ...]:
    """The keys of the whole addresses that a query names, each once."""
    if "@" not in query:
        return ()
    found = email_addresses.read(query)
    repaired = (email_addresses.parse(entry.suggestion) for entry in found.refused if entry.suggestion)
    return tuple(dict.fromkeys(address.key for address in (*found.addresses, *repaired)))


@CharField.register_lookup
class Begins(StartsWith):
    """As `startswith`, for a column that is compared byte by byte, and found by its index on every database.

    SQLite's LIKE folds case, and therefore cannot use an index of bytes; a range of it says the same. PostgreSQL's can,
    where the index is one of varchar_pattern_ops.
    """

    lookup_name = "begins"

    def get_rhs_op(self, connection: BaseDatabaseWrapper, rhs: str) -> str:
        operator: str = connection.operators["startswith"]  # type: ignore[attr-defined]  # as every backend has
        return operator % rhs

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> tuple[str, list[Any]]:
        column, values = self.process_lhs(compiler, connection)
        return f"({column} >= %s AND {column} < %s)", [*values, self.rhs, *values, self.rhs + _LAST]
