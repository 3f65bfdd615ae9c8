"""The cells of an xlsx sheet, surveyed in its XML before a parser lays them out as a full grid.

Two things are learned: how large the grid would be, for two cells in opposite corners make the parser ask for
400 GB and abort; and the cells whose content the parser would silently drop, formulas without a stored value and
error values. Excel writes plain XML, which a few regular expressions survey at memory speed; all other XML goes
through `careful`, which is slower and knows every way of writing the same thing.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html import unescape
from string import ascii_uppercase, digits
from typing import Final

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
_HIDDEN_ROW: Final = re.compile(rb"""<row\s[^>]*\bhidden\s*=\s*["'](?:1|true)["'][^>]*>""")
_ROW_NUMBER: Final = re.compile(rb"""\sr\s*=\s*["']([0-9]{1,7})["']""")
# One sign is looked for ten times quicker than several, and most sheets have no line ends or tabs at all.
_SPACES: Final = (b" ", b"\n", b"\r", b"\t")
_SPACED_INDEX: Final = re.compile(
    rb"""\st\s*=\s*["']s["'][^>]*>\s*(?:<f[^>]*/>|<f[^>]*>[^<]*</f>)?\s*<v[^>]*>(?!\d+</v>)"""
)
_DIGITS: Final = digits.encode()
_LETTERS: Final = ascii_uppercase.encode()
SHOWN_CHARACTERS: Final = 1_000

Lost = dict[tuple[int, int], tuple[Defect, str]]


@dataclass
class Survey:
    """What a sheet has. Rows and columns count from 1; `lost` has cells counted from 0, with what they show.

    `hidden` has the numbers, from 1, of rows that are not shown.
    """

    rows: int = 0
    columns: int = 0
    lost: Lost = field(default_factory=dict)
    hidden: set[int] = field(default_factory=set)

    def check(self) -> None:
        if self.rows > limits.SHEET_ROWS:
            raise RefusedFileError(Refusal.TOO_MANY_ROWS, limit=limits.SHEET_ROWS)
        if self.columns > limits.SHEET_COLUMNS:
            raise RefusedFileError(Refusal.TOO_MANY_COLUMNS, limit=limits.SHEET_COLUMNS)
        if self.rows * self.columns > limits.SHEET_GRID_CELLS:
            raise RefusedFileError(Refusal.TOO_MANY_CELLS, limit=limits.SHEET_GRID_CELLS)


def survey(chunks: Iterable[bytes]) -> Survey | None:
    """Survey one sheet of plain XML; None for XML that is written in any other way: see `careful.survey`.

    Raises RefusedFileError when the grid is beyond the limits.
    """
    found = Survey()
    for piece in _whole_rows(chunks):
        references = _plain_references(piece)
        if references is None or _has_spaced_index(piece):
            return None
        _survey_plain(piece, references, found)
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


def _has_spaced_index(piece: bytes) -> bool:
    """Whether white space is beside the index of a shared string: the parser would take the first string."""
    if b"<v" not in piece:
        return False
    beside_value = any(space in piece and (b"<v>" + space in piece or space + b"</v>" in piece) for space in _SPACES)
    if not beside_value and b"<v " not in piece and not (b"&" in piece and b"&#" in piece):
        return False
    return _SPACED_INDEX.search(piece) is not None


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
                lose(found, column, row, Defect.FORMULA, "=" + unescape(formula.decode("utf-8", "replace")))
    if b" hidden=" in piece:
        found.hidden.update(int(number) for number in _ROW_NUMBER.findall(b" ".join(_HIDDEN_ROW.findall(piece))))
    if b't="e"' in piece:
        for column, row, _, shown in _ERROR.findall(piece):
            lose(found, column, row, Defect.ERROR, unescape(shown.decode("utf-8", "replace")))


def _extent(references: list[bytes]) -> tuple[int, int]:
    """The greatest row and column, without a loop over the cells."""
    joined = b" ".join(references)
    columns = set(joined.translate(None, _DIGITS).split())
    rows = set(joined.translate(None, _LETTERS).split())
    return max(map(int, rows), default=0), max(map(column_number, columns), default=0)


def lose(found: Survey, column: bytes, row: bytes, defect: Defect, shown: str) -> None:
    found.lost[int(row) - 1, column_number(column) - 1] = (defect, shown[:SHOWN_CHARACTERS])


def column_number(letters: bytes) -> int:
    """A is 1, Z is 26, AA is 27."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - ord("A") + 1
    return number
