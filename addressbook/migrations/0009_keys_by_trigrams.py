"""On PostgreSQL, an index that finds any part of a key: docs/decisions/0003-search.md.

The extension comes with PostgreSQL, and whoever may create something in the database may add it. Where it may not be
added, or is not there, searches read all keys, as they do on SQLite.
"""

import logging

from django.db import DatabaseError, migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

NAME = "address_key_trigrams"

# New entries wait in a list until it has so many kilobytes; whoever writes the last of them waits for the list to be
# worked off. With 1,024 no thousand new addresses took longer than 46 ms beside a million, with the default 116.
# Registrations go on while the index is made.
INDEX = (
    f"CREATE INDEX CONCURRENTLY {NAME} ON addressbook_address"
    " USING gin (key gin_trgm_ops) WITH (gin_pending_list_limit = 1024)"
)

logger = logging.getLogger(__name__)


def add(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor != "postgresql":
        return
    try:
        editor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except DatabaseError as error:
        logger.warning("pg_trgm was not added: docs/operations.md says what to do later. %s", error)
        return
    # What an interrupted attempt has left behind is of no use.
    editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}")
    editor.execute(INDEX)


def remove(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}")


class Migration(migrations.Migration):
    # An index cannot be made beside others' work within a transaction.
    atomic = False

    dependencies = [("addressbook", "0008_moved_books")]

    operations = [migrations.RunPython(add, remove)]
