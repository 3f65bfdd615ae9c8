"""Tables of a million rows, written as they come: workbooks and CSV. Memory does not grow with them.

Cells are text and nothing else: no formula and no link, whatever they look like. The XML of a sheet is so simple that
writing it is a matter of joining strings; a library that knows all of Excel takes several times as long for it
(docs/decisions/0005-downloads.md). White space at the ends of a text is not kept by every program that reads the file.
"""

import csv
import os
import re
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Protocol, Self
from xml.sax.saxutils import escape

from libraries.spreadsheets import limits
from libraries.spreadsheets.writer import guarded, storable

Row = tuple[str, ...]

# Of zlib: 3 % more bytes than the default, in a third of the time.
_LEVEL: Final = 1

# What makes a text more than itself in XML, or in Excel's reading of it; see `writer.storable`.
_SPECIAL: Final = re.compile("[&<>\x00-\x1f\ud800-\udfff\ufffe\uffff]|_x[0-9A-Fa-f]{4}_")

# What `writer.guarded` may change, in cells with the separator before each. No line end: that is among what it guards.
_SEPARATOR: Final = "\x1e"
_GUARDED: Final = re.compile(rf"{_SEPARATOR}['=+\-@\t\r\n＝＋－＠]|[\ud800-\udfff]")

_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_TYPES: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PROLOGUE: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

# Format 1 is text (49 is "@"): a cell that somebody edits in Excel stays what it was. Format 2 is a bold heading.
_STYLES: Final = f"""{_PROLOGUE}<styleSheet xmlns="{_MAIN}">
<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>
<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>
<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>
<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>
<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>
<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>
<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>
<xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1"/></cellXfs>
<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>
</styleSheet>"""
_SHEET_END: Final = b"</sheetData></worksheet>"


class Table(Protocol):
    """A file that is being written. `append` takes rows of as many cells as the headings have; leaving it ends it."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *error: Any) -> None: ...
    def append(self, rows: Sequence[Row]) -> None: ...


class Workbook:
    """An .xlsx file of one sheet; one more begins wherever a sheet is full.

    With `headings` each sheet begins with them, and they stay in view. `widths` are those of the columns in characters.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, sheet: str, widths: Sequence[int], headings: Row | None = None
    ) -> None:
        self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL)
        self._sheet_name = sheet
        self._widths = widths
        self._headings = headings
        self._template = _row_template(len(widths), 1)
        self._sheets = 0
        self._begin_sheet()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sheet.write(_SHEET_END)
        self._sheet.close()
        for name, text in self._parts():
            self._zip.writestr(name, text)
        self._zip.close()

    def append(self, rows: Sequence[Row]) -> None:
        start = 0
        while start < len(rows):
            if self._rows == limits.SHEET_ROWS or self._bytes > limits.SHEET_XML_BYTES:
                self._sheet.write(_SHEET_END)
                self._sheet.close()
                self._begin_sheet()
            part = rows[start : start + limits.SHEET_ROWS - self._rows]
            self._write(part, self._template)
            start += len(part)

    def size(self) -> int:
        """Bytes of the file so far, but for what is still on its way through the compressor."""
        position = self._zip.fp.tell() if self._zip.fp else 0
        return int(position)

    @property
    def row_count(self) -> int:
        """Rows of the current sheet, its headings among them."""
        return self._rows

    def _begin_sheet(self) -> None:
        self._sheets += 1
        self._sheet = self._zip.open(f"xl/worksheets/sheet{self._sheets}.xml", "w")
        self._rows = self._bytes = 0
        columns = "".join(
            f'<col min="{number}" max="{number}" width="{width}" style="1" customWidth="1"/>'
            for number, width in enumerate(self._widths, 1)
        )
        self._sheet.write(
            f'{_PROLOGUE}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0"'
            f"{self._selected()}>{_FROZEN if self._headings else ''}</sheetView></sheetViews>"
            f"<cols>{columns}</cols><sheetData>".encode()
        )
        if self._headings:
            self._write([self._headings], _row_template(len(self._widths), 2))

    def _selected(self) -> str:
        return ' tabSelected="1"' if self._sheets == 1 else ""

    def _write(self, rows: Sequence[Row], template: str) -> None:
        if _SPECIAL.search("".join(map("".join, rows))):
            rows = [tuple(escape(storable(cell)) for cell in row) for row in rows]
        first = self._rows + 1
        data = "".join([template % (number, *row) for number, row in enumerate(rows, first)]).encode()
        self._sheet.write(data)
        self._rows += len(rows)
        self._bytes += len(data)

    def _parts(self) -> Iterable[tuple[str, str]]:
        numbers = range(1, self._sheets + 1)
        sheets = "".join(
            f'<sheet name="{escape(self._name_of(number), _QUOTED)}" sheetId="{number}" r:id="rId{number}"/>'
            for number in numbers
        )
        links = "".join(
            f'<Relationship Id="rId{number}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{number}.xml"/>'
            for number in numbers
        )
        overrides = "".join(
            f'<Override PartName="/xl/worksheets/sheet{number}.xml" ContentType="{_TYPES}.worksheet+xml"/>'
            for number in numbers
        )
        yield (
            "xl/workbook.xml",
            f'{_PROLOGUE}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{sheets}</sheets></workbook>',
        )
        yield (
            "xl/_rels/workbook.xml.rels",
            (
                f'{_PROLOGUE}<Relationships xmlns="{_PACKAGE}/relationships">{links}'
                f'<Relationship Id="rId{self._sheets + 1}" Type="{_OFFICE}/styles" Target="styles.xml"/>'
                "</Relationships>"
            ),
        )
        yield "xl/styles.xml", _STYLES
        yield (
            "_rels/.rels",
            (
                f'{_PROLOGUE}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
                f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
            ),
        )
        yield (
            "[Content_Types].xml",
            (
                f'{_PROLOGUE}<Types xmlns="{_PACKAGE}/content-types">'
                '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
                '<Default Extension="xml" ContentType="application/xml"/>'
                f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>'
                f'<Override PartName="/xl/styles.xml" ContentType="{_TYPES}.styles+xml"/>{overrides}</Types>'
            ),
        )

    def _name_of(self, number: int) -> str:
        # Excel takes 31 characters, and none of these; two sheets of one name it calls damage.
        name = re.sub(r"[\[\]:*?/\\']", " ", self._sheet_name)[:25].strip()
        return name if number == 1 else f"{name} ({number})"


_QUOTED: Final = {'"': "&quot;"}
_FROZEN: Final = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'


def _row_template(width: int, style: int) -> str:
    # The cells need no names of their own: without them they stand in the columns in their order.
    cell = f'<c s="{style}" t="inlineStr"><is><t>%s</t></is></c>'
    return f'<row r="%d">{cell * width}</row>'


class CsvFile:
    """UTF-8 with a mark by which Excel knows it, every cell in quotes, formulas made harmless."""

    def __init__(self, path: str | os.PathLike[str], *, headings: Row) -> None:
        self._file = Path(path).open("w", encoding="utf-8-sig", newline="")  # noqa: SIM115 - closed by __exit__
        self._writer = csv.writer(self._file, quoting=csv.QUOTE_ALL)
        self.append([headings])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: Any) -> None:
        self._file.close()

    def append(self, rows: Sequence[Row]) -> None:
        # One look at all of them: hardly any cell needs a guard.
        if _GUARDED.search(_SEPARATOR + _SEPARATOR.join(map(_SEPARATOR.join, rows))):
            rows = [tuple(map(guarded, row)) for row in rows]
        self._writer.writerows(rows)
