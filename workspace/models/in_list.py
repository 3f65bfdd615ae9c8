"""`field__among=ids`: as `__in`, for a thousand ids, without taking each of them through Django's hands.

They go to the database as one parameter. `__in` spends about 10 ms of the processor on a thousand values, several times
what the statement itself takes, and a bulk act asks so for every batch several times over. A set even passes Django
unseen, where a list is searched for expressions.
"""

import json
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, ForeignKey, Lookup
from django.db.models.sql.compiler import SQLCompiler

Sql = tuple[str, list[Any]]


@ForeignKey.register_lookup
@Field.register_lookup
class Among(Lookup):
    """The right side is a collection of ids or other integers, or of texts."""

    lookup_name = "among"

    def get_prep_lookup(self) -> list[int] | list[str]:
        return list(self.rhs)

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Sql:
        left, parameters = self.process_lhs(compiler, connection)
        return f"{left} IN (SELECT value FROM json_each(%s))", [*parameters, json.dumps(self.rhs)]  # noqa: S608

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Sql:
        left, parameters = self.process_lhs(compiler, connection)
        kind = "text" if self.rhs and isinstance(self.rhs[0], str) else "bigint"
        return f"{left} = ANY(%s::{kind}[])", [*parameters, self.rhs]
