"""How fast work goes that writes one batch after the other: between two of them others get their turn."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from workspace import limits, sqlite
from workspace.services.work import write_ahead_log


class Pauses:
    """Lets writers in who wait on SQLite, which knows no queue, while one batch is written after the other."""

    def __init__(self) -> None:
        self._since = time.monotonic()

    def take_if_due(self) -> None:
        if connection.vendor != "sqlite":
            return
        write_ahead_log.copy_if_longer_than(limits.LOG_PAGES_COPIED_BETWEEN_BATCHES)
        without, pause = limits.WRITING_WITHOUT_PAUSE_SECONDS, limits.WAITING_WRITER_SECONDS
        if sqlite.looks_often(connection):
            without, pause = limits.WRITING_WITHOUT_SHORT_PAUSE_SECONDS, limits.WAITING_WRITER_SHORT_SECONDS
        if time.monotonic() - self._since > without:
            write_ahead_log.cut_if_longer_than(limits.LOG_BYTES)
            time.sleep(pause)
            self._since = time.monotonic()


@contextmanager
def batches() -> Iterator[Pauses]:
    """For work in batches, each a transaction: call `take_if_due` between two of them.

    SQLite gets memory for the pages of a batch, else it writes some before the end, and then again. And it copies the
    log into the database in the pauses: whoever writes meanwhile need not wait for that, and `next_size` does not take
    it for the time of a batch.
    """
    if connection.vendor != "sqlite":
        yield Pauses()
        return
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA cache_size = -{limits.BATCH_CACHE_KIB}")
        cursor.execute("PRAGMA wal_autocheckpoint = 0")
        cursor.fetchall()
        try:
            yield Pauses()
        finally:
            cursor.execute(f"PRAGMA cache_size = -{sqlite.CACHE_KIB}")
            cursor.execute(f"PRAGMA wal_autocheckpoint = {sqlite.CHECKPOINT_PAGES}")
            cursor.fetchall()


def next_size(rows: int, seconds: float, *, least: int, most: int, at_most_seconds: float) -> int:
    """How many rows the next transaction takes, after one of `rows` took so long: as many as fit in four fifths."""
    fitting = rows * 0.8 * at_most_seconds / max(seconds, 0.001)
    return round(min(max(fitting, least, rows / 2), most, rows * 2))
