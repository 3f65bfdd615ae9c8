"""Where rows come from: one face for every kind of file.

A source lists its sheets and opens one as a table: rows of raw values in bulk, from row 1 on, none left out, so that
counting them gives the row's number.
"""

import datetime
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final, NamedTuple, Protocol

from libraries.spreadsheets import delimited, encodings, limits
from libraries.spreadsheets.errors import Refusal, RefusedFileError
from libraries.spreadsheets.grid import Lost
from libraries.spreadsheets.guard import Admitted
from libraries.spreadsheets.kinds import Kind

Value = Any  # what the parser makes of a cell: see text_of


class Sheet(NamedTuple):
    name: str
    hidden: bool


@dataclass
class Table:
    """The rows of one sheet. `lost` has the cells that the bulks show as blank and that are not.

    `hidden_rows` has the numbers, from 1, of rows that a filter or a person hides. `readings`: see `encodings.Text`.
    """

    bulks: Iterator[list[list[Value]]]
    lost: Lost = field(default_factory=dict)
    has_unreadable: bool = False
    is_text: bool = False
    encoding: str | None = None
    delimiter: str | None = None
    readings: tuple[encodings.EncodingReading, ...] = ()
    hidden_rows: frozenset[int] = frozenset()


class Source(Protocol):
    sheets: tuple[Sheet, ...]

    def open(self, sheet: str | None) -> Table: ...


class TextSource:
    """A text file: one table and no sheets."""

    sheets: tuple[Sheet, ...] = ()

    def __init__(self, admitted: Admitted, encoding: str | None, delimiter: str | None) -> None:
        self._decoded = encodings.decode(admitted.content, encoding)
        stated, self._start = delimited.stated_delimiter(self._decoded.text)
        if delimiter is None:
            delimiter = stated or delimited.find_delimiter(self._decoded.text, self._start)
        self._delimiter = delimiter

    def open(self, sheet: str | None) -> Table:
        del sheet
        decoded = self._decoded
        return Table(
            delimited.bulks(decoded.text, self._delimiter, self._start),
            has_unreadable=decoded.has_unreadable,
            is_text=True,
            encoding=decoded.encoding,
            delimiter=self._delimiter,
            readings=decoded.readings,
        )


class WorkbookSource:
    """A workbook of Excel, through python-calamine. Its parts must have passed the guard."""

    def __init__(self, admitted: Admitted) -> None:
        import python_calamine

        self._admitted = admitted
        try:
            self._workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(admitted.content))
        except python_calamine.PasswordError:
            raise RefusedFileError(Refusal.ENCRYPTED) from None
        except python_calamine.CalamineError:
            raise RefusedFileError(Refusal.DAMAGED) from None
        visible = python_calamine.SheetVisibleEnum.Visible
        worksheet = python_calamine.SheetTypeEnum.WorkSheet
        self.sheets = tuple(
            Sheet(sheet.name, sheet.visible != visible)
            for sheet in self._workbook.sheets_metadata[: limits.LAYOUT_SHEETS]
            if sheet.typ == worksheet
        )

    def open(self, sheet: str | None) -> Table:
        import python_calamine

        if sheet is None:
            return Table(iter(()))
        try:
            found = self._workbook.get_sheet_by_name(sheet)
        except python_calamine.CalamineError:
            raise RefusedFileError(Refusal.DAMAGED) from None
        lost = self._lost(sheet)
        return Table(_padded_bulks(found, last_row=max((row + 1 for row, _ in lost), default=0)), lost)

    def _lost(self, sheet: str) -> Lost:
        lost, archive = self._admitted.lost, self._admitted.archive
        if not lost or archive is None:
            return {}
        from libraries.spreadsheets.parts import sheet_parts

        return lost.get(sheet_parts(archive).get(sheet, ""), {})


class OpenDocumentSource:
    """An OpenDocument spreadsheet, through our own reader."""

    def __init__(self, admitted: Admitted) -> None:
        from libraries.spreadsheets import opendocument

        archive = admitted.archive
        assert archive is not None  # noqa: S101 - the guard opens the archive of every zipped kind
        self._found = opendocument.read_sheets(archive.chunks(archive.parts["content.xml"]))[: limits.LAYOUT_SHEETS]
        self.sheets = tuple(Sheet(sheet.name, sheet.hidden) for sheet in self._found)

    def open(self, sheet: str | None) -> Table:
        for found in self._found:
            if found.name == sheet:
                return Table(_slices(found.rows), found.lost)
        return Table(iter(()))


def open_source(admitted: Admitted, encoding: str | None = None, delimiter: str | None = None) -> Source:
    if admitted.kind is Kind.TEXT:
        return TextSource(admitted, encoding, delimiter)
    if admitted.kind is Kind.ODS:
        return OpenDocumentSource(admitted)
    return WorkbookSource(admitted)


def _padded_bulks(sheet: Any, last_row: int) -> Iterator[list[list[Value]]]:
    """The rows of a sheet of calamine, at least up to `last_row`.

    calamine gives the blank rows at the top but neither the blank columns at the left nor rows at the end that have
    nothing but lost cells.
    """
    padding: list[Value] = [""] * (sheet.start[1] if sheet.start else 0)
    rows = (padding + row if padding else row for row in sheet.iter_rows())
    number = 0
    while bulk := list(islice(rows, limits.READER_BATCH_ROWS)):
        number += len(bulk)
        yield bulk
    yield from _slices([[]] * (last_row - number))


def _slices(rows: list[list[Value]]) -> Iterator[list[list[Value]]]:
    for start in range(0, len(rows), limits.READER_BATCH_ROWS):
        yield rows[start : start + limits.READER_BATCH_ROWS]


def has_content(row: list[Value]) -> bool:
    """Whether a row is not blank: spaces are no content, a zero is."""
    return any(not isinstance(value, str) or value.strip() for value in row if value != "")


_MIDNIGHT: Final = datetime.time()
# Beyond this a float has no exact integer, and Excel shows fifteen digits.
_EXACT_INTEGER: Final = 1e15


def text_of(value: Value) -> str:
    """A cell as people see it under Excel's general format; dates as ISO 8601."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < _EXACT_INTEGER else f"{value:.15g}"
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == _MIDNIGHT else value.isoformat(" ", "seconds")
    if isinstance(value, datetime.timedelta):
        minutes, seconds = divmod(int(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    return str(value)
