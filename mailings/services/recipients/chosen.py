"""The SQL of whom a draft's sources choose: (position, tie, email, key, name, values) for every choice.

`position` is the source's place and `tie` the place within it: where two sources choose the same person, the first one
counts. A person is a key, whatever the spelling of the address.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection

from addressbook.models import Group
from addressbook.services.addresses.selection import Selection
from mailings.models import RecipientSource
from workspace.models import Edition

Sql = tuple[str, list[Any]]

_NO_VALUES: Final = {"sqlite": "NULL", "postgresql": "NULL::jsonb"}


@dataclass(frozen=True, slots=True)
class GroupChoice:
    """Addresses that are in any, or in all, of some groups, and in none of others."""

    group_ids: tuple[int, ...]
    in_all: bool = False
    without_ids: tuple[int, ...] = ()

    @classmethod
    def of(cls, source: RecipientSource) -> "GroupChoice":
        values = source.parameters
        return cls(tuple(values["groups"]), bool(values["in_all"]), tuple(values["without"]))


def everybody(sources: Sequence[RecipientSource], edition: Edition) -> Sql:
    """All choices of all sources, doubled ones included. Without sources: no row."""
    parts = [_choices(position, source, edition) for position, source in enumerate(sources)]
    if not parts:
        none = f"SELECT 0 AS position, 0 AS tie, '' AS email, '' AS key, '' AS name, {_no_values()} AS vals WHERE 1 = 0"
        return none, []
    return " UNION ALL ".join(sql for sql, _ in parts), [value for _, values in parts for value in values]


def address_ids(source: RecipientSource, edition: Edition) -> Sql | None:
    """The ids of the addresses that a source of the address book chooses; None for any other source."""
    if source.kind == RecipientSource.Kind.GROUPS:
        return _in_groups(GroupChoice.of(source), edition)
    if source.kind == RecipientSource.Kind.SELECTION:
        rows = Selection.from_json(source.parameters["selection"]).addresses(edition).order_by().values_list("pk")
        sql, values = rows.query.sql_with_params()
        return sql, list(values)
    return None


def listed(source: RecipientSource) -> Sql:
    """(tie, email, key, name, vals) of a source that has rows of its own, or those of an earlier mailing."""
    columns = f"SELECT number AS tie, email, key, name, {_column('values')} AS vals"
    if source.kind != RecipientSource.Kind.RESULTS:
        return f"{columns} FROM mailings_sourcerow WHERE source_id = %s", [source.pk]
    reasons = source.parameters["reasons"]
    wanted = " OR ".join("(state = %s AND result_code = %s)" for _ in reasons) or "1 = 0"
    # Who was forgotten has no address any more.
    rows = f"{columns} FROM mailings_recipient WHERE mailing_id = %s AND email <> '' AND ({wanted})"
    return rows, [source.parameters["mailing"], *(value for reason in reasons for value in reason)]


def choices(source: RecipientSource, edition: Edition) -> Sql:
    """All that one source chooses."""
    return _choices(0, source, edition)


def people(sources: Sequence[RecipientSource], edition: Edition) -> list[Sql]:
    """The choices of each source without those of the sources before it: everybody once, source by source.

    Told apart by the database, since a list of a million keys would not fit into a worker.
    """
    statements = []
    for position, source in enumerate(sources):
        sql, values = _choices(position, source, edition)
        condition, more = _not_chosen_by(sources[:position], source, edition)
        where = f" WHERE {condition}" if condition else ""
        statements.append((f"SELECT * FROM ({sql}) AS choice{where}", [*values, *more]))  # noqa: S608
    return statements


def repeated(sources: Sequence[RecipientSource], edition: Edition) -> list[Sql | None]:
    """The choices of each source that a source before it has made; None for the first source."""
    statements: list[Sql | None] = []
    for position, source in enumerate(sources):
        if not position:
            statements.append(None)
            continue
        sql, values = _choices(position, source, edition)
        condition, more = _not_chosen_by(sources[:position], source, edition)
        statements.append((f"SELECT * FROM ({sql}) AS choice WHERE NOT ({condition})", [*values, *more]))  # noqa: S608
    return statements


def _choices(position: int, source: RecipientSource, edition: Edition) -> Sql:
    ids = address_ids(source, edition)
    if ids is None:
        sql, values = listed(source)
        return f"SELECT {position} AS position, own.* FROM ({sql}) AS own", values  # noqa: S608
    sql, values = ids
    addresses = (
        f"SELECT {position} AS position, address.id AS tie, address.email, address.key, '' AS name,"  # noqa: S608
        f" {_no_values()} AS vals FROM addressbook_address AS address"
        f" WHERE address.edition_id = %s AND address.id IN ({sql})"
    )
    return addresses, [edition.pk, *values]


def _in_groups(choice: GroupChoice, edition: Edition) -> Sql:
    there = set(Group.objects.filter(edition=edition, pk__in=choice.group_ids).values_list("pk", flat=True))
    wanted = [pk for pk in choice.group_ids if pk in there]
    # A group that is gone holds nobody: nobody is in all of the groups then.
    if not wanted or (choice.in_all and len(wanted) < len(choice.group_ids)):
        return "SELECT address_id FROM addressbook_membership WHERE 1 = 0", []
    if choice.in_all:
        each = " INTERSECT ".join("SELECT address_id FROM addressbook_membership WHERE group_id = %s" for _ in wanted)
        # In parentheses: SQLite takes UNION and INTERSECT in the order in which they stand.
        sql, values = f"SELECT address_id FROM ({each}) AS in_all", list[Any](wanted)  # noqa: S608
    else:
        distinct = "DISTINCT " if len(wanted) > 1 else ""
        sql = f"SELECT {distinct}address_id FROM addressbook_membership WHERE group_id {_among(wanted)}"  # noqa: S608
        values = list(wanted)
    if choice.without_ids:
        sql = (
            f"SELECT address_id FROM ({sql}) AS those WHERE NOT EXISTS (SELECT 1 FROM addressbook_membership AS other"  # noqa: S608
            f" WHERE other.address_id = those.address_id AND other.group_id {_among(choice.without_ids)})"
        )
        values += choice.without_ids
    return sql, values


def _among(ids: Sequence[int]) -> str:
    """One by one: for an array or a JSON list, the planner would not know how few they are."""
    return "= %s" if len(ids) == 1 else f"IN ({', '.join(['%s'] * len(ids))})"


def _no_values() -> str:
    return _NO_VALUES[connection.vendor]


def _column(name: str) -> str:
    return connection.ops.quote_name(name)


def _not_chosen_by(earlier: Sequence[RecipientSource], source: RecipientSource, edition: Edition) -> Sql:
    ids = [found for other in earlier if (found := address_ids(other, edition))]
    conditions, values = [], []
    if ids:
        union = " UNION ALL ".join(sql for sql, _ in ids)
        id_values = [value for _, own in ids for value in own]
        if address_ids(source, edition) is not None:
            conditions.append(f"tie NOT IN ({union})")
        else:
            conditions.append(f"key NOT IN (SELECT key FROM addressbook_address WHERE id IN ({union}))")  # noqa: S608
        values += id_values
    for other in earlier:
        if address_ids(other, edition) is None:
            rows, own = listed(other)
            conditions.append(f"key NOT IN (SELECT key FROM ({rows}) AS other)")  # noqa: S608
            values += own
    return " AND ".join(conditions), values


def one_number(sql: str, values: Sequence[Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        (found,) = cursor.fetchone()
    return int(found)
