"""What shops and offices send under the name .xls: web pages, XML, SYLK, text; and what is no list at all."""

import quopri

import pytest

from libraries.spreadsheets import Choice, Defect, Kind, Refusal, RefusedFileError
from tests.libraries.spreadsheets.files import read_here

ROWS = [["이름", "이메일"], ["홍길동", "a@example.com"], ["김철수", "b@example.com"]]
TABLE = "<table>" + "".join(f"<tr><td>{name}</td><td>{email}</td></tr>" for name, email in ROWS) + "</table>"
NAMESPACE = "urn:schemas-microsoft-com:office:spreadsheet"


def read(content: bytes | str, name: str = "list.xls") -> tuple[Kind, list[list[str]]]:
    content = content.encode() if isinstance(content, str) else content
    layout, rows = read_here(content, name, with_cells=True)
    return layout.kind, [list(layout.columns), *(list(row.cells or ()) for row in rows)]


PAGES = {
    "a whole page": '<!DOCTYPE html>\n<html><head><meta charset="utf-8"><title>t</title></head>'
    f"<body>{TABLE}</body></html>",
    "a table alone": TABLE,
    "lines before": f"\r\n\r\n\t {TABLE}",
    "a mark": f"\ufeff{TABLE}",
    "a style first": f"<style>td {{ mso-number-format:'\\@' }}</style>{TABLE}",
    "a script first": f"<script>var x = '<table><tr><td>no</td></tr></table>'</script>{TABLE}",
    "a comment first": f"<!-- made by x -->\n{TABLE}",
    "a warning first": f"<br />\n<b>Notice</b>: x in <b>y.php</b> on line <b>3</b><br />\n{TABLE}",
    "XML declared": '<?xml version="1.0" encoding="UTF-8"?><html xmlns="http://www.w3.org/1999/xhtml">'
    f"<body>{TABLE}</body></html>",
    "Excel's own": '<html xmlns:x="urn:schemas-microsoft-com:office:excel">'
    f"<head><!--[if gte mso 9]><xml><x:ExcelWorkbook/></xml><![endif]--></head><body>{TABLE}</body></html>",
    "capitals": TABLE.replace("table", "TABLE").replace("td", "TD").replace("tr", "TR"),
    "ends left out": TABLE.replace("</td>", "").replace("</tr>", ""),
    "parts of a table": TABLE.replace("<table>", "<table><colgroup><col></colgroup><tbody>"),
    "cells of headings": TABLE.replace("<td>이", "<th>이").replace("름</td>", "름</th>"),
    "white space": TABLE.replace("<td>", "<td>\n      ").replace("</td>", "\n    </td>"),
    "fonts and links": TABLE.replace("<td>", "<td><font size=2><a href='mailto:x'>").replace(
        "</td>", "</a></font></td>"
    ),
    "entities": TABLE.replace("@", "&#64;").replace("<td>", "<td>&nbsp;"),
    "a form between": TABLE.replace("<tr>", "<form><tr>").replace("</tr>", "</form></tr>"),
}


