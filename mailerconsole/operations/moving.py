"""Everything from one database into another, row by row, and proof that both hold the same."""

import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

import dj_database_url
from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management.color import no_style
from django.db import DatabaseError, connections, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Model

from addressbook.services.addresses import integrity
from workspace import sqlite
from workspace.models import AddressBook, AuditEvent, User
from workspace.services import history

SOURCE: Final = "source"
TARGET: Final = "default"

# Records of undo may have a megabyte each.
ROWS_AT_A_TIME: Final = 1_000


class MoveError(Exception):
    """The message is a sentence for the operator. The target is as it was."""


def move(source_url: str) -> dict[str, int]:
    """Fill the empty database of the settings with what the other holds; returns the rows by table. Raises MoveError.

    All in one transaction of the target: it has everything, compared value by value and checked, or nothing. The
    source is read in one transaction too, and is not changed.
    """
    with _source(source_url):
        _require_empty()
        with transaction.atomic(using=SOURCE), transaction.atomic(using=TARGET):
            Permission.objects.using(TARGET).all().delete()
            ContentType.objects.using(TARGET).all().delete()
            moved = {model._meta.db_table: _copy(model) for model in _models()}
            _set_sequences()
            for model in _models():
                _compare(model)
            _require_whole()
    return moved


@contextmanager
def _source(url: str) -> Iterator[None]:
    """The database of the URL as the connection SOURCE. Raises MoveError unless both have this version's tables."""
    try:
        parsed: dict[str, Any] = dict(dj_database_url.parse(url))
    except ValueError:
        parsed = {}  # what follows is not chained to it: the URL holds a password
    options = {**connections.settings[TARGET], **parsed}
    is_sqlite = options["ENGINE"].endswith("sqlite3")
    if not parsed or not (is_sqlite or options["ENGINE"].endswith("postgresql")):
        raise MoveError("The source must be a URL such as sqlite:////path/to/mailerconsole.sqlite3.")
    # SQLite would make an empty one.
    if is_sqlite and not Path(options["NAME"]).is_file():
        raise MoveError(f"There is no file {options['NAME']}.")
    # Of the URL, such as sslmode, and never those of the target.
    how = sqlite.for_reading(Path(options["NAME"])) if is_sqlite else {"OPTIONS": parsed.get("OPTIONS", {})}
    connections.settings[SOURCE] = {**options, **how}
    try:
        _require_reachable()
        _require_same_tables()
        yield
    except MoveError as error:
        # What was being read is let go of, before the connection closes under it.
        traceback.clear_frames(error.__traceback__)
        raise
    finally:
        connections[SOURCE].close()
        del connections[SOURCE]
        del connections.settings[SOURCE]


def _require_reachable() -> None:
    try:
        connections[SOURCE].introspection.table_names()
    except DatabaseError:
        # Not chained: what the driver says names the host and the user.
        raise MoveError(
            "The source cannot be read. A SQLite file that a console was writing when it was killed needs "
            "that console once more: start it and stop it, then move."
            if connections[SOURCE].vendor == "sqlite"
            else "The source cannot be reached."
        ) from None


def _models() -> list[type[Model]]:
    return [
        model for model in apps.get_models(include_auto_created=True) if model._meta.managed and not model._meta.proxy
    ]


def _require_same_tables() -> None:
    applied = {}
    for alias in (SOURCE, TARGET):
        with connections[alias].cursor() as cursor:
            if "django_migrations" not in connections[alias].introspection.table_names(cursor):
                raise MoveError(f"The {'source' if alias == SOURCE else 'target'} holds no Mailer Console.")
            cursor.execute("SELECT app, name FROM django_migrations")
            applied[alias] = set(cursor.fetchall())
    executor = MigrationExecutor(connections[TARGET])
    if applied[SOURCE] != applied[TARGET] or executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise MoveError("Both must have been brought up to date by this version first: manage.py migrate")


def _require_empty() -> None:
    if any(model._default_manager.using(TARGET).exists() for model in (User, AddressBook, AuditEvent)):
        raise MoveError("The database of DATABASE_URL is in use already: nothing was moved.")


def _copy(model: type[Model]) -> int:
    fields = model._meta.local_concrete_fields
    rows = 0
    batch: list[Model] = []
    for row in model._base_manager.using(SOURCE).order_by("pk").iterator(chunk_size=ROWS_AT_A_TIME):
        batch.append(row)
        rows += 1
        if len(batch) == ROWS_AT_A_TIME:
            _insert(model, fields, batch)
            batch = []
    if batch:
        _insert(model, fields, batch)
    return rows


def _insert(model: type[Model], fields: Any, batch: Sequence[Model]) -> None:
    """The rows into the target with the values of these fields, as they are."""
    # Raw: a field that notes the time of creation would otherwise note this one.
    model._base_manager.using(TARGET)._insert(batch, fields=fields, using=TARGET, raw=True)  # type: ignore[attr-defined]


def _set_sequences() -> None:
    target = connections[TARGET]
    with target.cursor() as cursor:
        for statement in target.ops.sequence_reset_sql(no_style(), _models()):
            cursor.execute(statement)


def _compare(model: type[Model]) -> None:
    """I2 and more: every value of every row."""
    for ours, theirs in zip_longest(_rows(model, SOURCE), _rows(model, TARGET)):
        if ours != theirs:
            raise MoveError(f"A row of {model._meta.db_table} is not what it was: nothing was moved.")


def _rows(model: type[Model], alias: str) -> Iterator[tuple[Any, ...]]:
    rows = model._base_manager.using(alias).order_by("pk").values_list()
    for row in rows.iterator(chunk_size=ROWS_AT_A_TIME):
        yield tuple(bytes(value) if isinstance(value, memoryview) else value for value in row)


def _require_whole() -> None:
    wrong = [str(defect) for defect in integrity.defects()]
    wrong += [f"The history of chain {fault.chain} is not whole." for fault in history.verify()]
    if wrong:
        raise MoveError(f"What was to be moved is not whole, and nothing was moved. {' '.join(wrong)}")
