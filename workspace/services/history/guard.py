"""A guard in the database itself: it refuses to change a line of the history, and to delete one before its time.

It stops mistakes, and programs that know nothing of the rule; whoever may change the database's schema can take it
away, and then the chain tells. It is put up at every start rather than by a migration, because SQLite drops triggers
with the table whenever a migration rebuilds that.
"""

from typing import Final

from django.db import connection, transaction

_MESSAGE: Final = "The history is append-only"

# What `trimming` may delete: lines before the beginning of their chain.
_STILL_KEPT: Final = """EXISTS (SELECT 1 FROM addressbook_auditchain AS chain
                         WHERE chain.id = OLD.chain AND OLD.number >= chain.first_number)"""

_SQLITE: Final = (
    f"""CREATE TRIGGER IF NOT EXISTS history_not_changed BEFORE UPDATE ON addressbook_auditevent
        BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END""",
    f"""CREATE TRIGGER IF NOT EXISTS history_not_deleted BEFORE DELETE ON addressbook_auditevent WHEN {_STILL_KEPT}
        BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END""",
)
_POSTGRESQL: Final = (
    f"""CREATE OR REPLACE FUNCTION addressbook_guard_history() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' AND NOT {_STILL_KEPT} THEN RETURN OLD; END IF;
            RAISE EXCEPTION '{_MESSAGE}';
        END $$""",
    "DROP TRIGGER IF EXISTS history_guarded ON addressbook_auditevent",
    """CREATE TRIGGER history_guarded BEFORE UPDATE OR DELETE ON addressbook_auditevent
       FOR EACH ROW EXECUTE FUNCTION addressbook_guard_history()""",
)
_FIND: Final = {
    "sqlite": "SELECT COUNT(*) FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'history_not_%%'",
    "postgresql": "SELECT COUNT(*) FROM pg_trigger WHERE tgname = 'history_guarded' AND tgenabled <> 'D'",
}


def install_guard() -> None:
    """Put the guard up where it is not. Safe to repeat."""
    if is_guarded():
        return
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in _SQLITE if connection.vendor == "sqlite" else _POSTGRESQL:
            cursor.execute(statement)


def is_guarded() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_FIND[connection.vendor])
        (count,) = cursor.fetchone()
    return bool(count == (2 if connection.vendor == "sqlite" else 1))
