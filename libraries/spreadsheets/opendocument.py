"""Sheets of an OpenDocument file (.ods), read as they stand in `content.xml`.

Our own reader: a cell or a row there may be repeated a million times by one attribute, and only whoever expands them
can count. It also shows numbers and dates as the program that wrote the file showed them, for the text is stored.

expat calls five times a cell, too slow for millions of them. Rows of nothing but plain cells are taken apart by regular
expressions in a third of the time, and expat never sees them; it gets all the rest.
"""

import re
from collections.abc import Iterable
from typing import Final
from xml.parsers import expat

from libraries.spreadsheets.building import Budget, BuiltSheet, check_column
from libraries.spreadsheets.errors import Defect, Refusal, RefusedFileError

_CELLS = ("table:table-cell", "table:covered-table-cell")
_SHOWN_CHARACTERS = 1_000
_LONGEST_REPEAT_DIGITS = 10

_ROW_END: Final = b"</table:table-row>"
_PLAIN_ROW: Final = re.compile(r'<table:table-row(?: table:style-name="[^"<>&]*")?>')
# What is behind the last text of a row, and what a plain row has none of.
_BLANK_END: Final = re.compile(r"(?:<table:table-cell[^<>]*/>)+\Z")
_NOT_PLAIN: Final = ("repeated=", "formula=", "&")
_PLAIN_CELL: Final = re.compile(
    r"<table:table-cell[^<>]*+>(?:(?<=/>)|<text:p>([^<\x00-\x1f\x7f\ufffe\uffff]++)</text:p></table:table-cell>)"
)


