"""Workbooks of Excel 2 to 2003 (.xls): through python-calamine where it is sure to be right, else through xlrd.

calamine is ten times as fast, but takes the code page of a file at its word even where texts are in Unicode, and the
first stream by a name for the right one. xlrd reads every version, also without a container.
"""

import io
import os
from pathlib import Path
from typing import Any, Final

from libraries.spreadsheets import biff, encodings, limits
from libraries.spreadsheets.building import Budget, BuiltSheet
from libraries.spreadsheets.compound import Compound
from libraries.spreadsheets.encodings import Text
from libraries.spreadsheets.errors import Defect, Refusal, RefusedFileError
from libraries.spreadsheets.guard import Admitted
from libraries.spreadsheets.sources import BuiltSource, Sheet, Source, Table, padded_bulks

# Every byte is a character in it, and comes back as it was.
_BYTES: Final = "latin-1"
_BIFF8: Final = 80


def open_source(admitted: Admitted, encoding: str | None) -> Source:
    compound = admitted.compound
    assert compound is not None  # noqa: S101 - the guard finds the stream of every .xls
    stream = biff.survey(compound.stream)
    if stream.version == _BIFF8 and stream.code_page in (None, biff.UNICODE) and compound.is_single:
        try:
            return UnicodeSource(compound, stream)
        except RefusedFileError as refused:
            if refused.code is not Refusal.DAMAGED:
                raise
    return _through_xlrd(compound.stream, stream, encoding)


class UnicodeSource:
    """A workbook of Excel 97 to 2003 as Excel itself writes it."""

    def __init__(self, compound: Compound, stream: biff.Stream) -> None:
        import python_calamine

        try:
            self._workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(compound.content))
        except python_calamine.PasswordError:
            raise RefusedFileError(Refusal.ENCRYPTED) from None
        except python_calamine.CalamineError:
            raise RefusedFileError(Refusal.DAMAGED) from None
        visible = python_calamine.SheetVisibleEnum.Visible
        worksheet = python_calamine.SheetTypeEnum.WorkSheet
        listed = [sheet for sheet in self._workbook.sheets_metadata if sheet.typ == worksheet]
        self.sheets = tuple(Sheet(sheet.name, sheet.visible != visible) for sheet in listed[: limits.LAYOUT_SHEETS])
        self._surveys = stream.surveys if len(stream.surveys) == len(listed) else []

    def open(self, sheet: str | None) -> Table:
        import python_calamine

        if sheet is None:
            return Table(iter(()))
        try:
            found = self._workbook.get_sheet_by_name(sheet)
        except python_calamine.CalamineError:
            raise RefusedFileError(Refusal.DAMAGED) from None
        numbers = (number for number, listed in enumerate(self.sheets) if listed.name == sheet)
        survey = self._surveys[next(numbers)] if self._surveys else None
        if survey is None:
            return Table(padded_bulks(found, last_row=0))
        last_row = max((row + 1 for row, _ in survey.lost), default=0)
        return Table(padded_bulks(found, last_row), survey.lost, hidden_rows=frozenset(survey.hidden))


def _through_xlrd(content: bytes, stream: biff.Stream, encoding: str | None) -> Source:
    import xlrd

    has_bytes = stream.version < _BIFF8
    try:
        with Path(os.devnull).open("w") as silence:
            book = xlrd.open_workbook(
                file_contents=content,
                logfile=silence,
                encoding_override=_BYTES,
                on_demand=True,
                ragged_rows=True,
                ignore_workbook_corruption=True,
            )
            budget = Budget()
            listed = range(min(book.nsheets, limits.LAYOUT_SHEETS))
            found = [_built(book, number, stream, budget) for number in listed]
    except (RefusedFileError, MemoryError):
        raise
    except Exception:
        raise RefusedFileError(Refusal.DAMAGED) from None
    return BuiltSource(found, _decode_bytes(found, stream, encoding) if has_bytes else None)


def _built(book: Any, number: int, stream: biff.Stream, budget: Budget) -> BuiltSheet:
    import xlrd

    sheet = book.sheet_by_index(number)
    built = BuiltSheet(sheet.name, sheet.visibility != 0)
    for row in range(sheet.nrows):
        cells = sheet.row(row)
        budget.take(1, len(cells))
        built.rows.append([_value(cell, book.datemode) for cell in cells])
        for column, cell in enumerate(cells):
            if cell.ctype == xlrd.XL_CELL_ERROR:
                shown = xlrd.error_text_from_code.get(cell.value, "#ERROR")
                built.lost[row, column] = (Defect.ERROR, shown)
    if number < len(stream.surveys):
        built.hidden_rows = stream.surveys[number].hidden
    else:
        built.hidden_rows = {row + 1 for row, info in sheet.rowinfo_map.items() if info.hidden}
    book.unload_sheet(number)
    return built


def _value(cell: Any, datemode: int) -> Any:
    import xlrd

    if cell.ctype == xlrd.XL_CELL_DATE:
        try:
            return xlrd.xldate.xldate_as_datetime(cell.value, datemode)
        except (ValueError, OverflowError):
            return cell.value
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return bool(cell.value)
    return "" if cell.ctype == xlrd.XL_CELL_ERROR else cell.value


def _decode_bytes(sheets: list[BuiltSheet], stream: biff.Stream, encoding: str | None) -> Text:
    """Put the bytes of older versions into text. What the file states is believed unless it does not fit."""
    cells = [
        (row, column, value.encode(_BYTES, "replace"))
        for sheet in sheets
        for row in sheet.rows
        for column, value in enumerate(row)
        if isinstance(value, str) and not value.isascii()
    ]
    names = [sheet.name.encode(_BYTES, "replace") for sheet in sheets]
    sample = b"\n".join(dict.fromkeys(content for _, _, content in cells)) or b"\n".join(names)
    decoded = encodings.decode(sample, encoding, _stated(stream, sample))
    for sheet, name in zip(sheets, names, strict=True):
        sheet.name = encodings.shown(encodings.decode_as(name, decoded.encoding).text)
    for row, column, content in cells:
        row[column] = encodings.decode_as(content, decoded.encoding).text
    return decoded


def _stated(stream: biff.Stream, sample: bytes) -> str | None:
    """The codec of the code page. A Western one is what programs write without thinking, whatever the text is in."""
    codec = stream.codec
    if codec in ("cp1252", "mac_roman", "cp437", "ascii", "latin-1"):
        return codec if not encodings.looks_east_asian(sample) else None
    return codec
