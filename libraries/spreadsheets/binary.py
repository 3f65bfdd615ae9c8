"""The records of an .xlsb part: listing sheets, surveying one, and writing it again for a parser that knows fewer.

A record is its kind in one or two bytes, its length in one to four, and its data. Some programs leave out the column
of a cell that follows another, a short form that the parser passes over without a word.
"""

import struct
from collections.abc import Iterator
from typing import Final

from libraries.spreadsheets.errors import Defect, Refusal, RefusedFileError
from libraries.spreadsheets.grid import Survey

BEGIN_WORKBOOK: Final = b"\x83\x01"

_ROW, _BLANK, _ERROR, _TEXT, _FORMULA_ERROR, _RICH_TEXT = 0, 1, 3, 6, 11, 62
_LAST_CELL: Final = 11
_SHORT_BLANK, _SHORT_INDEX = 12, 18
# A short form is as many kinds behind the full one.
_SHORTENED: Final = 11
_BEGIN_SHEET, _END_SHEET, _BEGIN_DATA, _END_DATA, _DIMENSION = 0x81, 0x82, 0x91, 0x92, 0x94
_SHEET, _PROPERTIES = 0x9C, 0x99
_BEGIN_BOOK, _END_BOOK, _BEGIN_SHEETS, _END_SHEETS = 0x83, 0x84, 0x8F, 0x90

_ERRORS: Final = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}
_HIDDEN_ROW: Final = 0x10
_CHECKED_CELLS: Final = 10_000


def records(content: bytes) -> Iterator[tuple[int, int, int]]:
    """Kind, start and end of every record's data. Raises RefusedFileError where one does not fit."""
    position, size = 0, len(content)
    try:
        while position < size:
            kind = content[position]
            position += 1
            if kind & 0x80:
                kind = kind & 0x7F | (content[position] & 0x7F) << 7
                position += 1
            length = shift = 0
            while True:
                byte = content[position]
                position += 1
                length |= (byte & 0x7F) << shift
                shift += 7
                if byte < 0x80 or shift == 28:
                    break
            end = position + length
            if end > size:
                raise RefusedFileError(Refusal.DAMAGED)
            yield kind, position, end
            position = end
    except IndexError:
        raise RefusedFileError(Refusal.DAMAGED) from None


def read_workbook(content: bytes) -> tuple[list[tuple[str, bool, str]], bool]:
    """Name, hidden and relation of every sheet, and whether days count from 1904."""
    listed, from_1904 = [], False
    for kind, start, end in records(content):
        if kind == _SHEET:
            state = int.from_bytes(content[start : start + 4], "little")
            relation, after = _text(content, start + 8, end)
            name, _ = _text(content, after, end)
            listed.append((name, state != 0, relation))
        elif kind == _PROPERTIES:
            from_1904 = bool(content[start] & 1) if end > start else False
    return listed, from_1904


def survey(content: bytes) -> tuple[Survey, bytes | None]:
    """Survey a sheet. Where it has records that the parser does not know, also the sheet with those it knows."""
    found = Survey()
    row = column = cells = 0
    needs_rewriting = False
    for kind, start, end in records(content):
        if kind == _ROW:
            row = int.from_bytes(content[start : start + 4], "little")
            column = -1
            if end - start > 11 and content[start + 11] & _HIDDEN_ROW:
                found.hidden.add(row + 1)
            continue
        if not (_BLANK <= kind <= _SHORT_INDEX or kind == _RICH_TEXT):
            continue
        is_short = _SHORT_BLANK <= kind <= _SHORT_INDEX
        column = column + 1 if is_short else int.from_bytes(content[start : start + 4], "little")
        full = kind - _SHORTENED if is_short else kind
        if full == _BLANK:
            continue
        needs_rewriting = needs_rewriting or is_short or kind == _RICH_TEXT
        found.rows = max(found.rows, row + 1)
        found.columns = max(found.columns, column + 1)
        cells += 1
        if cells % _CHECKED_CELLS == 1:
            found.check()
        if full in (_ERROR, _FORMULA_ERROR):
            code = content[start + (4 if is_short else 8)] if end > start + 4 else 0
            found.lost[row, column] = (Defect.ERROR, _ERRORS.get(code, "#ERROR"))
    found.check()
    return found, _rewritten(content) if needs_rewriting else None


def _rewritten(content: bytes) -> bytes:
    written = [_record(_BEGIN_SHEET, b""), _record(_DIMENSION, bytes(16)), _record(_BEGIN_DATA, b"")]
    column = -1
    for kind, start, end in records(content):
        data = content[start:end]
        if kind == _ROW:
            column = -1
            written.append(_record(_ROW, data))
        elif kind == _RICH_TEXT:
            column = int.from_bytes(data[:4], "little")
            # Flags in one byte, then the text, then its formats.
            length = int.from_bytes(data[9:13], "little")
            written.append(_record(_TEXT, data[:8] + data[9 : 13 + 2 * length]))
        elif _BLANK <= kind <= _LAST_CELL:
            column = int.from_bytes(data[:4], "little")
            written.append(_record(kind, data))
        elif _SHORT_BLANK <= kind <= _SHORT_INDEX:
            column += 1
            written.append(_record(kind - _SHORTENED, struct.pack("<I", column) + data))
    return b"".join([*written, _record(_END_DATA, b""), _record(_END_SHEET, b"")])


def workbook(sheets: int, *, from_1904: bool) -> bytes:
    """A workbook part with so many sheets, called 1, 2, 3, of the relations r1, r2, r3."""
    listed = [
        _record(_SHEET, struct.pack("<II", 0, number) + _packed(f"r{number}") + _packed(str(number)))
        for number in range(1, sheets + 1)
    ]
    properties = _record(_PROPERTIES, struct.pack("<III", int(from_1904), 0, 0))
    return b"".join(
        [
            _record(_BEGIN_BOOK, b""),
            properties,
            _record(_BEGIN_SHEETS, b""),
            *listed,
            _record(_END_SHEETS, b""),
            _record(_END_BOOK, b""),
        ]
    )


def empty_sheet() -> bytes:
    kinds = (_BEGIN_SHEET, _BEGIN_DATA, _END_DATA, _END_SHEET)
    return b"".join(
        [_record(kinds[0], b""), _record(_DIMENSION, bytes(16)), *(_record(kind, b"") for kind in kinds[1:])]
    )


def _record(kind: int, data: bytes) -> bytes:
    head = bytes((kind,)) if kind < 0x80 else bytes((kind & 0x7F | 0x80, kind >> 7))
    length = len(data)
    while length > 0x7F:
        head += bytes((length & 0x7F | 0x80,))
        length >>= 7
    return head + bytes((length,)) + data


def _text(content: bytes, start: int, end: int) -> tuple[str, int]:
    length = int.from_bytes(content[start : start + 4], "little")
    stop = start + 4 + 2 * length
    if stop > end:
        if length == 0xFFFFFFFF:
            return "", start + 4
        raise RefusedFileError(Refusal.DAMAGED)
    return content[start + 4 : stop].decode("utf-16-le", "replace"), stop


def _packed(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")
