"""Tables of web pages, which many shops and offices send under the name .xls, and of web archives (MHTML).

All tables of a page make one sheet, one below the other, as spreadsheet programs open them.
"""

import email
import email.policy
import io
import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import unquote

from libraries.spreadsheets import encodings, limits
from libraries.spreadsheets.building import Budget, BuiltSheet, check_column
from libraries.spreadsheets.encodings import Text
from libraries.spreadsheets.errors import Refusal, RefusedFileError

_MHTML: Final = re.compile(rb"\s*[A-Za-z][A-Za-z-]{1,40}:[^\n]*\n")
_CHARSET: Final = re.compile(rb"""charset\s*=\s*["']?\s*([A-Za-z0-9._:-]{1,40})""", re.IGNORECASE)
_STATED_BYTES: Final = 8192
_HIDDEN: Final = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_SPACE: Final = re.compile(r"[ \t\r\n\f]+")
_SILENT: Final = frozenset({"script", "style", "title", "head", "noscript"})
_LINE: Final = frozenset({"br", "p", "div", "li"})
_WIDEST_SPAN: Final = 1_000
_DEEPEST: Final = 200


def is_archive(content: bytes) -> bool:
    return _MHTML.match(content) is not None


def pages(content: bytes, chosen: str | None) -> Iterator[Text]:
    """The web pages of a file: itself, or those of a web archive, as text. Raises RefusedFileError."""
    if not is_archive(content):
        yield _decoded(content, chosen, None)
        return
    message = email.message_from_bytes(content, policy=email.policy.compat32)
    for part in message.walk():
        if part.get_content_type() == "text/html":
            payload = part.get_payload(decode=True)
            if isinstance(payload, bytes):
                yield _decoded(payload, chosen, part.get_content_charset())


def _decoded(content: bytes, chosen: str | None, stated: str | None) -> Text:
    found = _CHARSET.search(content[:_STATED_BYTES])
    return encodings.decode(content, chosen, stated or (found[1].decode() if found else None))


def read_sheet(text: str, name: str, budget: Budget) -> BuiltSheet | None:
    """The tables of one page; None where it has none. Raises RefusedFileError."""
    from lxml import etree

    reader = _Reader(name, budget)
    # The text is in UTF-8 by now, whatever the page says of itself.
    source = io.BytesIO(text.encode("utf-8", "replace"))
    try:
        events = etree.iterparse(
            source, events=("end",), tag=("tr", "table"), html=True, encoding="utf-8", recover=True, huge_tree=True,
            no_network=True, remove_comments=True, remove_pis=True,
        )  # fmt: skip
        for _, element in events:
            if element.tag == "tr":
                reader.row(element)
            else:
                reader.end_table()
    except etree.LxmlError:
        if not reader.has_rows:
            raise RefusedFileError(Refusal.DAMAGED) from None
    return reader.sheet if reader.has_rows else None


class _Reader:
    def __init__(self, name: str, budget: Budget) -> None:
        self.sheet = BuiltSheet(name)
        self.has_rows = False
        self._budget = budget
        self._covered: dict[int, int] = {}  # by column, the rows that a cell above still reaches down

    def row(self, element: Any) -> None:
        """A row that is complete. One inside a cell of it was complete before, and is let go of."""
        self.has_rows = True
        covered, reaching = self._covered, {}
        row: list[str] = []
        for cell in element.iterdescendants("td", "th"):
            while covered and covered.get(len(row), 0):
                row.append("")
            columns = rows = 1
            if cell.attrib:
                columns, rows = _span(cell, "colspan"), _span(cell, "rowspan")
                check_column(len(row) + columns - 1)
                if rows > 1:
                    reaching.update(dict.fromkeys(range(len(row), len(row) + columns), rows - 1))
            row.append(_text(cell))
            if columns > 1:
                row += [""] * (columns - 1)
        check_column(len(row) - 1)
        self._covered = {column: rows - 1 for column, rows in covered.items() if rows > 1} | reaching
        while row and not row[-1]:
            row.pop()
        number = len(self.sheet.rows) + 1
        self._budget.add_row(self.sheet, number, row)
        if element.attrib and _HIDDEN.search(element.get("style") or ""):
            self.sheet.hidden_rows.add(number)
        _free(element)

    def end_table(self) -> None:
        self._covered = {}


def _text(cell: Any) -> str:
    if len(cell) == 0:
        return _SPACE.sub(" ", cell.text or "").strip()
    lines = (_SPACE.sub(" ", line).strip() for line in _lines(cell))
    return "\n".join(line for line in lines if line)


def _lines(element: Any) -> Iterator[str]:
    """The text of a cell line by line, without the scripts and tables inside of it."""
    pieces = [element.text or ""]
    waiting = [iter(element)]
    tails = [""]
    while waiting:
        child = next(waiting[-1], None)
        if child is None:
            waiting.pop()
            pieces.append(tails.pop())
            continue
        if child.tag in _LINE:
            yield "".join(pieces)
            pieces = []
        if child.tag in _SILENT or not isinstance(child.tag, str) or len(waiting) > _DEEPEST:
            pieces.append(child.tail or "")
            continue
        pieces.append(child.text or "")
        if child.tag == "a":
            pieces.append(_hidden_address(child))
        waiting.append(iter(child))
        tails.append(child.tail or "")
    yield "".join(pieces)


def _hidden_address(link: Any) -> str:
    """The address behind a link that shows another text."""
    target = (link.get("href") or "").strip()
    if target[:7].lower() != "mailto:" or any("@" in text for text in link.itertext()):
        return ""
    address = unquote(target[7:].partition("?")[0])
    return f" {address}" if "@" in address else ""


def _span(element: Any, name: str) -> int:
    text = (element.get(name) or "1").strip()
    return min(max(int(text), 1), _WIDEST_SPAN) if text.isdecimal() and len(text) < 6 else 1


def _free(element: Any) -> None:
    """Let go of a row that was read: the memory must not grow with the page."""
    element.clear()
    previous = element.getprevious()
    while previous is not None and previous.tag == "tr":
        previous.getparent().remove(previous)
        previous = element.getprevious()


def no_table() -> RefusedFileError:
    return RefusedFileError(Refusal.WRONG_KIND, named="xls", content="html")


def sheets(content: bytes, chosen: str | None) -> tuple[list[BuiltSheet], Text | None]:
    """Every page that has a table as a sheet, and the text of the first of them. Raises RefusedFileError."""
    budget, found, first = Budget(), [], None
    for number, text in enumerate(pages(content, chosen), start=1):
        sheet = read_sheet(text.text, f"Sheet{number}", budget)
        if sheet:
            found.append(sheet)
            first = first or text
        if len(found) == limits.LAYOUT_SHEETS:
            break
    if not found:
        raise no_table()
    return found, first
