"""On PostgreSQL, an index that finds any part of a key: docs/decisions/0003-search.md.

The extension comes with PostgreSQL, and whoever may create something in the database may add it. Where the index cannot
be made, searches read all keys, as they do on SQLite, and everything else goes on: no upgrade fails for it.
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

_IS_THERE = f"SELECT 1 FROM pg_index WHERE indexrelid = to_regclass('{NAME}') AND indisvalid"  # noqa: S608 - our own
_SCHEMA = """SELECT quote_ident(nspname) FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace
             WHERE extname = 'pg_trgm'"""

logger = logging.getLogger(__name__)


def add(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor != "postgresql":
        return
    try:
        with editor.connection.cursor() as cursor:
            cursor.execute(_IS_THERE)
            if cursor.fetchone():
                return
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            cursor.execute(_SCHEMA)
            (schema,) = cursor.fetchone()
        # What an interrupted attempt has left behind is kept up at every insert, and of no use.
        remove(apps, editor)
        try:
            editor.execute(INDEX.replace("gin_trgm_ops", f"{schema}.gin_trgm_ops"))
        except DatabaseError:
            remove(apps, editor)
            raise
    except DatabaseError as error:
        logger.warning("The index of trigrams was not made: docs/operations.md says what to do later. %s", error)


def remove(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}")


class Migration(migrations.Migration):
    # An index cannot be made beside others' work within a transaction.
    atomic = False

    dependencies = [("addressbook", "0008_moved_books")]

    operations = [migrations.RunPython(add, remove)]
