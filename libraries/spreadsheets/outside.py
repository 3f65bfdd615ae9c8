"""Addresses of the file outside the column that is read: in other columns, above the heading, on other sheets."""

from collections.abc import Iterator
from itertools import zip_longest
from typing import NamedTuple

from libraries.spreadsheets import limits
from libraries.spreadsheets.errors import RefusedFileError
from libraries.spreadsheets.sources import Table, Value


class OutsideCell(NamedTuple):
    """A cell with an "@". `index` is that of its row in the batch or, on another sheet, from 0 in the sheet."""

    index: int  # type: ignore[assignment]  # hides the method of tuples, which nobody needs here
    column: int
    text: str


Others = tuple[tuple[str, Table | None], ...]


class OutsideSheet(NamedTuple):
    """Some cells of another sheet; `cells` is None when the sheet could not be read (to its end)."""

    sheet: str
    cells: list[OutsideCell] | None


def cells_outside(rows: list[list[Value]], email_column: int | None, first: int = 0) -> list[OutsideCell]:
    # Hardly any file has such a cell: whole columns are looked at, which takes a tenth of a look at every cell.
    if email_column == 0 and max(map(len, rows), default=0) <= 1:
        return []
    by_column = enumerate(zip_longest(*rows, fillvalue=""))
    columns = [column for column, values in by_column if column != email_column and _has_at(values)]
    return [
        OutsideCell(index, column, row[column][: limits.CELL_CHARACTERS])
        for index, row in enumerate(rows, first)
        for column in columns
        if column < len(row) and row[column].__class__ is str and "@" in row[column]
    ]


def _has_at(values: tuple[Value, ...]) -> bool:
    try:
        return "@" in "".join(values)
    except TypeError:  # not all of them are texts
        return any(value.__class__ is str and "@" in value for value in values)


def other_sheets(others: Others) -> Iterator[OutsideSheet]:
    """The cells of the other sheets. What cannot be read there is no reason to refuse the file."""
    characters = 0
    for name, table in others:
        if table is None:
            yield OutsideSheet(name, None)
            continue
        number = 0
        try:
            for bulk in table.bulks:
                for start in range(0, len(bulk), limits.OUTSIDE_ROWS_AT_A_TIME):
                    cells = cells_outside(bulk[start : start + limits.OUTSIDE_ROWS_AT_A_TIME], None, number + start)
                    characters += sum(len(cell.text) for cell in cells)
                    if characters > limits.OUTSIDE_CHARACTERS:
                        yield OutsideSheet(name, None)
                        return
                    if cells:
                        yield OutsideSheet(name, cells)
                number += len(bulk)
        except RefusedFileError:
            yield OutsideSheet(name, None)
