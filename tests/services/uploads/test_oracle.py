"""A thousand generated files through check and OK, against the plain list of what a person sees in each (I1 to I4)."""

import itertools
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from addressbook import spreadsheets
from addressbook.spreadsheets import Batch, Layout
from addressbook.spreadsheets.guard import admit
from addressbook.spreadsheets.layout import find_layout
from addressbook.spreadsheets.rows import read_rows
from addressbook.spreadsheets.sources import open_source
from tests.services.invariants import assert_consistent
from tests.spreadsheets import oracle
from tests.spreadsheets.test_grid import SEEDS, TEXT_GRID
from tests.uploads import assert_accounted_for, counts

PARTS = 8


@dataclass
class Reading:
    layout: Layout
    batches: Iterator[Batch]

    def __iter__(self) -> Iterator[Batch]:
        return self.batches


@pytest.fixture
def reading_in_this_process(monkeypatch) -> None:
    """What the child process does, without a process a file: the library's own tests have those."""

    @contextmanager
    def read(path, *, name, choice=None, with_cells=False):
        choice = choice or spreadsheets.Choice()
        admitted = admit(Path(path).read_bytes(), name)
        layout, table = find_layout(admitted.kind, open_source(admitted, choice.encoding, choice.delimiter), choice)
        batches = read_rows(table, layout, with_cells=with_cells)
        yield Reading(layout, batches)

    monkeypatch.setattr(spreadsheets, "read", read)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", range(PARTS))
def test_every_row_of_a_thousand_files_is_accounted_for(part, check, accept, book, reading_in_this_process) -> None:
    cases = list(itertools.product(TEXT_GRID, SEEDS))
    assert len(cases) >= 1_000
    keys: set[str] = set()
    for (encoding, delimiter, line_end, heading), seed in cases[part::PARTS]:
        where = f"{encoding!r} {delimiter!r} {line_end!r} {heading} {seed}"
        case = oracle.text_case(encoding, delimiter, line_end, heading, seed)
        texts = [text for _, text in case.expected]
        addresses = Counter(text.lower() for text in texts if text not in (oracle.INVALID, oracle.BLANK))
        upload = check(case.content)
        assert counts(upload) == {
            "rows": len(texts),
            "new": len(addresses.keys() - keys),
            "already_there": len(addresses.keys() & keys),
            "doubled": addresses.total() - len(addresses),
            "invalid": texts.count(oracle.INVALID),
            "blank": texts.count(oracle.BLANK),
        }, where
        upload = accept(upload)
        assert upload.outcome["registered"] == len(addresses.keys() - keys), where
        keys |= addresses.keys()
        assert_accounted_for(upload)
    assert set(book.current_edition.addresses.values_list("key", flat=True)) == keys
    assert_consistent(book)
