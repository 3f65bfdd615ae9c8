"""Sheets built row by row by our own readers, within the limits of a file."""

from dataclasses import dataclass, field
from typing import Any

from libraries.spreadsheets import limits
from libraries.spreadsheets.errors import Refusal, RefusedFileError
from libraries.spreadsheets.grid import Lost


@dataclass
class BuiltSheet:
    """`rows` from row 1 on, none left out. `hidden_rows` has numbers from 1."""

    name: str
    hidden: bool = False
    rows: list[list[Any]] = field(default_factory=list)
    lost: Lost = field(default_factory=dict)
    hidden_rows: set[int] = field(default_factory=set)


class Budget:
    """What all sheets of a file together may hold: as much as one sheet may."""

    def __init__(self) -> None:
        self._rows = 0
        self._cells = 0

    def take(self, rows: int, cells: int) -> None:
        """Raises RefusedFileError when it is too much."""
        self._rows += rows
        self._cells += cells
        if self._rows > limits.SHEET_ROWS:
            raise RefusedFileError(Refusal.TOO_MANY_ROWS, limit=limits.SHEET_ROWS)
        if self._cells > limits.SHEET_GRID_CELLS:
            raise RefusedFileError(Refusal.TOO_MANY_CELLS, limit=limits.SHEET_GRID_CELLS)

    def add_row(self, sheet: BuiltSheet, number: int, cells: list[Any]) -> None:
        """Put a row at its number, from 1: behind blank ones, or over the one that is there."""
        blank = number - 1 - len(sheet.rows)
        self.take(max(blank + 1, 0), max(blank, 0) + len(cells))
        if blank > 0:
            sheet.rows += [[]] * blank
        if number > len(sheet.rows):
            sheet.rows.append(cells)
        else:
            sheet.rows[number - 1] = cells


def check_column(column: int) -> None:
    """Raises RefusedFileError for a column, counted from 0, that no sheet has."""
    if column >= limits.SHEET_COLUMNS:
        raise RefusedFileError(Refusal.TOO_MANY_COLUMNS, limit=limits.SHEET_COLUMNS)
