"""The cells of an xlsx sheet, surveyed in its XML before a parser lays them out as a full grid.

Two things are learned: how large the grid would be, for two cells in opposite corners make the parser ask for
400 GB and abort; and the cells whose content the parser would silently drop, formulas without a stored value and
error values. Excel writes plain XML, which a few regular expressions survey at memory speed; all other XML goes
through expat, which is slower and knows every way of writing the same thing.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html import unescape
from string import ascii_uppercase, digits
from typing import Final
from xml.parsers import expat

from libraries.spreadsheets import limits
from libraries.spreadsheets.errors import Defect, Refusal, RefusedFileError

# A row of 16,384 cells in Excel's own XML takes less than this, unless its texts are written in place.
_ROW_BYTES: Final = 32 * 1024 * 1024

# Every way to start a cell, and the elements that only look like one.
_CELL: Final = re.compile(rb"<c[\s/>]")
_PREFIXED_CELL: Final = re.compile(rb":c[\s/>]")
_PLAIN_REFERENCE: Final = re.compile(rb'<c r="([A-Z]{1,3}[0-9]{1,7})"')
_FILLED_REFERENCE: Final = re.compile(rb'<c r="([A-Z]{1,3}[0-9]{1,7})"(?:[^>]*[^>/])?>')
_FORMULA: Final = re.compile(
    rb'<c r="([A-Z]{1,3})([0-9]{1,7})"([^>]*)>\s*<f(?:\s[^>]*?)?(?:/>|>([^<]*)</f>)\s*+(?!<v(?:\s[^>]*)?>[^<])'
)
_ERROR: Final = re.compile(
    rb'<c r="([A-Z]{1,3})([0-9]{1,7})"([^>]*? t="e"[^>]*)>\s*(?:<f(?:/>|\s[^>]*/>|[^<]*</f>)\s*)?<v>([^<]*)</v>'
)
_DIGITS: Final = digits.encode()
_LETTERS: Final = ascii_uppercase.encode()
_SHOWN_CHARACTERS: Final = 1_000

Lost = dict[tuple[int, int], tuple[Defect, str]]


@dataclass
class Survey:
    """What a sheet has. Rows and columns count from 1; `lost` has cells counted from 0, with what they show."""

    rows: int = 0
    columns: int = 0
    lost: Lost = field(default_factory=dict)

    def check(self) -> None:
        if self.rows > limits.SHEET_ROWS:
            raise RefusedFileError(Refusal.TOO_MANY_ROWS, limit=limits.SHEET_ROWS)
        if self.columns > limits.SHEET_COLUMNS:
            raise RefusedFileError(Refusal.TOO_MANY_COLUMNS, limit=limits.SHEET_COLUMNS)
        if self.rows * self.columns > limits.SHEET_GRID_CELLS:
            raise RefusedFileError(Refusal.TOO_MANY_CELLS, limit=limits.SHEET_GRID_CELLS)


def survey(chunks: Iterable[bytes]) -> Survey:
    """Survey one sheet. Raises RefusedFileError when its grid is beyond the limits, or the XML is damaged."""
    found = Survey()
    careful: _CarefulSurvey | None = None
    for number, piece in enumerate(_whole_rows(chunks)):
        references = None if careful else _plain_references(piece)
        if references is not None:
            _survey_plain(piece, references, found)
        else:
            # Once a piece is not plain, expat goes on from there; those before it have been surveyed in full.
            careful = careful or _CarefulSurvey(found, from_start=number == 0)
            careful.feed(piece)
        found.check()
    return found


def _whole_rows(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes, cut only after a row, so that no cell is torn apart."""
    waiting = b""
    for chunk in chunks:
        waiting += chunk
        cut = waiting.rfind(b"</row>") + 6
        if cut >= 6:
            yield waiting[:cut]
            waiting = waiting[cut:]
        elif len(waiting) > _ROW_BYTES:
            raise RefusedFileError(Refusal.UNPACKED_TOO_LARGE, limit=_ROW_BYTES)
    if waiting:
        yield waiting


def _plain_references(piece: bytes) -> list[bytes] | None:
    """The reference of every cell, or None unless each starts as `<c r="A1"`, with nothing prefixed or commented."""
    if b"<!" in piece or (b":c" in piece and _PREFIXED_CELL.search(piece)):
        return None
    references = _PLAIN_REFERENCE.findall(piece)
    cells = piece.count(b"<c")
    if cells != len(references) and len(_CELL.findall(piece)) != len(references):
        return None
    return references


