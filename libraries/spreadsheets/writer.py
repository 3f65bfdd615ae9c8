"""The refused rows, written back in the file's own columns with a column of reasons, to be mended and sent again.

A workbook comes back as .xlsx unless that would take too long, a text file as CSV in UTF-8. What is written is text and
nothing else: no formula and no link, whatever a cell looks like. Read again, it gives the same cells, and its address
column is found by itself.
"""

import csv
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from libraries.spreadsheets import limits
from libraries.spreadsheets.columns import is_email_heading, is_group_heading
from libraries.spreadsheets.kinds import Kind
from libraries.spreadsheets.layout import Layout

# A spreadsheet program takes a text for a formula when it starts so. An apostrophe in front makes it text, and where
# one is there already, before an address too, one more: `rows.GUARDED` takes exactly one off again. The list is OWASP's
# ("CSV Injection"): a Japanese Excel takes the full-width signs for the others.
_DANGEROUS: Final = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]|'+[^\s'@]+@[^\s'@]+\Z")

# What XML 1.0 has no way to hold, and so no cell of a workbook can.
_UNSTORABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ESCAPE_LIKE: Final = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_MARK_FILL: Final = "FFFFC7CE"
_MARK_TEXT: Final = "FF9C0006"
_REASON_WIDTH: Final = 40
_COLUMN_WIDTH: Final = 24


class RefusedRow(NamedTuple):
    """A row as `read(with_cells=True)` gave it, and why it was refused. `column` is the cell at fault."""

    cells: Sequence[str]
    reason: str
    column: int | None = None


@dataclass(frozen=True, slots=True)
class Headings:
    """Texts for the heading row, in the user's language.

    `email` and `group` are used where the file has no heading that would be recognised, so they must be themselves:
    `Email`, `이메일`, `メール`; `Group`, `그룹`, `グループ`.
    """

    reason: str
    email: str
    group: str
    sheet: str


def refused_extension(kind: Kind, count: int) -> str:
    """The extension of the file for `write_refused` when `count` rows of a file of this kind were refused."""
    return ".csv" if kind is Kind.TEXT or count > limits.REFUSED_ROWS_IN_WORKBOOK else ".xlsx"


def write_refused(path: str | os.PathLike[str], layout: Layout, headings: Headings, rows: Iterable[RefusedRow]) -> int:
    """Write the rows to a new file and return how many there were. Memory does not grow with them.

    The extension of `path` says as what: .csv or .xlsx (`refused_extension`).
    `layout` is the one that the rows were read with. A reason column of an earlier round is replaced.
    """
    heading, place = _heading_row(layout, headings)
    if Path(path).suffix == ".csv":
        return _write_csv(path, heading, place, rows)
    return _write_xlsx(path, heading, place, rows, headings.sheet)


class _Place(NamedTuple):
    """The column of the reasons, and whether the cells have one already from an earlier round."""

    column: int
    replaces: bool


def _heading_row(layout: Layout, headings: Headings) -> tuple[list[str], _Place]:
    """The file's own headings, made recognisable where they were not, and the reasons."""
    heading = list(layout.columns)
    for column, known, is_known in (
        (layout.email_column, headings.email, is_email_heading),
        (layout.group_column, headings.group, is_group_heading),
    ):
        if column is not None:
            heading += [""] * (column + 1 - len(heading))
            own = heading[column].strip()
            if not is_known(own):
                heading[column] = f"{own} ({known})" if own else known
    while heading and not heading[-1]:
        heading.pop()
    if headings.reason in heading:
        return heading, _Place(heading.index(headings.reason), replaces=True)
    return [*heading, headings.reason], _Place(len(heading), replaces=False)


def _with_reason(row: RefusedRow, place: _Place) -> tuple[list[str], int | None]:
    """The cells with the reason in its column, and where the cell at fault is then.

    Cells beyond the heading row move past the reason: a row that was cut wrongly loses nothing.
    """
    cells = list(row.cells)
    cells += [""] * (place.column - len(cells))
    cells[place.column : place.column + place.replaces] = [row.reason]
    moved = row.column is not None and row.column >= place.column and not place.replaces
    return cells, row.column + 1 if moved and row.column is not None else row.column


def _write_csv(path: str | os.PathLike[str], heading: list[str], place: _Place, rows: Iterable[RefusedRow]) -> int:
    count = 0
    with Path(path).open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(map(guarded, heading))
        for row in rows:
            writer.writerow(map(guarded, _with_reason(row, place)[0]))
            count += 1
    return count


def guarded(text: str) -> str:
    """The text as a cell of a CSV file that no spreadsheet program takes for a formula."""
    text = _SURROGATE.sub(_visible, text)
    return f"'{text}" if _DANGEROUS.match(text) else text


def _write_xlsx(
    path: str | os.PathLike[str], heading: list[str], place: _Place, rows: Iterable[RefusedRow], title: str
) -> int:
    from openpyxl import Workbook

    workbook = Workbook(write_only=True)
    sheet = _XlsxSheet(workbook, title, heading, place)
    count = 0
    for row in rows:
        if count and count % (limits.SHEET_ROWS - 1) == 0:
            sheet = _XlsxSheet(workbook, title, heading, place)
        sheet.append(row)
        count += 1
    workbook.save(path)
    return count


class _XlsxSheet:
    """One sheet under its heading row, which stays in view."""

    def __init__(self, workbook: Any, title: str, heading: list[str], place: _Place) -> None:
        from openpyxl.styles import Font, PatternFill
        from openpyxl.utils import get_column_letter

        self._place = place
        self._mark_fill = PatternFill("solid", start_color=_MARK_FILL)
        self._mark_font = Font(color=_MARK_TEXT)
        self._sheet = workbook.create_sheet(title)
        self._sheet.freeze_panes = "A2"
        for column in range(len(heading)):
            width = _REASON_WIDTH if column == place.column else _COLUMN_WIDTH
            self._sheet.column_dimensions[get_column_letter(column + 1)].width = width
        cells = list(map(self._cell, heading))
        for cell in cells:
            cell.font = Font(bold=True)
        self._sheet.append(cells)

    def append(self, row: RefusedRow) -> None:
        texts, marked = _with_reason(row, self._place)
        cells: list[Any] = [self._cell(text) if text else None for text in texts]
        if marked is not None and marked < len(cells):
            cells[marked] = self._cell(texts[marked])  # an empty one too
            cells[marked].fill = self._mark_fill
            cells[marked].font = self._mark_font
        self._sheet.append(cells)

    def _cell(self, text: str) -> Any:
        from openpyxl.cell import WriteOnlyCell

        cell = WriteOnlyCell(self._sheet)
        # Set past the setter, which takes texts that start with = for formulas, and others for error values.
        cell._value = storable(text)
        cell.data_type = "s"
        return cell


def storable(text: str) -> str:
    """The text as a cell can hold it: what XML cannot have is made visible, what Excel would decode is escaped."""
    text = _UNSTORABLE.sub(_visible, text[: limits.CELL_CHARACTERS])
    return _ESCAPE_LIKE.sub("_x005F_", text).replace("\r", "_x000D_")


def _visible(character: re.Match[str]) -> str:
    code = ord(character[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
