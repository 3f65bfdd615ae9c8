"""How fast work goes that writes one batch after the other: between two of them others get their turn."""

import time

from django.db import connection

from workspace import limits
from workspace.services.work import write_ahead_log


class Pauses:
    """Lets writers in who wait on SQLite, which knows no queue, while one batch is written after the other."""

    def __init__(self) -> None:
        self._since = time.monotonic()

    def take_if_due(self) -> None:
        if connection.vendor == "sqlite" and time.monotonic() - self._since > limits.WRITING_WITHOUT_PAUSE_SECONDS:
            write_ahead_log.cut_if_longer_than(limits.LOG_BYTES)
            time.sleep(limits.WAITING_WRITER_SECONDS)
            self._since = time.monotonic()


def next_size(rows: int, seconds: float, *, least: int, most: int, at_most_seconds: float) -> int:
    """How many rows the next transaction takes, after one of `rows` took so long."""
    if seconds > at_most_seconds:
        return max(least, rows // 2)
    if seconds < at_most_seconds / 2:
        return min(most, rows * 2)
    return rows
