"""Generated files through check and OK, against the plain list of what a person sees in each (I1 to I4).

`make test-deep` takes more than a thousand, a push a quarter of them.
"""

import itertools
import random
from collections import Counter

import pytest

from addressbook.services import uploads
from tests.libraries.spreadsheets import oracle
from tests.libraries.spreadsheets.test_grid import SEEDS, TEXT_GRID
from tests.support.invariants import assert_consistent
from tests.support.sizes import size
from tests.support.uploads import assert_accounted_for, counts, work

PARTS = 8
TRIED = size(2, PARTS)


@pytest.mark.timeout(600)
# The statements of both engines see every part; all combinations go through one of them.
@pytest.mark.parametrize(
    "part", [pytest.param(part, marks=[pytest.mark.engine_independent] * (part > 0)) for part in range(TRIED)]
)
def test_every_row_of_many_files_is_accounted_for(part, check, accept, book, reading_in_this_process) -> None:
    cases = list(itertools.product(TEXT_GRID, SEEDS))
    assert len(cases) >= 1_000
    # So that a part meets every encoding, delimiter, line end and heading.
    random.Random(PARTS).shuffle(cases)
    tried = [kind for kind, _ in cases[part::PARTS]]
    assert list(map(set, zip(*tried, strict=True))) == list(map(set, zip(*TEXT_GRID, strict=True)))
    keys: set[str] = set()
    for (encoding, delimiter, line_end, heading), seed in cases[part::PARTS]:
        where = f"{encoding!r} {delimiter!r} {line_end!r} {heading} {seed}"
        case = oracle.text_case(encoding, delimiter, line_end, heading, seed)
        texts = [entry for number, text in case.expected for entry in case.entries.get(number, [text])]
        addresses = Counter(text.lower() for text in texts if text not in (oracle.INVALID, oracle.BLANK))
        upload = check(case.content)
        assert counts(upload) == {
            "rows": len(case.expected),
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


@pytest.mark.parametrize("seed", range(size(12, 200)))
def test_addresses_outside_the_chosen_column_are_counted_and_can_be_taken(
    seed, check, accept, book, by, reading_in_this_process
) -> None:
    rng = random.Random(seed)
    pool = [f"user{number}@example.com" for number in range(30)]
    rows = [[rng.choice([*pool, ""]) for _ in range(3)] for _ in range(rng.randint(5, 40))]
    rows[0][0] = pool[0]
    lines = ["Email,Secondary,Assistant,Name", *(",".join([*row, "x"]) for row in rows)]
    upload = check("\n".join(lines))
    chosen = {row[0] for row in rows} - {""}
    everything = {cell for row in rows for cell in row} - {""}
    result = upload.check_result
    # SAFETY, I1: the addresses of the file are those of the column and those outside, each counted once.
    assert (result["addresses"], result["outside_count"]) == (len(chosen), len(everything - chosen))
    assert sum(place["count"] for place in result["outside"]) == result["outside_count"]
    assert_accounted_for(upload)
    if result["outside"]:
        upload = work(uploads.mend(book=book, upload_id=upload.pk, wish="place:all", seen=upload.attempt, by=by))
    assert (upload.check_result["addresses"], upload.check_result["outside_count"]) == (len(everything), 0)
    accept(upload)
    assert set(book.current_edition.addresses.values_list("key", flat=True)) == everything
    assert_accounted_for(upload)
    assert_consistent(book)
