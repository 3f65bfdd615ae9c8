"""Taking the bytes of what was deleted out of the files of the database.

A deleted row leaves traces that no query sees. On SQLite `secure_delete` overwrites what is deleted, but not the copies
that moving rows between pages has left in the unused middle of a page: of 100,000 deleted addresses 79 were still
readable. On PostgreSQL a deleted row stays until VACUUM, its bytes beyond that (72,000 of 100,000 in a table, 51,000 in
an index), and the planner's statistics quote values. Only rewriting takes out the last of them: VACUUM on SQLite,
VACUUM FULL on PostgreSQL. Nobody can write meanwhile, so with more than limits.ADDRESSES_REWRITTEN addresses left, it
waits for `manage.py rewrite_database`.
"""

import time
from collections.abc import Callable
from typing import Final

from django.apps import apps
from django.db import NotSupportedError, connection
from django.db.backends.utils import CursorWrapper
from django.db.models import Model, Sum

from addressbook import limits
from addressbook.models import Address, Membership
from workspace.models import AuditEvent, Edition
from workspace.services.work import write_ahead_log

# A rewriting waits this long for its turn; longer, and everybody would queue up behind it.
_LOCK_TIMEOUT = "5s"

# Not even a rewriting takes out what a transaction may still see that began before the deletion, be it the analysis of
# an autovacuum; and one may see what was there before itself, if another was open when it began. VACUUM holds nothing
# up. Who is only connecting has no database yet, and who feeds a replica never has one.
_BOUNDARY: Final = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text"
_IS_SEEN: Final = """
    SELECT EXISTS (
        SELECT FROM pg_stat_activity
        WHERE (datname = current_database() OR datname IS NULL) AND pid <> pg_backend_pid()
            AND greatest(age(backend_xmin), age(backend_xid)) > age(%(boundary)s::xid)
            AND pid NOT IN (SELECT pid FROM pg_stat_progress_vacuum)
    ) OR EXISTS (
        SELECT FROM pg_prepared_xacts
        WHERE database = current_database() AND age(transaction) > age(%(boundary)s::xid)
    ) OR EXISTS (
        SELECT FROM pg_replication_slots WHERE greatest(age(xmin), age(catalog_xmin)) > age(%(boundary)s::xid)
    )
"""

# The columns of a table whose values the planner's statistics may quote, each with the type that it has.
_QUOTED: Final = """
    SELECT format('ALTER COLUMN %%I TYPE %%s', attname, format_type(atttypid, atttypmod))
        || CASE attcollation WHEN 0 THEN '' ELSE ' COLLATE ' || attcollation::regcollation END
    FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid
    WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND typcategory IN ('S', 'U')
    ORDER BY attnum
"""


def scrub(go_on: Callable[[], object], *, whatever_size: bool = False) -> bool:
    """Clean the database after a deletion; outside of transactions. Returns whether everything was rewritten.

    Not everything was where too many addresses are left for that, where a transaction that began before did not end in
    time, or where a view of the operators' own keeps the statistics of a table. Calls `go_on` before every statement
    that may take seconds. Repeats safely.
    """
    left = Edition.objects.aggregate(total=Sum("address_count"))["total"] or 0
    rewrite = whatever_size or left <= limits.ADDRESSES_REWRITTEN
    if connection.vendor == "sqlite":
        rewrite = _scrub_sqlite(go_on, rewrite=rewrite)
    else:
        rewrite = _scrub_postgresql(go_on, rewrite=rewrite)
    return rewrite


def _scrub_sqlite(go_on: Callable[[], object], *, rewrite: bool) -> bool:
    if rewrite:
        go_on()
        with connection.cursor() as cursor:
            cursor.execute("VACUUM")
    # What a reader of an older moment may see stays in the file, and all that came later in the log.
    return write_ahead_log.outlast_readers(go_on, seconds=limits.OLDER_TRANSACTIONS_SECONDS) and rewrite


def _scrub_postgresql(go_on: Callable[[], object], *, rewrite: bool) -> bool:
    # Memberships are ids, and the history is only added to and holds no address.
    spared = {Membership, AuditEvent}
    models = [model for model in apps.get_app_config("addressbook").get_models() if model not in spared]
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [_LOCK_TIMEOUT])
        try:
            go_on()
            is_clean = rewrite and _outlast_transactions(cursor, go_on)
            cursor.execute(f"VACUUM {_table(Membership)}")
            for model in models:
                go_on()
                cursor.execute(f"VACUUM {'(FULL) ' if rewrite else ''}{_table(model)}")
                is_clean = _analyse(cursor, model) and is_clean
            if not rewrite:
                go_on()
                # PostgreSQL can rebuild an index beside the old one, but not a table.
                cursor.execute(f"REINDEX TABLE CONCURRENTLY {_table(Address)}")
            # The analysis has just replaced what the statistics quote; the values before lie there as in any table.
            is_clean = is_clean and _outlast_transactions(cursor, go_on)
            cursor.execute("VACUUM FULL pg_catalog.pg_statistic")
        finally:
            cursor.execute("RESET lock_timeout")
    return is_clean


def _table(model: type[Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _analyse(cursor: CursorWrapper, model: type[Model]) -> bool:
    """Replace what the statistics of a table quote, by nothing where it is empty; whether that could be done."""
    was_empty = not model._base_manager.exists()
    cursor.execute(f"ANALYZE {_table(model)}")
    if was_empty or not model._base_manager.exists():
        # Without a row an analysis leaves the old statistics. To give a column the type that it has drops them, and
        # does no more: nothing is rewritten, no index built.
        cursor.execute(_QUOTED, [_table(model)])
        columns = ", ".join(column for (column,) in cursor.fetchall())
        try:
            if columns:
                cursor.execute(f"ALTER TABLE {_table(model)} {columns}")
        except NotSupportedError:
            return False  # a view that the operators have made reads a column
    return True


def _outlast_transactions(cursor: CursorWrapper, go_on: Callable[[], object]) -> bool:
    """Wait until no transaction can see rows deleted before now; False when that took too long."""
    deadline = time.monotonic() + limits.OLDER_TRANSACTIONS_SECONDS
    cursor.execute(_BOUNDARY)
    (boundary,) = cursor.fetchone()
    while True:
        cursor.execute(_IS_SEEN, {"boundary": boundary})
        if cursor.fetchone() == (False,):
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
        go_on()