def _survey_plain(piece: bytes, references: list[bytes], found: Survey) -> None:
    rows, columns = _extent(references)
    if max(found.rows, rows) * max(found.columns, columns) > limits.SHEET_GRID_CELLS:
        # Cells that have only a format cost the parser nothing: whole rows may be coloured.
        rows, columns = _extent(_FILLED_REFERENCE.findall(piece))
    found.rows = max(found.rows, rows)
    found.columns = max(found.columns, columns)
    if b"<f" in piece:
        for column, row, attributes, formula in _FORMULA.findall(piece):
            # t="str" with an empty value is a formula whose value is the empty text: a blank cell.
            if b't="str"' not in attributes and b't="e"' not in attributes:
                _lose(found, column, row, Defect.FORMULA, "=" + unescape(formula.decode("utf-8", "replace")))
    if b't="e"' in piece:
        for column, row, _, shown in _ERROR.findall(piece):
            _lose(found, column, row, Defect.ERROR, unescape(shown.decode("utf-8", "replace")))


def _extent(references: list[bytes]) -> tuple[int, int]:
    """The greatest row and column, without a loop over the cells."""
    joined = b" ".join(references)
    columns = set(joined.translate(None, _DIGITS).split())
    rows = set(joined.translate(None, _LETTERS).split())
    return max(map(int, rows), default=0), max(map(column_number, columns), default=0)


def _lose(found: Survey, column: bytes, row: bytes, defect: Defect, shown: str) -> None:
    found.lost[int(row) - 1, column_number(column) - 1] = (defect, shown[:_SHOWN_CHARACTERS])


def column_number(letters: bytes) -> int:
    """A is 1, Z is 26, AA is 27."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - ord("A") + 1
    return number


class _CarefulSurvey:
    """The same survey of XML that is written in any other way."""

    _REFERENCE: Final = re.compile(r"\s*([A-Za-z]{1,7})([0-9]{1,10})\s*")

    def __init__(self, found: Survey, *, from_start: bool) -> None:
        self._found = found
        self._row = found.rows
        self._column = 0
        self._kind = ""
        self._texts: dict[str, str] = {}
        self._element: str | None = None
        self._parser = expat.ParserCreate(encoding="utf-8")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        if not from_start:
            # A piece from the middle of the sheet needs the elements around it. Their ends are in the last piece.
            self._parser.Parse(b"<worksheet><sheetData>", False)

    def feed(self, piece: bytes) -> None:
        try:
            self._parser.Parse(piece, False)
        except expat.ExpatError:
            raise RefusedFileError(Refusal.DAMAGED) from None

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        if name == "row":
            self._row = _row_number(attributes.get("r")) or self._row + 1
            self._column = 0
        elif name == "c":
            self._start_cell(attributes)
        self._element = name if name in ("f", "v", "t") else None
        if self._element:
            self._texts.setdefault(self._element, "")

    def _start_cell(self, attributes: dict[str, str]) -> None:
        reference = self._REFERENCE.fullmatch(attributes.get("r", ""))
        if reference:
            self._column = column_number(reference[1].encode())
            self._row = int(reference[2])
        else:
            self._column += 1
        self._kind = attributes.get("t", "")
        self._texts = {}

    def _text(self, text: str) -> None:
        if self._element and len(self._texts[self._element]) < _SHOWN_CHARACTERS:
            self._texts[self._element] += text

    def _end(self, name: str) -> None:
        self._element = None
        if name.rpartition(":")[2] != "c":
            return
        texts = self._texts
        if not texts:
            return  # only a format
        self._found.rows = max(self._found.rows, self._row)
        self._found.columns = max(self._found.columns, self._column)
        place = (self._row - 1, self._column - 1)
        if self._kind == "e":
            self._found.lost[place] = (Defect.ERROR, texts.get("v", "")[:_SHOWN_CHARACTERS])
        elif "f" in texts and not texts.get("v") and self._kind != "str":
            self._found.lost[place] = (Defect.FORMULA, "=" + texts["f"][:_SHOWN_CHARACTERS])


def _row_number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) <= 10 else None
