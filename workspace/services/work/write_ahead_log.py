"""Keep SQLite's write-ahead log small and free of what was deleted.

Commits copy the log into the database, but only a log that no reader needs can begin again at its start. Beside many
readers that may take long, and what was deleted stays readable in it. So it is cut from time to time.
"""

import time
from collections.abc import Callable
from pathlib import Path

from django.db import connection

from workspace import limits


def cut() -> bool:
    """Copy the whole log into the database and truncate it; whether that could be done. Outside of transactions.

    False where a reader still needs it, or where another process writes or cuts it.
    """
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        (before,) = cursor.fetchone()
        # Most of it is copied while others can write; what follows keeps them from it.
        cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
        cursor.fetchall()
        # Writers wait while it waits for readers.
        cursor.execute(f"PRAGMA busy_timeout = {limits.LOG_CUT_WAITS_MILLISECONDS}")
        try:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            (busy, _, _) = cursor.fetchone()
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {before}")
            cursor.fetchall()
    return not busy


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