def read_sheets(chunks: Iterable[bytes]) -> list[BuiltSheet]:
    """Every sheet with its rows, without what is blank at their ends. Raises RefusedFileError.

    The limits are those of one sheet, and they hold for all of the sheets together.
    """
    reader = _Reader()
    parser = expat.ParserCreate(encoding="utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        _feed(parser, reader, chunks)
    except expat.ExpatError:
        raise RefusedFileError(Refusal.DAMAGED) from None
    return reader.sheets


def _feed(parser: expat.XMLParserType, reader: "_Reader", chunks: Iterable[bytes]) -> None:
    waiting = b""
    for chunk in chunks:
        waiting += chunk
        cut = waiting.rfind(_ROW_END) + len(_ROW_END)
        if cut < len(_ROW_END):
            parser.Parse(waiting, False)
            waiting = b""
            continue
        piece, waiting = waiting[:cut], waiting[cut:]
        # A comment could have rows in it. What a document begins with has none.
        is_plain = b"<!" not in piece and b"<?" not in piece[1:]
        for row in piece.split(_ROW_END)[:-1] if is_plain else [piece]:
            cells = _plain_cells(row) if reader.is_between_rows else None
            if cells is None:
                parser.Parse(row if row is piece else row + _ROW_END, False)
            else:
                reader.add_row(cells)
    parser.Parse(waiting, True)


def _plain_cells(content: bytes) -> list[str] | None:
    """The texts of a row without its end tag, or None where expat has to read it."""
    try:
        row = content.decode()
    except UnicodeDecodeError:
        return None
    start = _PLAIN_ROW.match(row)
    if start is None:
        return None
    end = _BLANK_END.search(row, start.end()) if row.endswith("/>") else None
    if end and "formula=" in end[0]:
        return None
    inside = row[start.end() : end.start() if end else len(row)]
    if any(sign in inside for sign in _NOT_PLAIN):
        return None
    texts = _PLAIN_CELL.findall(inside)
    # A cell with a text has four tags, a blank one is one tag: if there are more, something else is among them.
    if inside.count("<") != 4 * len(texts) - 3 * texts.count(""):
        return None
    while texts and not texts[-1]:
        texts.pop()
    return texts


class _Reader:
    def __init__(self) -> None:
        self.sheets: list[BuiltSheet] = []
        self._hidden_styles: set[str] = set()
        self._style = ""
        self._budget = Budget()
        # Blank rows and cells are only counted until one with content follows.
        self._blank_rows = 0
        self._blank_cells = 0
        self._row: list[str] = []
        self._row_repeat = 1
        self._row_hidden = False
        self._row_lost: dict[int, tuple[Defect, str]] = {}
        self._cell: dict[str, str] | None = None
        self._paragraphs: list[list[str]] = []
        self._in_paragraph = False
        self._annotations = 0
        self._after_row = False

    @property
    def is_between_rows(self) -> bool:
        return self._after_row and self._cell is None and not self._annotations

    def add_row(self, cells: list[str]) -> None:
        """A plain row, as it stands right behind another one."""
        self._row, self._row_lost, self._row_repeat, self._row_hidden = cells, {}, 1, False
        self._end_row()

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "text:p":
            self._start_paragraph()
        elif name in _CELLS:
            self._cell, self._paragraphs = attributes, []
        elif name == "table:table-row":
            self._after_row = False
            self._row, self._row_lost, self._blank_cells = [], {}, 0
            self._row_repeat = _repeat(attributes, "table:number-rows-repeated")
            self._row_hidden = attributes.get("table:visibility", "visible") != "visible"
        elif name in ("text:s", "text:tab", "text:line-break"):
            self.text(" " * min(_repeat(attributes, "text:c"), 100) if name == "text:s" else " ")
        elif name == "office:annotation":
            self._annotations += 1
        elif name == "table:table":
            hidden = attributes.get("table:style-name") in self._hidden_styles
            self.sheets.append(BuiltSheet(attributes.get("table:name", ""), hidden))
            self._blank_rows = 0
        elif name == "style:style":
            self._style = attributes.get("style:name", "")
        elif name == "style:table-properties" and attributes.get("table:display") == "false":
            self._hidden_styles.add(self._style)

    def end(self, name: str) -> None:
        if name == "text:p":
            self._in_paragraph = False
        elif name in _CELLS:
            self._end_cell()
        elif name == "table:table-row":
            self._end_row()
            self._after_row = True
        elif name == "office:annotation":
            self._annotations -= 1

    def text(self, text: str) -> None:
        if self._in_paragraph:
            self._paragraphs[-1].append(text)

    def _start_paragraph(self) -> None:
        if self._cell is not None and not self._annotations:
            self._paragraphs.append([])
            self._in_paragraph = True

    def _end_cell(self) -> None:
        if self._cell is None:
            raise RefusedFileError(Refusal.DAMAGED)
        cell, self._cell = self._cell, None
        text = "\n".join("".join(paragraph) for paragraph in self._paragraphs)
        repeat = _repeat(cell, "table:number-columns-repeated")
        lost = _lost(cell, text)
        if not text and not lost:
            self._blank_cells += repeat
            return
        column = len(self._row) + self._blank_cells
        check_column(column + repeat - 1)
        self._row += [""] * self._blank_cells
        self._row += [text] * repeat
        self._blank_cells = 0
        if lost:
            self._row_lost.update((place, lost) for place in range(column, column + repeat))

    def _end_row(self) -> None:
        if not self.sheets:
            raise RefusedFileError(Refusal.DAMAGED)
        if not self._row:
            self._blank_rows += self._row_repeat
            return
        sheet = self.sheets[-1]
        self._budget.take(
            self._blank_rows + self._row_repeat, self._blank_rows + self._row_repeat * max(len(self._row), 1)
        )
        sheet.rows += [[]] * self._blank_rows
        self._blank_rows = 0
        if self._row_hidden:
            sheet.hidden_rows.update(range(len(sheet.rows) + 1, len(sheet.rows) + 1 + self._row_repeat))
        for _ in range(self._row_repeat):
            for column, lost in self._row_lost.items():
                sheet.lost[len(sheet.rows), column] = lost
            sheet.rows.append(self._row)


def _lost(cell: dict[str, str], text: str) -> tuple[Defect, str] | None:
    """What is wrong with a cell that has a formula: no value was stored, or it is an error."""
    formula = cell.get("table:formula")
    if formula is None:
        return None
    if cell.get("calcext:value-type") == "error":
        return Defect.ERROR, text[:_SHOWN_CHARACTERS]
    # A formula whose value is the empty text has a type, and is a blank cell.
    if not text and "office:value-type" not in cell:
        return Defect.FORMULA, formula.rpartition("of:")[2][:_SHOWN_CHARACTERS]
    return None


def _repeat(attributes: dict[str, str], name: str) -> int:
    text = attributes.get(name, "1")
    if not text.isdecimal() or len(text) > _LONGEST_REPEAT_DIGITS:
        raise RefusedFileError(Refusal.DAMAGED)
    return max(int(text), 1)
