"""What a search of addresses asks of the database."""

from dataclasses import dataclass
from typing import Any, Final, Self

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import CharField
from django.db.models.lookups import StartsWith
from django.db.models.sql.compiler import SQLCompiler

# At the end of a query: what comes before it is the beginning of an address. No address ends with it.
BEGINNING: Final = "*"

# Sorts behind every text that begins alike.
_LAST: Final = chr(0x10FFFF)


@dataclass(frozen=True, slots=True)
class Search:
    """A comparison of `email` or `key`, by the name of Django's lookup, with a text.

    The key is ASCII-lower-cased, so that a plain query needs no case folding by the database. A query in another
    script can only be found in what was typed: the key holds such a domain in punycode.
    """

    column: str
    lookup: str
    text: str

    @classmethod
    def of(cls, query: str) -> Self:
        """`query` anywhere in an address, whatever its case; with a `*` at its end, where an address begins."""
        text = beginning_of(query)
        if not text:
            return cls("key", "contains", query.lower()) if query.isascii() else cls("email", "icontains", query)
        return cls("key", "begins", text.lower()) if text.isascii() else cls("email", "istartswith", text)


def beginning_of(query: str) -> str:
    """What an address has to begin with to be found; empty where the query may stand anywhere in it."""
    return query.removesuffix(BEGINNING) if query.endswith(BEGINNING) else ""


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
