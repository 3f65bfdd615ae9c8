"""SYLK, a text of records that old programs and some back offices send under the name .xls."""

import re
from typing import Final

from libraries.spreadsheets.building import Budget, BuiltSheet, check_column
from libraries.spreadsheets.errors import Defect
from libraries.spreadsheets.grid import SHOWN_CHARACTERS

_LINE_END: Final = re.compile(r"\r\n|\n|\r")
# Fields end with a semicolon; a doubled one is text.
_FIELD: Final = re.compile(r";(?!;)((?:[^;]|;;)*)")
_BINARY_ESCAPE: Final = re.compile("\x1b([ -/])([0-?])")
_LETTER_ESCAPE: Final = re.compile("\x1bN([A-Za-z])([A-Za-z])")
_ACCENTS: Final = {
    "A": "\u0300",
    "B": "\u0301",
    "C": "\u0302",
    "D": "\u0303",
    "H": "\u0308",
    "J": "\u030a",
    "K": "\u0327",
}
_LONGEST_NUMBER: Final = 7


def read_sheet(text: str) -> BuiltSheet:
    """The one sheet of a file. Raises RefusedFileError beyond the limits."""
    sheet, budget = BuiltSheet(""), Budget()
    row = column = 1
    for line in _LINE_END.split(text):
        if line[:2] not in ("C;", "F;"):
            if line == "E":
                break
            continue
        value = formula = None
        for field in _FIELD.findall(line):
            match field[:1]:
                case "X":
                    column = _number(field, column)
                case "Y":
                    row = _number(field, row)
                case "K" if line[0] == "C":
                    value = field[1:]
                case "E" if line[0] == "C":
                    formula = field[1:]
        if line[0] == "C" and (value is not None or formula):
            _put(sheet, budget, row, column, value, formula)
    return sheet


def _put(sheet: BuiltSheet, budget: Budget, row: int, column: int, value: str | None, formula: str | None) -> None:
    check_column(column - 1)
    if row > len(sheet.rows):
        budget.add_row(sheet, row, [])
    cells = sheet.rows[row - 1]
    if not cells:
        cells = sheet.rows[row - 1] = []
    if column > len(cells):
        budget.take(0, column - len(cells))
        cells += [""] * (column - len(cells))
    if value is None:
        sheet.lost[row - 1, column - 1] = (Defect.FORMULA, f"={formula}"[:SHOWN_CHARACTERS])
    elif value.startswith("#"):
        sheet.lost[row - 1, column - 1] = (Defect.ERROR, value[:SHOWN_CHARACTERS])
    else:
        cells[column - 1] = _text(value)


def _text(value: str) -> str:
    if len(value) < 2 or value[0] != '"' or value[-1] != '"':
        return value.replace(";;", ";")
    text = value[1:-1].replace(";;", ";").replace('""', '"').replace("\x1b :", "\n")
    if "\x1b" not in text:
        return text
    text = _LETTER_ESCAPE.sub(lambda found: found[2] + _ACCENTS.get(found[1], ""), text)
    return _BINARY_ESCAPE.sub(lambda found: chr((ord(found[1]) & 0xF) << 4 | ord(found[2]) & 0xF), text)


def _number(field: str, otherwise: int) -> int:
    text = field[1:]
    return int(text) if text.isdecimal() and 0 < len(text) <= _LONGEST_NUMBER and int(text) else otherwise
