"""A thousand generated files through check and OK, against the plain list of what a person sees in each (I1 to I4)."""

import itertools
from collections import Counter

import pytest

from tests.libraries.spreadsheets import oracle
from tests.libraries.spreadsheets.test_grid import SEEDS, TEXT_GRID
from tests.support.invariants import assert_consistent
from tests.support.uploads import assert_accounted_for, counts

PARTS = 8


@pytest.mark.timeout(600)
# The statements of both engines see every part; all combinations go through one of them.
@pytest.mark.parametrize(
    "part", [pytest.param(part, marks=[pytest.mark.engine_independent] * (part > 0)) for part in range(PARTS)]
)
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
