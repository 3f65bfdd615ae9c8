"""Sheets of xlsx in XML that is not plain, surveyed with expat and written again as plain XML.

The parser has gaps: with white space beside the index of a shared string it takes the first string, and a new error
value or an odd attribute makes it give up the sheet. What is written again has only rows, cells and their values.
"""

import re
from collections.abc import Iterable
from typing import Final
from xml.parsers import expat
from xml.sax.saxutils import escape

from libraries.spreadsheets import limits
from libraries.spreadsheets.errors import Defect, Refusal, RefusedFileError
from libraries.spreadsheets.grid import SHOWN_CHARACTERS, Survey, column_number
from libraries.spreadsheets.repacking import Deflated

_REFERENCE: Final = re.compile(r"\s*([A-Za-z]{1,7})([0-9]{1,10})\s*")
_START: Final = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
_END: Final = b"</sheetData></worksheet>"
_BULK_CELLS: Final = 5_000
_IN_PLACE: Final = "inlineStr"


def survey(chunks: Iterable[bytes], strings: int) -> tuple[Survey, Deflated]:
    """Survey a sheet in UTF-8 and write it again. `strings` is how many shared strings the workbook has.

    Raises RefusedFileError when the grid is beyond the limits, or the XML is damaged.
    """
    reader = _Reader(strings)
    for chunk in chunks:
        reader.feed(chunk)
        reader.found.check()
    return reader.found, reader.finish()


class _Reader:
    def __init__(self, strings: int) -> None:
        self.found = Survey()
        self._strings = strings
        self._written = Deflated()
        self._written.write(_START)
        self._cells: list[str] = []
        self._row_open = 0
        self._row = self._column = 0
        self._kind = self._style = ""
        self._texts: dict[str, str] = {}
        self._element: str | None = None
        self._phonetic = False
        self._parser = expat.ParserCreate(encoding="utf-8")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.buffer_text = True

    def feed(self, chunk: bytes) -> None:
        try:
            self._parser.Parse(chunk, False)
        except expat.ExpatError:
            raise RefusedFileError(Refusal.DAMAGED) from None
        if len(self._cells) > _BULK_CELLS:
            self._flush()

    def finish(self) -> Deflated:
        self.feed(b"")
        try:
            self._parser.Parse(b"", True)
        except expat.ExpatError:
            raise RefusedFileError(Refusal.DAMAGED) from None
        self._close_row()
        self._flush()
        self._written.write(_END)
        return self._written

    def _flush(self) -> None:
        self._written.write("".join(self._cells).encode("utf-8", "surrogatepass"))
        self._cells = []

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        if name == "row":
            self._row = _row_number(attributes.get("r")) or self._row + 1
            self._column = 0
            if attributes.get("hidden") in ("1", "true"):
                self.found.hidden.add(self._row)
        elif name == "c":
            self._start_cell(attributes)
        elif name == "rPh":
            self._phonetic = True
        self._element = name if name in ("f", "v", "t") and not self._phonetic else None
        if self._element:
            self._texts.setdefault(self._element, "")

    def _start_cell(self, attributes: dict[str, str]) -> None:
        reference = _REFERENCE.fullmatch(attributes.get("r", ""))
        if reference:
            self._column = column_number(reference[1].encode())
            self._row = int(reference[2])
        else:
            self._column += 1
        self._kind = attributes.get("t", "n").strip()
        self._style = attributes.get("s", "").strip()
        self._texts = {}

    def _text(self, text: str) -> None:
        if self._element and len(self._texts[self._element]) <= limits.CELL_CHARACTERS:
            self._texts[self._element] += text

    def _end(self, name: str) -> None:
        name = name.rpartition(":")[2]
        self._element = None
        if name == "rPh":
            self._phonetic = False
        if name != "c":
            return
        texts, self._texts = self._texts, {}
        if not texts:
            return  # only a format
        self.found.rows = max(self.found.rows, self._row)
        self.found.columns = max(self.found.columns, self._column)
        if len(self.found.lost) % _BULK_CELLS == 0:
            self.found.check()
        value = texts.get("v", "")
        if self._kind == "e":
            self._lose(Defect.ERROR, value)
        elif "f" in texts and not value and self._kind not in ("str", _IN_PLACE):
            self._lose(Defect.FORMULA, "=" + texts["f"])
        elif self._kind == "s":
            index = value.strip()
            if index.isdecimal() and len(index) < 10 and int(index) < self._strings:
                self._write(f' t="s"><v>{int(index)}</v></c>')
            elif index:
                self._lose(Defect.ERROR, f"#{index}")
        elif self._kind == _IN_PLACE or (self._kind == "str" and value):
            text = texts.get("t", value) if self._kind == _IN_PLACE else value
            self._write(f' t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>')
        elif value.strip():
            kind = f' t="{self._kind}"' if self._kind in ("b", "d") else ""
            self._write(f"{kind}><v>{escape(value.strip())}</v></c>")

    def _lose(self, defect: Defect, shown: str) -> None:
        self.found.lost[self._row - 1, self._column - 1] = (defect, shown.strip()[:SHOWN_CHARACTERS])

    def _write(self, rest: str) -> None:
        if self._row != self._row_open:
            self._close_row()
            self._row_open = self._row
            self._cells.append(f'<row r="{self._row}">')
        style = f' s="{self._style}"' if self._style.isdecimal() else ""
        self._cells.append(f'<c r="{_letters(self._column)}{self._row}"{style}{rest}')

    def _close_row(self) -> None:
        if self._row_open:
            self._cells.append("</row>")
            self._row_open = 0


def _letters(column: int) -> str:
    """1 is A, 26 is Z, 27 is AA."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _row_number(text: str | None) -> int | None:
    text = (text or "").strip()
    return int(text) if text.isdecimal() and len(text) <= 10 else None
