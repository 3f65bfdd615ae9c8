"""Taking the bytes of what was deleted out of the files of the database.

A deleted row leaves traces that no query sees. On SQLite `secure_delete` overwrites what is deleted, but not the copies
that moving rows between pages has left in the unused middle of a page: of 100,000 deleted addresses 79 were still
readable. On PostgreSQL a deleted row stays until VACUUM, its bytes beyond that (72,000 of 100,000 in a table, 51,000 in
an index), and the planner's statistics quote values. Only rewriting takes out the last of them: VACUUM on SQLite,
VACUUM FULL on PostgreSQL. Nobody can write meanwhile, so with more than limits.ADDRESSES_REWRITTEN addresses left, it
waits for `manage.py rewrite_database`.
"""

from collections.abc import Callable

from django.apps import apps
from django.db import connection
from django.db.models import Sum

from addressbook import limits
from addressbook.models import Address, AuditEvent, Edition, Membership

# A rewriting waits this long for its turn; longer, and everybody would queue up behind it.
_LOCK_TIMEOUT = "5s"


def scrub(go_on: Callable[[], object], *, whatever_size: bool = False) -> bool:
    """Clean the database after a deletion; outside of transactions. Returns whether everything was rewritten.

    Calls `go_on` before every statement that may take seconds. Repeats safely.
    """
    left = Edition.objects.aggregate(total=Sum("address_count"))["total"] or 0
    rewrite = whatever_size or left <= limits.ADDRESSES_REWRITTEN
    if connection.vendor == "sqlite":
        _scrub_sqlite(go_on, rewrite=rewrite)
    else:
        _scrub_postgresql(go_on, rewrite=rewrite)
    return rewrite


def _scrub_sqlite(go_on: Callable[[], object], *, rewrite: bool) -> None:
    with connection.cursor() as cursor:
        if rewrite:
            go_on()
            cursor.execute("VACUUM")
        # The rollback journal is cut at every commit (mailerconsole.sqlite); a write-ahead log only here.
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        cursor.fetchall()


def _scrub_postgresql(go_on: Callable[[], object], *, rewrite: bool) -> None:
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
            cursor.execute(f"VACUUM {quote(Membership._meta.db_table)}")
            for table in tables:
                go_on()
                cursor.execute(f"VACUUM ({'FULL, ' if rewrite else ''}ANALYZE) {table}")
            if not rewrite:
                go_on()
                # An index can be made anew beside the old one; the table itself cannot.
                cursor.execute(f"REINDEX TABLE CONCURRENTLY {quote(Address._meta.db_table)}")
            # The analysis has just replaced what the statistics quote; the values before lie there as in any table.
            cursor.execute("VACUUM FULL pg_catalog.pg_statistic")
        finally:
            cursor.execute("RESET lock_timeout")
