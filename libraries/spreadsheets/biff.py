"""The records of an .xls stream, looked at before a parser: version, code page, and what parsers do not tell.

A record is its kind and its length in two bytes each, and its data.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from libraries.spreadsheets.errors import Defect
from libraries.spreadsheets.grid import Survey

_HEAD: Final = struct.Struct("<HH")
_PLACE: Final = struct.Struct("<HH")
_BOF, _EOF, _CODE_PAGE, _SHEET, _ROW, _ERROR, _FORMULA = 0x0809, 0x0A, 0x42, 0x85, 0x208, 0x205, 0x06
_BEGINNINGS: Final = {0x0009: 20, 0x0209: 30, 0x0409: 40}
_BIFF8: Final = 0x0600
_HIDDEN_ROW: Final = 0x20
# Number, label, text by its index, label with formats, short number, and the several of these in one record.
_CELLS: Final = frozenset({0x203, 0x204, 0xFD, 0xD6, 0x27E, _ERROR, _FORMULA, 0xBD})

_ERRORS: Final = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
}

# Code pages by their number where Python calls them otherwise. Those missing here are "cp" and the number.
_CODECS: Final = {
    367: "ascii",
    936: "gb18030",
    10000: "mac_roman",
    10001: "cp932",
    10002: "big5",
    10003: "cp949",
    10006: "mac_greek",
    10007: "mac_cyrillic",
    10008: "gb18030",
    10029: "mac_latin2",
    10079: "mac_iceland",
    10081: "mac_turkish",
    20949: "cp949",
    20932: "euc-jp",
    51949: "cp949",
    51932: "euc-jp",
    32768: "mac_roman",
    32769: "cp1252",
    65001: "utf-8",
}
UNICODE: Final = 1200


@dataclass
class Stream:
    """`version` is 80 for BIFF8, 50 for BIFF5 and 7, less for older ones. `surveys` are by the sheet's number."""

    version: int = 0
    code_page: int | None = None
    surveys: list[Survey] = field(default_factory=list)

    @property
    def codec(self) -> str | None:
        """What Python calls the code page; None where there is none, or none that is known."""
        if self.code_page is None:
            return None
        name = _CODECS.get(self.code_page, f"cp{self.code_page}")
        try:
            b"".decode(name)
        except LookupError:
            return None
        return name


def survey(stream: bytes) -> Stream:
    """Survey all sheets. Raises RefusedFileError when one is beyond the limits."""
    found = Stream(_version(stream))
    starts = []
    for kind, start, end in _records(stream, 0):
        if kind == _CODE_PAGE and end - start >= 2:
            found.code_page = int.from_bytes(stream[start : start + 2], "little")
        elif kind == _SHEET and end - start >= 6:
            starts.append((int.from_bytes(stream[start : start + 4], "little"), stream[start + 5]))
    if found.version == 80:
        found.surveys = [_survey_sheet(stream, start) for start, kind in starts if kind == 0]
    return found


def _version(stream: bytes) -> int:
    kind, _ = _HEAD.unpack_from(stream.ljust(_HEAD.size, b"\0"))
    if kind in _BEGINNINGS:
        return _BEGINNINGS[kind]
    return 80 if int.from_bytes(stream[4:6], "little") == _BIFF8 else 50


def _records(stream: bytes, position: int) -> Iterator[tuple[int, int, int]]:
    """Kind, start and end of the data of the records up to the end of this part of the stream."""
    size, depth = len(stream), 0
    while position + 4 <= size:
        kind, length = _HEAD.unpack_from(stream, position)
        start = position + 4
        position = start + length
        if position > size:
            return
        yield kind, start, position
        if kind == _BOF:
            depth += 1
        elif kind == _EOF:
            depth -= 1
            if depth <= 0:
                return


def _is_error(result: bytes) -> bool:
    """Whether the eight bytes of a formula's result are no number but an error."""
    return result[6:] == b"\xff\xff" and result[0] == 2


def _survey_sheet(stream: bytes, position: int) -> Survey:
    found = Survey()
    last_row = last_column = 0
    for kind, start, end in _records(stream, position):
        if kind in _CELLS and end - start >= 6:
            row, column = _PLACE.unpack_from(stream, start)
            last_row = row if row > last_row else last_row
            last_column = column if column > last_column else last_column
            if kind == _ERROR and end - start >= 8 and stream[start + 7]:
                found.lost[row, column] = (Defect.ERROR, _ERRORS.get(stream[start + 6], "#ERROR"))
            elif kind == _FORMULA and end - start >= 14 and _is_error(stream[start + 6 : start + 14]):
                found.lost[row, column] = (Defect.ERROR, _ERRORS.get(stream[start + 8], "#ERROR"))
        elif kind == _ROW and end - start >= 16 and stream[start + 12] & _HIDDEN_ROW:
            found.hidden.add(int.from_bytes(stream[start : start + 2], "little") + 1)
    found.rows, found.columns = last_row + 1, last_column + 1
    found.check()
    return found
