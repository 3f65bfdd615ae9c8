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
from libraries.spreadsheets.building import BuiltSheet
from libraries.spreadsheets.errors import Refusal, RefusedFileError
from libraries.spreadsheets.grid import Lost
from libraries.spreadsheets.guard import Admitted
from libraries.spreadsheets.kinds import Kind
from libraries.spreadsheets.xml_text import as_utf_8

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
        self._decoded = encodings.decode(admitted.content, encoding).without_end_mark()
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


class OfficeSource:
    """An Office package, through python-calamine, which gets nothing but the parts that were judged."""

    def __init__(self, admitted: Admitted) -> None:
        assert admitted.office is not None  # noqa: S101 - the guard judges every package
        self._office = admitted.office
        self._workbook: Any = None
        self.sheets = tuple(Sheet(sheet.name, sheet.hidden) for sheet in self._office.sheets)

    def open(self, sheet: str | None) -> Table:
        number = _number_of(self.sheets, sheet)
        if number is None:
            return Table(iter(()))
        judged = self._office.sheets[number]
        if judged.fault:
            raise judged.fault
        found = self._parsed(number)
        lost, hidden = (judged.survey.lost, judged.survey.hidden) if judged.survey else ({}, set())
        last_row = max((row + 1 for row, _ in lost), default=0)
        return Table(padded_bulks(found, last_row), lost, hidden_rows=frozenset(hidden))

    def _parsed(self, number: int) -> Any:
        """The sheet as the parser has it. What it cannot read is written again with only what it knows."""
        try:
            self._workbook = self._workbook or _calamine(self._office.packed())
            return self._workbook.get_sheet_by_index(number)
        except MemoryError:
            raise
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            content = self._office.packed_carefully(number)
        if content is None:
            raise RefusedFileError(Refusal.DAMAGED)
        try:
            return _calamine(content).get_sheet_by_index(0)
        except MemoryError:
            raise
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            raise RefusedFileError(Refusal.DAMAGED) from None


def _calamine(content: bytes) -> Any:
    import python_calamine

    return python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))


class BuiltSource:
    """Sheets that a reader of our own has built in full."""

    def __init__(self, found: list[BuiltSheet], text: encodings.Text | None = None) -> None:
        self._found = found[: limits.LAYOUT_SHEETS]
        self._text = text
        self.sheets = tuple(Sheet(sheet.name, sheet.hidden) for sheet in self._found)

    def open(self, sheet: str | None) -> Table:
        number = _number_of(self.sheets, sheet)
        if number is None:
            return Table(iter(()))
        found = self._found[number]
        lacking = max((row + 1 for row, _ in found.lost), default=0) - len(found.rows)
        table = Table(slices(found.rows + [[]] * lacking), found.lost, hidden_rows=frozenset(found.hidden_rows))
        if self._text:
            # What the file states itself may be none that can be chosen; then it states the same the next time.
            known = self._text.encoding in encodings.ENCODINGS
            table.encoding, table.readings = self._text.encoding if known else None, self._text.readings
            table.has_unreadable = self._text.has_unreadable
        return table


def open_source(admitted: Admitted, encoding: str | None = None, delimiter: str | None = None) -> Source:
    match admitted.kind:
        case Kind.TEXT:
            return TextSource(admitted, encoding, delimiter)
        case Kind.XLSX | Kind.XLSB:
            return OfficeSource(admitted)
        case Kind.XLS:
            from libraries.spreadsheets import binary_workbooks

            return binary_workbooks.open_source(admitted, encoding)
        case Kind.ODS:
            return BuiltSource(_open_document(admitted))
        case Kind.HTML:
            from libraries.spreadsheets import hypertext

            return BuiltSource(*hypertext.sheets(admitted.content, encoding))
        case Kind.XML:
            from libraries.spreadsheets import spreadsheetml

            return BuiltSource(spreadsheetml.read_sheets(as_utf_8(iter([admitted.content]))))
        case Kind.SYLK:
            from libraries.spreadsheets import sylk

            text = encodings.decode(admitted.content, encoding)
            return BuiltSource([sylk.read_sheet(text.text)], text)


def _open_document(admitted: Admitted) -> list[BuiltSheet]:
    from libraries.spreadsheets import opendocument

    archive = admitted.archive
    if archive is None:
        return opendocument.read_sheets(as_utf_8(iter([admitted.content])))
    return opendocument.read_sheets(as_utf_8(archive.chunks(archive.parts["content.xml"])))


def _number_of(sheets: tuple[Sheet, ...], name: str | None) -> int | None:
    return next((number for number, sheet in enumerate(sheets) if sheet.name == name), None)


def padded_bulks(sheet: Any, last_row: int) -> Iterator[list[list[Value]]]:
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
    yield from slices([[]] * (last_row - number))


def slices(rows: list[list[Value]]) -> Iterator[list[list[Value]]]:
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
