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
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import Sum

from addressbook import limits
from addressbook.models import Address, AuditEvent, Edition, Membership

# A rewriting waits this long for its turn; longer, and everybody would queue up behind it.
_LOCK_TIMEOUT = "5s"

# Not even a rewriting takes out what a transaction may still see that began before the deletion, be it the analysis of
# an autovacuum. Every transaction holds a lock of its own, which everybody may see.
_TRANSACTIONS: Final = """
    SELECT virtualtransaction FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'virtualxid' AND datname = current_database() AND pid <> pg_backend_pid()
"""


def scrub(go_on: Callable[[], object], *, whatever_size: bool = False) -> bool:
    """Clean the database after a deletion; outside of transactions. Returns whether everything was rewritten.

    Not everything was where too many addresses are left for that, or where a transaction that began before did not end
    in time. Calls `go_on` before every statement that may take seconds. Repeats safely.
    """
    left = Edition.objects.aggregate(total=Sum("address_count"))["total"] or 0
    rewrite = whatever_size or left <= limits.ADDRESSES_REWRITTEN
    if connection.vendor == "sqlite":
        _scrub_sqlite(go_on, rewrite=rewrite)
    else:
        rewrite = _scrub_postgresql(go_on, rewrite=rewrite)
    return rewrite


def _scrub_sqlite(go_on: Callable[[], object], *, rewrite: bool) -> None:
    with connection.cursor() as cursor:
        if rewrite:
            go_on()
            cursor.execute("VACUUM")
        # The rollback journal is cut at every commit (mailerconsole.sqlite); a write-ahead log only here.
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        cursor.fetchall()


def _scrub_postgresql(go_on: Callable[[], object], *, rewrite: bool) -> bool:
    quote = connection.ops.quote_name
    tables = [
        quote(model._meta.db_table)
        for model in apps.get_app_config("addressbook").get_models()
        # Memberships are ids, and the history is only added to and holds no address.
        if model not in {Membership, AuditEvent}
    ]
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [_LOCK_TIMEOUT])
        try:
            go_on()
            is_seen_by_none = rewrite and _outlast_transactions(cursor, go_on)
            cursor.execute(f"VACUUM {quote(Membership._meta.db_table)}")
            for table in tables:
                go_on()
                cursor.execute(f"VACUUM ({'FULL, ' if rewrite else ''}ANALYZE) {table}")
            if not rewrite:
                go_on()
                # An index can be made anew beside the old one; the table itself cannot.
                cursor.execute(f"REINDEX TABLE CONCURRENTLY {quote(Address._meta.db_table)}")
            # The analysis has just replaced what the statistics quote; the values before lie there as in any table.
            is_seen_by_none = is_seen_by_none and _outlast_transactions(cursor, go_on)
            cursor.execute("VACUUM FULL pg_catalog.pg_statistic")
        finally:
            cursor.execute("RESET lock_timeout")
    return is_seen_by_none


def _outlast_transactions(cursor: CursorWrapper, go_on: Callable[[], object]) -> bool:
    """Wait until all have ended that are open in this database now; whether they have."""
    deadline = time.monotonic() + limits.OLDER_TRANSACTIONS_SECONDS
    cursor.execute(_TRANSACTIONS)
    older = set(cursor.fetchall())
    while older and time.monotonic() < deadline:
        time.sleep(0.1)
        go_on()
        cursor.execute(_TRANSACTIONS)
        older &= set(cursor.fetchall())
    return not older
