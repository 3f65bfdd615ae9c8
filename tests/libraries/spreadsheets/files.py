"""Files as people and programs make them, and a way to read them without a child process."""

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import openpyxl
import pyxlsbwriter
import xlwt

from libraries.spreadsheets import Choice, Layout, Row
from libraries.spreadsheets.guard import admit
from libraries.spreadsheets.layout import find_layout
from libraries.spreadsheets.rows import read_rows
from libraries.spreadsheets.sources import open_source

Cells = Sequence[Any]

CONTENT_TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>'
)
_RELATIONS = '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
_RELATION_TYPE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OPEN_DOCUMENT = "urn:oasis:names:tc:opendocument:xmlns"
ODS_TYPE = "application/vnd.oasis.opendocument.spreadsheet"


def read_here(
    content: bytes, name: str, choice: Choice | None = None, *, with_cells: bool = False
) -> tuple[Layout, list[Row]]:
    """What the child does, in this process."""
    choice = choice or Choice()
    admitted = admit(content, name)
    found = find_layout(admitted.kind, open_source(admitted, choice.encoding, choice.delimiter), choice)
    return found.layout, [row for batch in read_rows(found.table, found.layout, with_cells=with_cells) for row in batch]


def zipped(parts: dict[str, str | bytes], *, stored: Sequence[str] = ()) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content, zipfile.ZIP_STORED if name in stored else None)
    return buffer.getvalue()


def xlsx_parts(*sheets: str, strings: str | None = None) -> dict[str, str | bytes]:
    """The parts of a workbook, from the XML inside <sheetData> of each sheet."""
    listed = "".join(f'<sheet name="S{n}" sheetId="{n}" r:id="r{n}"/>' for n in range(1, len(sheets) + 1))
    related = "".join(
        f'<Relationship Id="r{n}" Type="{_RELATION_TYPE}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in range(1, len(sheets) + 1)
    )
    if strings is not None:
        related += f'<Relationship Id="ss" Type="{_RELATION_TYPE}/sharedStrings" Target="sharedStrings.xml"/>'
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": CONTENT_TYPES,
        "_rels/.rels": f'{_RELATIONS}<Relationship Id="r1" Type="{_RELATION_TYPE}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<?xml version="1.0"?><workbook xmlns="{_MAIN}" xmlns:r="{_RELATION_TYPE}">'
        f"<sheets>{listed}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f"{_RELATIONS}{related}</Relationships>",
    }
    for number, sheet in enumerate(sheets, start=1):
        parts[f"xl/worksheets/sheet{number}.xml"] = sheet_xml(sheet)
    if strings is not None:
        parts["xl/sharedStrings.xml"] = f'<?xml version="1.0"?><sst xmlns="{_MAIN}">{strings}</sst>'
    return parts


def sheet_xml(rows: str) -> str:
    return f'<?xml version="1.0"?><worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData></worksheet>'


def raw_xlsx(*sheets: str, strings: str | None = None) -> bytes:
    return zipped(xlsx_parts(*sheets, strings=strings))


def xlsx(rows: Sequence[Cells]) -> bytes:
    """By openpyxl, which stores no value with a formula and writes error values as such."""
    workbook = openpyxl.Workbook()
    for row_number, row in enumerate(rows, start=1):
        for column, value in enumerate(row, start=1):
            if value != "":
                workbook.active.cell(row_number, column, value)
    return _saved(workbook)


def xls(rows: Sequence[Cells]) -> bytes:
    workbook = xlwt.Workbook(encoding="utf-8")
    sheet = workbook.add_sheet("Sheet1")
    for row_number, row in enumerate(rows):
        for column, value in enumerate(row):
            if value != "":
                sheet.write(row_number, column, value)
    return _saved(workbook)


def xlsb(rows: Sequence[Cells], folder: Path) -> bytes:
    path = folder / "made.xlsb"
    width = max(map(len, rows), default=1)
    with pyxlsbwriter.XlsbWriter(str(path)) as writer:
        writer.add_sheet("Sheet1")
        # The writer leaves out empty rows, and takes the number of columns from the first one.
        writer.write_sheet([[*(value or None for value in row), *[None] * (width - len(row))] for row in rows])
    return path.read_bytes()


def ods(rows: Sequence[Cells]) -> bytes:
    return raw_ods(
        "<table:table table:name='Sheet1'>"
        + "".join(f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in rows)
        + "</table:table>"
    )


def raw_ods(tables: str, *, manifest: str = "") -> bytes:
    names = " ".join(
        f'xmlns:{name}="{_OPEN_DOCUMENT}:{name}:1.0"' for name in ("office", "table", "text", "style", "calcext")
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {names}>'
        f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    )
    parts: dict[str, str | bytes] = {"mimetype": ODS_TYPE, "content.xml": content}
    if manifest:
        parts["META-INF/manifest.xml"] = manifest
    return zipped(parts, stored=["mimetype"])


def _ods_cell(value: Any) -> str:
    if value == "":
        return "<table:table-cell/>"
    text = escape(str(value))
    if isinstance(value, (int, float)):
        kind = f'office:value-type="float" office:value="{text}"'
    else:
        kind = 'office:value-type="string"'
    return f"<table:table-cell {kind}><text:p>{text}</text:p></table:table-cell>"


def _saved(workbook: Any) -> bytes:
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()
