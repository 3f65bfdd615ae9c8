"""The SQLite library in use, and how its file is opened."""

import sys
import time
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

Version = tuple[int, int, int]

# Two processes that write in WAL mode can corrupt the file while the log is being reset: https://sqlite.org/wal.html
# section "The WAL-Reset Bug", present since 3.7.0 and mended in these releases only.
WAL_RESET_FIXED: Version = (3, 51, 3)
WAL_RESET_BACKPORTS: frozenset[Version] = frozenset({(3, 44, 6), (3, 50, 7)})

# Of the files that may lie beside a database and belong to it.
SUFFIXES: Final = ("-wal", "-shm", "-journal")

BUSY_SECONDS: Final = 20

# Who waits for a writer looks so often whether it is gone, where the library lets us say so. By itself SQLite looks
# every 100 ms, however short the moment is in which others may write.
LOOKS_EVERY_SECONDS: Final = 0.003

# Memory of a connection for pages of the database.
CACHE_KIB: Final = 16_000

# The commit that fills the log up to so many pages, 40 MB, copies them into the file; others can write meanwhile. A
# page that was changed several times is copied once: to delete 100,000 of a million addresses took 2.1 times what the
# bare statements took, and 3.8 times with the default of 1,000 pages. Work in batches copies it before that.
CHECKPOINT_PAGES: Final = 10_000

# A log that has grown beyond this behind a slow reader is cut when it begins again.
LOG_KEPT_BYTES: Final = 32 * 1024 * 1024


class JournalError(Exception):
    """The message is a sentence for the operator."""


def wal_is_safe(version: Version) -> bool:
    """Whether a library of this version may be used in WAL mode by several processes."""
    return version >= WAL_RESET_FIXED or any(
        version[:2] == fixed[:2] and version >= fixed for fixed in WAL_RESET_BACKPORTS
    )


def use_best_library() -> None:
    """Put pysqlite3 in the place of the standard module where that is safe in WAL mode.

    Call it before Django's backend is imported, which keeps the module that it finds. The whole process must use one
    library: closing a file with one drops the locks that another holds on it (https://sqlite.org/howtocorrupt.html,
    section 2.2.1). Hence `sys.modules`, and no backend beside Django's.
    """
    try:
        import pysqlite3
    except ImportError:
        return
    if wal_is_safe(pysqlite3.sqlite_version_info):
        sys.modules["sqlite3"] = pysqlite3
        sys.modules["sqlite3.dbapi2"] = pysqlite3.dbapi2


def library() -> ModuleType:
    """The module that `import sqlite3` gives now."""
    return import_module("sqlite3")


def journal(wanted: str = "", version: Version | None = None) -> str:
    """The journal mode: the rollback journal where the library is not safe in WAL mode, or where it is wanted.

    Raises ValueError for a wish that cannot be granted.
    """
    if wanted not in {"", "truncate"}:
        raise ValueError("SQLITE_JOURNAL must be empty or truncate.")
    # Cut, and not merely marked invalid, since deleted addresses must not stay readable in it.
    return "WAL" if wal_is_safe(version or library().sqlite_version_info) and not wanted else "TRUNCATE"


def slow_journal_sentence() -> str:
    """For operators of a console that uses the rollback journal."""
    version = library().sqlite_version_info
    why = "SQLITE_JOURNAL=truncate" if wal_is_safe(version) else f"SQLite {library().sqlite_version} can corrupt a file"
    return (
        f"SQLite runs with its rollback journal, in which readers wait for writers ({why}). "
        "The write-ahead log needs SQLite 3.51.3: the package pysqlite3 brings it."
    )


def options(journal_mode: str) -> dict[str, Any]:
    """The OPTIONS of Django's SQLite engine.

    Transactions begin IMMEDIATE: of 1,200 concurrent read-then-write transactions DEFERRED ones failed 906 times, these
    never. `secure_delete` overwrites what is deleted, since deleted addresses must not stay readable in the file.
    FULL keeps what was answered even when the power fails.
    """
    connection_class = library().Connection
    patient = {"factory": _patient(connection_class)} if _can_look_often(connection_class) else {}
    return {
        **patient,
        "timeout": BUSY_SECONDS,
        "transaction_mode": "IMMEDIATE",
        "init_command": (
            f"PRAGMA journal_mode={journal_mode}; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; "
            f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}; PRAGMA journal_size_limit={LOG_KEPT_BYTES}; "
            f"PRAGMA cache_size=-{CACHE_KIB}; PRAGMA temp_store=MEMORY;"
        ),
    }


def _can_look_often(connection_class: type) -> bool:
    return hasattr(connection_class, "set_busy_handler")


def _patient(connection_class: Any) -> type:
    """The library's connection, which looks every LOOKS_EVERY_SECONDS whether it may go on."""

    class Patient(connection_class):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            self.wait_at_most(BUSY_SECONDS)

        def wait_at_most(self, seconds: float) -> None:
            until = 0.0

            def goes_on(times_before: int) -> bool:
                nonlocal until
                if times_before == 0:
                    until = time.monotonic() + seconds
                time.sleep(LOOKS_EVERY_SECONDS)
                return time.monotonic() < until

            self.set_busy_handler(goes_on)

    return Patient


def looks_often(connection: "BaseDatabaseWrapper") -> bool:
    """Whether who waits to write looks often, so that a short moment between two transactions is enough for them."""
    connection.ensure_connection()
    return _can_look_often(type(connection.connection))


def wait_at_most(connection: "BaseDatabaseWrapper", seconds: float) -> None:
    """How long statements of this connection wait for others, from now on."""
    if looks_often(connection):
        connection.connection.wait_at_most(seconds)
        return
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA busy_timeout = {seconds * 1000:.0f}")
        cursor.fetchall()


def for_reading(path: Path) -> dict[str, Any]:
    """The settings of a connection that leaves the file as it is, in whatever journal mode.

    Such a connection never copies a log into the file, so it may read one with any library.
    """
    pragmas = f"PRAGMA cache_size=-{CACHE_KIB}; PRAGMA temp_store=MEMORY;"
    return {
        "NAME": f"{path.resolve().as_uri()}?mode=ro",
        "OPTIONS": {"timeout": BUSY_SECONDS, "init_command": pragmas},
    }


def journal_mode(connection: "BaseDatabaseWrapper") -> str:
    """What the file is in now, such as `wal`."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode")
        (mode,) = cursor.fetchone()
    return str(mode)


def require_journal(connection: "BaseDatabaseWrapper", wanted: str) -> None:
    """Convert the file to the journal mode of the settings, as every connection does. Raises JournalError.

    So a file in WAL mode is never used by a library that is not safe with it.
    """
    from django.db import OperationalError

    version, path = library().sqlite_version, connection.settings_dict["NAME"]
    try:
        mode = journal_mode(connection)
    except OperationalError as error:
        if "locked" not in str(error):
            raise
        raise JournalError(
            f"{path} must be changed to journal mode {wanted} for SQLite {version}, and another process has it open. "
            "Stop that process first."
        ) from error
    if mode != wanted.lower():
        raise JournalError(
            f"{path} stays in journal mode {mode}: this file system cannot do {wanted}. "
            "Keep it on a local disk, or set SQLITE_JOURNAL=truncate."
        )
