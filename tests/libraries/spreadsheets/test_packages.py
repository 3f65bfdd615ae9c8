"""Workbooks as programs and people leave them: odd archives, odd names, odd XML; and parts that nobody reads."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from msoffcrypto.format.ooxml import OOXMLFile

from libraries.spreadsheets import Choice, Defect, Kind, Refusal, RefusedFileError, binary
from tests.libraries.spreadsheets import files
from tests.libraries.spreadsheets.files import read_here

Parts = dict[str, str | bytes]

ROWS = (
    '<row r="1"><c r="A1" t="inlineStr"><is><t>Email</t></is></c><c r="B1" t="inlineStr"><is><t>n</t></is></c></row>'
    '<row r="2"><c r="A2" t="inlineStr"><is><t>a@example.com</t></is></c><c r="B2"><v>1</v></c></row>'
)
EXPECTED = [["Email", "n"], ["a@example.com", "1"]]
DOCTYPE = '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd"><svg/>'


def read(content: bytes, name: str = "list.xlsx") -> list[list[str]]:
    layout, rows = read_here(content, name, with_cells=True)
    return [list(layout.columns), *(list(row.cells or ()) for row in rows)]


def parts() -> Parts:
    return files.xlsx_parts(ROWS)


UNREAD: dict[str, Parts] = {
    "Power Query": {"customXml/item1.xml": '<?xml version="1.0" encoding="utf-16"?><DataMashup/>'.encode("utf-16")},
    "an add-in": {"xl/customProperty1.bin": "<a/>".encode("utf-16-le"), "xl/customProperty2.bin": b"<\0!\0D\0"},
    "Finder": {"__MACOSX/xl/worksheets/._sheet1.xml": b"\0\x05\x16\x07", "__MACOSX/._[Content_Types].xml": b"\0"},
    "a picture": {"xl/media/image1.svg": f'<?xml version="1.0"?>{DOCTYPE}', "xl/media/image2.emf": b"\0" * 5_000_000},
    "a theme": {"xl/theme/theme1.xml": DOCTYPE},
    "a printer": {"xl/printerSettings/printerSettings1.bin": "<?xml".encode("utf-16-le") * 50},
    "a macro": {"xl/vbaProject.bin": b"<worksheet><sheetData>"},
    "another workbook": {"xl/embeddings/Microsoft_Excel_Sheet1.xlsx": files.raw_xlsx("")},
    "a web page": {"xl/comments.html": "<!DOCTYPE html><html>"},
    "a file of a folder": {"xl/worksheets/desktop.ini": "[x]", "Thumbs.db": b"\xd0\xcf\x11\xe0"},
}


@pytest.mark.parametrize("what", UNREAD)
def test_part_that_nobody_reads_refuses_nothing(what: str) -> None:
    assert read(files.zipped(parts() | UNREAD[what])) == EXPECTED


def test_unread_part_may_be_damaged() -> None:
    content = bytearray(files.zipped(parts() | {"xl/media/image1.png": b"x" * 100}, stored=["xl/media/image1.png"]))
    entry = content.find(b"xl/media/image1.png", content.find(b"PK\x01\x02")) - 46
    struct.pack_into("<H", content, entry + 10, 99)
    assert read(bytes(content)) == EXPECTED


def renamed(old: str, new: str) -> Parts:
    """The same package with a part, or a folder, by another name, and all that refers to it."""
    changed: Parts = {}
    for name, content in parts().items():
        text = content if isinstance(content, str) else content.decode()
        changed[name.replace(old, new)] = text.replace(old, new)
    return changed


PACKAGES: dict[str, Callable[[], bytes]] = {
    "another name of the workbook": lambda: files.zipped(renamed("workbook.xml", "book2.xml")),
    "another name of the sheet": lambda: files.zipped(renamed("sheet1.xml", "Tabelle 1.xml")),
    "another folder": lambda: files.zipped(renamed("xl/", "data/")),
    "names in capitals": lambda: files.zipped(
        {name.replace("sheet1", "Sheet1"): part for name, part in parts().items()}
    ),
    "absolute targets": lambda: files.zipped(
        parts()
        | {"xl/_rels/workbook.xml.rels": str(parts()["xl/_rels/workbook.xml.rels"]).replace('"work', '"/xl/work')}
    ),
    "backslashes": lambda: files.zipped({name.replace("/", "\\"): part for name, part in parts().items()}),
    "inside a folder": lambda: files.zipped({f"my list/{name}": part for name, part in parts().items()}),
    "inside a folder, by the Finder": lambda: files.zipped(
        {f"list/{name}": part for name, part in parts().items()} | {"__MACOSX/list/._xl": b"\0", "__MACOSX/._list": b""}
    ),
    "Default bin for xlsb": lambda: files.zipped(
        parts()
        | {
            "[Content_Types].xml": files.CONTENT_TYPES.replace(
                "<Override",
                '<Default Extension="bin" ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/>'
                "<Override",
                1,
            )
        }
    ),
    "no content types": lambda: files.zipped({name: part for name, part in parts().items() if name[0] != "["}),
    "blank lines before": lambda: b"\r\n\r\n\r\n" + files.zipped(parts()),
    "a mark before": lambda: b"\xef\xbb\xbf" + files.zipped(parts()),
    "a warning before": lambda: b"<br />\n<b>Warning</b>: x() in y.php on line 3<br />\n" + files.zipped(parts()),
    "a page behind": lambda: files.zipped(parts()) + b"\r\n<!DOCTYPE html><html>" + b"x" * 70_000 + b"</html>",
    "zeros behind": lambda: files.zipped(parts()) + bytes(1_000),
    "a comment": lambda: files.zipped(parts())[:-2] + b"\x05\0hello",
    "Zip64": lambda: zip64(parts()),
    "streamed": lambda: streamed(parts()),
    "Zip64 with a line before": lambda: b"\n" + zip64(parts()),
    "the password that is none": lambda: encrypted("VelvetSweatshop"),
}


def zip64(content: Parts) -> bytes:
    """An archive whose sizes, offsets and list are all in the extension, as commons-compress can write it."""
    written, directory = bytearray(), bytearray()
    for name, part in content.items():
        data = part.encode() if isinstance(part, str) else part
        encoded = name.encode()
        checksum = zlib.crc32(data)
        local = struct.pack("<HHQQ", 1, 16, len(data), len(data))
        entry = struct.pack("<HHQQQ", 1, 24, len(data), len(data), len(written))
        common = struct.pack("<HHHHHIII", 45, 0, 0, 0, 0x21, checksum, 0xFFFFFFFF, 0xFFFFFFFF)
        directory += b"PK\x01\x02" + struct.pack("<H", 45) + common + struct.pack("<HH", len(encoded), len(entry))
        directory += struct.pack("<HHHII", 0, 0, 0, 0, 0xFFFFFFFF) + encoded + entry
        written += b"PK\x03\x04" + common + struct.pack("<HH", len(encoded), len(local)) + encoded + local + data
    start, count = len(written), len(content)
    end = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, len(directory), start)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, start + len(directory), 1)
    last = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return bytes(written + directory + end + locator + last)


def streamed(content: Parts) -> bytes:
    """An archive written to a pipe: sizes follow the data."""

    class Pipe(io.RawIOBase):
        written = b""

        def writable(self) -> bool:
            return True

        def write(self, data: object) -> int:
            self.written += bytes(data)  # type: ignore[call-overload]
            return len(bytes(data))  # type: ignore[call-overload]

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in content.items():
            archive.writestr(name, part)
    return pipe.written


def encrypted(password: str) -> bytes:
    found = io.BytesIO()
    # The library that encrypts here pads small packages wrongly.
    content = files.zipped(parts() | {"xl/media/image1.png": bytes(20_000)}, stored=["xl/media/image1.png"])
    OOXMLFile(io.BytesIO(content)).encrypt(password, found)
    return found.getvalue()


@pytest.mark.parametrize("what", PACKAGES)
def test_odd_package_is_read(what: str) -> None:
    assert read(PACKAGES[what]()) == EXPECTED


def test_real_password_is_told() -> None:
    with pytest.raises(RefusedFileError) as refused:
        read(encrypted("a real one"))
    assert (refused.value.code, refused.value.detail) == (Refusal.ENCRYPTED, {})


def sheet(before: str = "", rows: str = ROWS, *, encoding: str = "UTF-8") -> bytes:
    text = files.sheet_xml(rows).replace("<sheetData>", f"{before}<sheetData>", 1)
    return text.replace('<?xml version="1.0"?>', f'<?xml version="1.0" encoding="{encoding}"?>').encode(
        {"UTF-8": "utf-8"}.get(encoding, encoding)
    )


SHEETS: dict[str, bytes] = {
    "in UTF-16": sheet(encoding="UTF-16"),
    "in UTF-16 without a mark": sheet(encoding="UTF-16").decode("utf-16").encode("utf-16-le"),
    "in EUC-KR": sheet(encoding="euc-kr"),
    "a dimension of rows": sheet('<dimension ref="1:3"/>'),
    "a dimension of columns": sheet('<dimension ref="A:B"/>'),
    "a dimension of nothing": sheet('<dimension ref=""/>'),
    "the greatest dimension": sheet('<dimension ref="A1:XFD1048576"/>'),
    "a comment": sheet("<!-- made by hand -->"),
    "prefixes": sheet()
    .replace(b"<worksheet xmlns=", b"<x:worksheet xmlns:x=")
    .replace(b"</", b"</x:")
    .replace(b"<c ", b"<x:c ")
    .replace(b"<row", b"<x:row")
    .replace(b"<sheetData", b"<x:sheetData")
    .replace(b"<is", b"<x:is")
    .replace(b"<t>", b"<x:t>")
    .replace(b"<v>", b"<x:v>"),
    "apostrophes": sheet().replace(b'<c r="A2" t="inlineStr">', b"<c r='A2' t='inlineStr'>"),
    "an unknown kind of cell": sheet(rows=ROWS.replace("</row>", '<c r="C1" t="zz"><v>9</v></c></row>', 1)),
    "an index that is not there": sheet(
        rows=ROWS.replace('<c r="B2"><v>1</v></c>', '<c r="B2"><v>1</v></c><c r="Z9" t="s"><v>77</v></c>')
    ),
}


@pytest.mark.parametrize("what", SHEETS)
def test_odd_sheet_is_read(what: str) -> None:
    content = files.zipped(parts() | {"xl/worksheets/sheet1.xml": SHEETS[what]})
    assert [row[:2] for row in read(content)][:2] == EXPECTED


@pytest.mark.parametrize("state", ["show", "visible", "", "Visible", "unknown"])
def test_state_that_hides_nothing_is_visible(state: str) -> None:
    workbook = str(parts()["xl/workbook.xml"]).replace("<sheet ", f'<sheet state="{state}" ')
    layout, _ = read_here(files.zipped(parts() | {"xl/workbook.xml": workbook}), "list.xlsx")
    assert [tuple(found) for found in layout.sheets] == [("S1", False)]


NEWER_ERRORS = ["#SPILL!", "#GETTING_DATA", "#FIELD!", "#BLOCKED!", "#BUSY!", "#UNKNOWN!", "#CALC!", "#CONNECT!",
                "#PYTHON!", "#EXTERNAL!", "#TIMEOUT!", "ERROR", "", "#N/A", "#DATA!"]  # fmt: skip


@pytest.mark.parametrize("shown", NEWER_ERRORS)
@pytest.mark.parametrize("formula", ["", "<f>X()</f>"])
def test_error_value_costs_no_other_cell(shown: str, formula: str) -> None:
    rows = ROWS.replace('<c r="B2"><v>1</v></c>', f'<c r="B2" t="e">{formula}<v>{shown}</v></c>')
    found = read_here(files.raw_xlsx(rows), "list.xlsx", with_cells=True)[1]
    assert [(row.email, row.defect) for row in found] == [("a@example.com", None)]
    in_address = '<row r="3"><c r="A3" t="e"><v>#SPILL!</v></c></row>'
    found = read_here(files.raw_xlsx(rows + in_address), "list.xlsx")[1]
    assert [(row.email, row.defect) for row in found][1:] == [("#SPILL!", Defect.ERROR)]


STRINGS = "".join(
    f"<si><t>{text}</t></si>" for text in ("first@example.com", "Email", "a@example.com", "b@example.com")
)


@pytest.mark.parametrize("index", ["\n 2 \n", " 2", "2 ", "\t2", "\r\n2\r\n", "&#32;2", "02"])
@pytest.mark.parametrize(
    "cell",
    [
        '<c r="A2" t="s"><v>{}</v></c>',
        '<c r="A2" t="s">\n  <v>{}</v>\n</c>',
        '<c t="s" r="A2"><v xml:space="preserve">{}</v></c>',
        "<c r='A2' t='s'><f>B1</f><v>{}</v></c>",
    ],
)
def test_white_space_beside_an_index_changes_nothing(index: str, cell: str) -> None:
    rows = f'<row r="1"><c r="A1" t="s"><v>1</v></c></row><row r="2">{cell.format(index)}</row>'
    rows += '<row r="3"><c r="A3" t="s"><v>3</v></c></row>'
    found = read_here(files.raw_xlsx(rows, strings=STRINGS), "list.xlsx")[1]
    assert [row.email for row in found] == ["a@example.com", "b@example.com"]


def test_texts_written_again_are_the_same() -> None:
    strings = '<si><r><t>a&amp;</t></r><r><t xml:space="preserve"> b</t></r><rPh sb="0" eb="1"><t>kana</t></rPh></si>'
    cells = (
        '<c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><r><t>x&lt;</t></r><r><t>y</t></r>'
        '<rPh sb="0" eb="1"><t>k</t></rPh></is></c><c r="C1" t="str"><f>1</f><v> s </v></c><c r="D1" t="b"><v>1</v></c>'
        '<c r="E1" t="d"><v>2026-01-02</v></c><c r="F1"><v>1.5</v></c>'
    )
    plain = f'<row r="1">{cells}</row>'
    expected = ["a& b", "x<y", " s ", "TRUE", "2026-01-02", "1.5"]
    for rows in (plain, f"<!-- odd -->{plain}"):
        content = files.raw_xlsx(rows, strings=strings)
        found = read_here(content, "list.xlsx", Choice(header_row=0, email_column=0), with_cells=True)[1]
        assert [list(row.cells or ()) for row in found] == [expected]


def test_hidden_rows_are_told() -> None:
    hidden = ROWS.replace('<row r="2"', '<row r="2" spans="1:2" hidden="1"')
    for rows in (hidden, "<!-- odd -->" + hidden, hidden.replace('"1"', '"true"', 1)):
        assert read_here(files.raw_xlsx(rows), "list.xlsx")[1][0].hidden
    table = (
        "<table:table table:name='S'><table:table-row><table:table-cell><text:p>Email</text:p></table:table-cell>"
        "</table:table-row><table:table-row table:visibility='filter' table:number-rows-repeated='2'><table:table-cell>"
        "<text:p>a@example.com</text:p></table:table-cell></table:table-row><table:table-row><table:table-cell>"
        "<text:p>b@example.com</text:p></table:table-cell></table:table-row></table:table>"
    )
    found = read_here(files.raw_ods(table), "list.ods")[1]
    assert [row.hidden for row in found] == [True, True, False]


def test_broken_sheet_does_not_cost_the_others() -> None:
    broken = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    layout, rows = read_here(files.raw_xlsx(ROWS, broken), "list.xlsx")
    assert [row.email for row in rows] == ["a@example.com"]
    assert [found.name for found in layout.sheets] == ["S1", "S2"]
    with pytest.raises(RefusedFileError):
        read_here(files.raw_xlsx(broken), "list.xlsx")


def test_document_type_of_an_old_manifest_is_no_matter() -> None:
    table = (
        "<table:table table:name='S'><table:table-row><table:table-cell><text:p>a@example.com</text:p>"
        "</table:table-cell></table:table-row></table:table>"
    )
    manifest = '<?xml version="1.0"?><!DOCTYPE manifest:manifest PUBLIC "x" "Manifest.dtd"><manifest:manifest/>'
    layout, rows = read_here(files.raw_ods(table, manifest=manifest), "list.ods")
    assert (layout.kind, [row.email for row in rows]) == (Kind.ODS, ["a@example.com"])


def test_short_records_of_xlsb_keep_their_columns(tmp_path: Path) -> None:
    rows = [["Name", "Email", "n"], ["Kim", "a@example.com", 1], ["Lee", "b@example.com", 2.5]]
    expected = [["Name", "Email", "n"], ["Kim", "a@example.com", "1"], ["Lee", "b@example.com", "2.5"]]
    content = files.xlsb(rows, tmp_path)
    assert read(content, "list.xlsb") == expected
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        found: Parts = {name: archive.read(name) for name in archive.namelist()}
    name = next(name for name in found if "worksheets/sheet" in name and name.endswith(".bin"))
    found[name] = shortened(bytes(found[name]))  # type: ignore[arg-type]
    assert read(files.zipped(found), "list.xlsb") == expected


def shortened(sheet: bytes) -> bytes:
    """The sheet as SheetJS writes it: a cell that follows another says no column, and its row may be hidden."""
    written, follows = b"", False
    for kind, start, end in binary.records(sheet):
        data = sheet[start:end]
        if kind == 0:
            follows = False
        elif 1 <= kind <= 7:
            kind, data = (kind + 11, data[4:]) if follows else (kind, data)
            follows = True
        written += binary._record(kind, data)
    return written
