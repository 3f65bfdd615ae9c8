"""Generated files, each read as the plain list beside it says: more than a thousand in `make test-deep`."""

import itertools
from pathlib import Path

import pytest

from libraries.spreadsheets import Row
from tests.libraries.spreadsheets import files, oracle
from tests.support.sizes import IS_DEEP

TEXT_GRID = list(itertools.product(oracle.ENCODINGS, oracle.DELIMITERS, oracle.LINE_ENDS, oracle.HEADINGS))
SEEDS = range(4)
WORKBOOK_GRID = list(itertools.product(["xlsx", "xlsm", "xls", "xlsb", "ods"], oracle.HEADINGS, [0, 1, 7], [0, 2]))


def as_judged(rows: list[Row]) -> list[tuple[int, str]]:
    return [(row.number, oracle.judged(row.email, refused=row.defect is not None)) for row in rows]


def test_grid_has_more_than_a_thousand_files() -> None:
    assert len(TEXT_GRID) * len(SEEDS) + len(WORKBOOK_GRID) * len(SEEDS) >= 1_000


@pytest.mark.parametrize("encoding", oracle.ENCODINGS)
@pytest.mark.parametrize("delimiter", oracle.DELIMITERS)
def test_text_files_are_read_row_by_row(encoding: str, delimiter: str) -> None:
    grid = list(itertools.product(oracle.LINE_ENDS, oracle.HEADINGS, SEEDS))
    # On a push every fifth place of the grid, which meets each line end, heading and seed.
    for line_end, heading, seed in grid if IS_DEEP else grid[::5]:
        case = oracle.text_case(encoding, delimiter, line_end, heading, seed)
        layout, rows = files.read_here(case.content, "list.csv")
        where = f"{encoding!r} {delimiter!r} {line_end!r} {heading} {seed}"
        assert layout.header_row == case.header_row, where
        assert as_judged(rows) == case.expected, where
        if delimiter:
            assert layout.delimiter == delimiter, where
            assert layout.encoding == oracle.ENCODINGS[encoding][1], where


@pytest.mark.parametrize(("kind", "heading", "top", "left"), WORKBOOK_GRID)
def test_workbooks_are_read_row_by_row(kind: str, heading: str, top: int, left: int, tmp_path: Path) -> None:
    for seed in SEEDS:
        cells, case = oracle.workbook_case(kind, heading, top, left, seed)
        if kind == "xlsb":
            content = files.xlsb(cells, tmp_path)
        else:
            content = {"xlsx": files.xlsx, "xlsm": files.xlsx, "xls": files.xls, "ods": files.ods}[kind](cells)
        layout, rows = files.read_here(content, f"list.{kind}")
        assert layout.header_row == case.header_row, seed
        assert layout.email_column == left, seed
        assert as_judged(rows) == case.expected, seed
