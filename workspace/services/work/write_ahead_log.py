"""Keep SQLite's write-ahead log small and free of what was deleted.

Commits copy the log into the database, but only a log that no reader needs can begin again at its start. Beside many
readers that may take long, and what was deleted stays readable in it. So it is cut from time to time.
"""

import time
from collections.abc import Callable
from pathlib import Path

from django.db import connection

from workspace import limits, sqlite


def cut() -> bool:
    """Copy the whole log into the database and truncate it; whether that could be done. Outside of transactions.

    False where a reader still needs it, or where another process writes or cuts it.
    """
    with connection.cursor() as cursor:
        # Most of it is copied while others can write; what follows keeps them from it.
        cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
        cursor.fetchall()
        # Writers wait while it waits for readers.
        sqlite.wait_at_most(connection, limits.LOG_CUT_WAITS_MILLISECONDS / 1000)
        try:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            (busy, _, _) = cursor.fetchone()
        finally:
            sqlite.wait_at_most(connection, sqlite.BUSY_SECONDS)
    return not busy


def copy_if_longer_than(pages: int) -> None:
    """Copy the log into the database, while others read and write, where so many of its pages are not there yet.

    For work that has told its connection not to do so when it commits. In a transaction it leaves that to later.
    """
    if connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        # Says how it stands. A library that does not know it yet copies what there is.
        cursor.execute("PRAGMA wal_checkpoint(NOOP)")
        (_, in_log, copied) = cursor.fetchone()
        if in_log - copied > pages:
            cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
            cursor.fetchall()


def outlast_readers(go_on: Callable[[], object], *, seconds: float) -> bool:
    """Cut the log as soon as no reader sees what was there before; whether that came in `seconds`."""
    deadline = time.monotonic() + seconds
    while not cut():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
        go_on()
    return True


def cut_if_longer_than(size: int) -> None:
    """For work that writes much, and for the scheduler; costs one look at the file where there is nothing to do."""
    if connection.vendor == "sqlite" and _size() > size:
        cut()


def _size() -> int:
    try:
        return Path(f"{connection.settings_dict['NAME']}-wal").stat().st_size
    except FileNotFoundError:
        return 0  # the rollback journal is used, or there is nothing in the log
