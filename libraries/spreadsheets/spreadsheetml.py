"""XML Spreadsheet 2003, which programs of shops and offices send under the name .xls."""

from collections.abc import Iterable
from typing import Final
from xml.parsers import expat

from libraries.spreadsheets.building import Budget, BuiltSheet, check_column
from libraries.spreadsheets.errors import Defect, Refusal, RefusedFileError
from libraries.spreadsheets.grid import SHOWN_CHARACTERS

_SPREADSHEET: Final = "urn:schemas-microsoft-com:office:spreadsheet "
_EXCEL: Final = "urn:schemas-microsoft-com:office:excel "
_LONGEST_NUMBER: Final = 10
_MIDNIGHT: Final = "T00:00:00.000"


def read_sheets(chunks: Iterable[bytes]) -> list[BuiltSheet]:
    """Every sheet with its rows. `chunks` are UTF-8 without a document type. Raises RefusedFileError."""
    reader = _Reader()
    parser = expat.ParserCreate(encoding="utf-8", namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        for chunk in chunks:
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except expat.ExpatError:
        raise RefusedFileError(Refusal.DAMAGED) from None
    return reader.sheets


class _Reader:
    def __init__(self) -> None:
        self.sheets: list[BuiltSheet] = []
        self._budget = Budget()
        self._row: list[str] = []
        self._number = 0
        self._span = 1
        self._column = 0
        self._across = 0
        self._cell: dict[str, str] | None = None
        self._kind = ""
        self._text: list[str] = []
        self._reads: str | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        match name.removeprefix(_SPREADSHEET):
            case "Worksheet":
                self.sheets.append(BuiltSheet(attributes.get(_SPREADSHEET + "Name", "")))
                self._number = 0
                self._span = 1
            case "Row":
                self._start_row(attributes)
            case "Cell":
                index = _number(attributes, "Index")
                self._column = self._column if index is None else max(index - 1, 0)
                self._across = _number(attributes, "MergeAcross") or 0
                self._cell, self._kind, self._text = attributes, "", []
            case "Data" if self._cell is not None:
                self._kind = attributes.get(_SPREADSHEET + "Type", "String")
                self._reads = name
        if name == _EXCEL + "Visible" and self.sheets:
            self._reads, self._text = name, []

    def text(self, text: str) -> None:
        if self._reads:
            self._text.append(text)

    def end(self, name: str) -> None:
        if name == self._reads:
            self._reads = None
            if name == _EXCEL + "Visible" and "".join(self._text).strip() != "SheetVisible":
                self.sheets[-1].hidden = True
        elif name == _SPREADSHEET + "Cell":
            self._end_cell()
        elif name == _SPREADSHEET + "Row" and self._row:
            self._budget.add_row(self.sheets[-1], self._number, self._row)
            self._row = []

    def _start_row(self, attributes: dict[str, str]) -> None:
        if not self.sheets:
            raise RefusedFileError(Refusal.DAMAGED)
        self._number = _number(attributes, "Index") or self._number + self._span
        self._span = 1 + (_number(attributes, "Span") or 0)
        self._row, self._column = [], 0
        if attributes.get(_SPREADSHEET + "Hidden") == "1":
            self._budget.take(self._span, 0)
            self.sheets[-1].hidden_rows.update(range(self._number, self._number + self._span))

    def _end_cell(self) -> None:
        cell, self._cell = self._cell, None
        if cell is None or not self.sheets:
            return
        check_column(self._column)
        text = "".join(self._text)
        formula = cell.get(_SPREADSHEET + "Formula")
        if self._kind == "Error":
            self.sheets[-1].lost[self._number - 1, self._column] = (Defect.ERROR, text[:SHOWN_CHARACTERS])
            text = ""
        elif formula and not self._kind:
            self.sheets[-1].lost[self._number - 1, self._column] = (Defect.FORMULA, formula[:SHOWN_CHARACTERS])
        elif self._kind == "DateTime":
            text = text.removesuffix(_MIDNIGHT)
        elif self._kind == "Boolean":
            text = "TRUE" if text.strip() == "1" else "FALSE"
        if text or self._kind == "Error" or formula:
            self._row += [""] * (self._column - len(self._row))
            self._row[self._column :] = [text]
        self._column += 1 + self._across


def _number(attributes: dict[str, str], name: str) -> int | None:
    text = attributes.get(_SPREADSHEET + name)
    if text is None:
        return None
    if not text.isdecimal() or len(text) > _LONGEST_NUMBER:
        raise RefusedFileError(Refusal.DAMAGED)
    return int(text)