@pytest.mark.parametrize("what", PAGES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp949"])
def test_tables_of_a_page_are_read(what: str, encoding: str) -> None:
    page = PAGES[what]
    if encoding != "utf-8":
        page = page.replace("\ufeff", "").replace("utf-8", encoding).replace("UTF-8", encoding)
    assert read(page.encode(encoding)) == (Kind.HTML, ROWS)


def test_an_address_behind_a_link_is_read() -> None:
    cells = ["Email", "<a href='mailto:a@example.com?subject=x'>write</a>", "<a href='mailto:x@y'>b@example.com</a>"]
    page = "".join(f"<tr><td>{cell}</td></tr>" for cell in cells)
    rows = read_here(f"<table>{page}</table>".encode(), "list.xls")[1]
    assert [row.email for row in rows] == ["write a@example.com", "b@example.com"]


def test_cells_that_span_keep_the_columns() -> None:
    page = (
        "<table><tr><td colspan=2>title</td></tr><tr><td>Group<td>Email<td>n</tr>"
        "<tr><td rowspan=2>VIP<td>a@example.com<td>1<tr><td>b@example.com<td>2<tr><td>New<td>c@example.com<td>3</table>"
    )
    layout, rows = read_here(page.encode(), "list.xls")
    assert layout.header_row == 2
    assert [(row.number, row.email, row.group) for row in rows] == [
        (3, "a@example.com", "VIP"), (4, "b@example.com", ""), (5, "c@example.com", "New"),
    ]  # fmt: skip


def test_tables_follow_each_other_and_hidden_rows_are_told() -> None:
    page = (
        "<table><tr><td>Email</td></tr></table><p>x</p>"
        "<table><tr style='display: none'><td>a@example.com<td>x<br>y</table>"
    )
    rows = read_here(page.encode(), "list.htm", with_cells=True)[1]
    assert [(row.number, row.email, row.hidden, row.cells) for row in rows] == [
        (2, "a@example.com", True, ["a@example.com", "x\ny"])
    ]


def test_web_archive_is_read_page_by_page() -> None:
    body = quopri.encodestring(f"<html><body>{TABLE}</body></html>".encode("cp949")).decode()
    content = (
        'MIME-Version: 1.0\r\nX-Document-Type: Workbook\r\nContent-Type: multipart/related; boundary="b"\r\n\r\n--b\r\n'
        'Content-Type: text/html; charset="us-ascii"\r\n\r\n<html><frameset></frameset></html>\r\n--b\r\n'
        'Content-Transfer-Encoding: quoted-printable\r\nContent-Type: text/html; charset="ks_c_5601-1987"\r\n\r\n'
        f"{body}\r\n--b--\r\n"
    )
    assert read(content) == (Kind.HTML, ROWS)
    assert read(content, "list.mht") == (Kind.HTML, ROWS)


def xml_2003(rows: str, options: str = "") -> str:
    return (
        f'<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n<Workbook xmlns="{NAMESPACE}" '
        f'xmlns:ss="{NAMESPACE}" xmlns:html="http://www.w3.org/TR/REC-html40" '
        'xmlns:x="urn:schemas-microsoft-com:office:excel">'
        f'<Worksheet ss:Name="목록"><Table>{rows}</Table>{options}</Worksheet></Workbook>'
    )


def test_xml_2003_is_read_with_its_gaps() -> None:
    rows = (
        '<Row><Cell><Data ss:Type="String">Email</Data></Cell><Cell ss:Index="3"><Data>n</Data></Cell></Row>'
        '<Row ss:Index="3" ss:Hidden="1"><Cell ss:MergeAcross="1"><Data>a@<html:B>example</html:B>.com</Data></Cell>'
        '<Cell><Data ss:Type="Number">1</Data></Cell></Row><Row><Cell><Data ss:Type="Error">#N/A</Data></Cell></Row>'
        '<Row><Cell ss:Formula="=X()"/><Cell ss:Index="3"><Data ss:Type="DateTime">2026-01-02T00:00:00.000</Data>'
        "</Cell></Row>"
    )
    content = xml_2003(rows)
    layout, found = read_here(content.encode(), "list.xls", with_cells=True)
    assert (layout.kind, layout.sheets[0].name, list(layout.columns)) == (Kind.XML, "목록", ["Email", "", "n"])
    assert [(row.number, row.email, row.defect, row.hidden) for row in found] == [
        (2, "", None, False), (3, "a@example.com", None, True),
        (4, "#N/A", Defect.ERROR, False), (5, "=X()", Defect.FORMULA, False),
    ]  # fmt: skip
    assert found[3].cells == ["=X()", "", "2026-01-02"]
    assert found[1].cells == ["a@example.com", "", "1"]
    hidden = "<x:WorksheetOptions><x:Visible>SheetHidden</x:Visible></x:WorksheetOptions>"
    assert read_here(xml_2003(rows, hidden).encode(), "list.xls")[0].sheets[0].hidden
    wide = content.replace('"1.0"', '"1.0" encoding="UTF-16"', 1).encode("utf-16")
    assert [row.email for row in read_here(wide, "list.xml")[1]] == [row.email for row in found]


@pytest.mark.parametrize("encoding", ["utf-8", "cp949"])
def test_sylk_is_read(encoding: str) -> None:
    cells = "".join(
        f'C;Y{row};X{column};K"{value}"\r\n'
        for row, values in enumerate(ROWS, start=1)
        for column, value in enumerate(values, start=1)
    )
    content = f"ID;PWXL;N;E\r\nP;PGeneral\r\nB;Y3;X2\r\n{cells}E\r\n".encode(encoding)
    assert read(content) == (Kind.SYLK, ROWS)


def test_sylk_keeps_place_and_signs() -> None:
    content = b'ID;P\nC;Y1;X1;K"Email"\nC;X2;K"n;;m"\nF;Y2;X1\nC;K"a@example.com"\nC;X2;K12\nC;Y3;X1;K#N/A\nE\n'
    layout, rows = read_here(content, "list.slk", with_cells=True)
    assert list(layout.columns) == ["Email", "n;m"]
    assert [(row.email, row.defect, row.cells) for row in rows] == [
        ("a@example.com", None, ["a@example.com", "12"]), ("#N/A", Defect.ERROR, ["#N/A"]),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["list.xls", "list.xlsx", "list.csv", "list.ods"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949"])
def test_text_is_read_under_every_name(name: str, delimiter: str, encoding: str) -> None:
    text = "\r\n".join(delimiter.join(row) for row in ROWS)
    assert read(text.encode(encoding), name) == (Kind.TEXT, ROWS)


@pytest.mark.parametrize(
    ("content", "product"),
    [
        (b"\x9b DRMONE  This Document is encrypted and protected by Fasoo DRM\x00\x01", "Fasoo"),
        (b"<DOCUMENT SAFER V1.0>\x00\x01\x02", "MarkAny"),
        (b"SCDSA002\x00\x01\x02", "SoftCamp"),
        (b"SCDSA004\x00\x01\x02", "SoftCamp"),
        (b"<## NASCA DRM FILE - VER1.00 ##>\x00\x01", "NASCA"),
    ],
)
@pytest.mark.parametrize("name", ["list.xlsx", "list.xls", "list.csv"])
def test_sealed_file_is_said_to_be_sealed(content: bytes, product: str, name: str) -> None:
    with pytest.raises(RefusedFileError) as refused:
        read_here(content + bytes(range(256)) * 20, name)
    assert (refused.value.code, refused.value.detail) == (Refusal.ENCRYPTED, {"drm": product})


@pytest.mark.parametrize("start", ["DRM,email", "SCDSA004,email", "name,email\nDRMONE,x"])
def test_list_that_speaks_of_seals_is_read(start: str) -> None:
    assert read_here(f"{start}\nx,a@example.com\n".encode(), "list.csv")[1]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"%PDF-1.7\n", "pdf"),
        (b"\x89PNG\r\n\x1a\n", "image"),
        (b"<html><body><p>a@example.com</p></body></html>", "html"),
        (b'<?xml version="1.0"?><orders><email>a@example.com</email></orders>', "xml"),
        (b"{\\rtf1 a@example.com}", "document"),
    ],
)
def test_what_is_no_list_is_refused(content: bytes, what: str) -> None:
    with pytest.raises(RefusedFileError) as refused:
        read_here(content, "list.xls")
    assert (refused.value.code, refused.value.detail["content"]) == (Refusal.WRONG_KIND, what)


def test_address_in_angle_brackets_is_no_page() -> None:
    assert read_here(b"<a@example.com>\n<b@example.com>\n", "list.txt")[0].kind is Kind.TEXT
    assert read_here(b"email\na@example.com\nsee <table> of x\n", "list.csv", Choice())[0].kind is Kind.TEXT
