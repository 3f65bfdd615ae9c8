"""What the product takes for its work, measured: `make bench` prints a Markdown table.

A file here is a subject. Its `rows()` yields (what, result, floor): what was measured, the figure with its unit, and
the figure that it must not fall below or rise above, or "" where none is promised. A migrated, empty database and the
settings of production are there when it is called; what it writes is thrown away.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

Row = tuple[str, str, str]
Rows = Iterable[Row]


@contextmanager
def transactions() -> Iterator[list[float]]:
    """Seconds of each transaction in the block, its end included: for so long others wait on SQLite."""
    from django.db import transaction

    begin, end = transaction.Atomic.__enter__, transaction.Atomic.__exit__
    began: list[float] = []
    taken: list[float] = []

    def enter(atomic: transaction.Atomic) -> None:
        began.append(time.perf_counter())
        begin(atomic)

    def leave(atomic: transaction.Atomic, *error: Any) -> None:
        end(atomic, *error)
        since = began.pop()
        if not began:
            taken.append(time.perf_counter() - since)

    with mock.patch.multiple(transaction.Atomic, __enter__=enter, __exit__=leave):
        yield taken
