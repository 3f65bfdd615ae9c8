"""Workbooks: what people see in a cell is what is read, and what a parser drops is reported."""

import datetime
from pathlib import Path

import openpyxl
import pytest

from libraries import spreadsheets
from libraries.spreadsheets import Choice, Defect, Refusal, RefusedFileError, Sheet, limits
from libraries.spreadsheets.guard import admit
from libraries.spreadsheets.sources import text_of
from tests.libraries.spreadsheets import files
from tests.libraries.spreadsheets.files import read_here


def defects(content: bytes, name: str = "list.xlsx") -> list[tuple[int, str, Defect | None]]:
    return [(row.number, row.email, row.defect) for row in read_here(content, name)[1]]


def test_formula_without_a_value_is_a_defect() -> None:
    content = files.xlsx([["Email"], ["a@example.com"], ['=A1&"@example.com"'], ["b@example.com"]])
    assert defects(content) == [
        (2, "a@example.com", None),
        (3, '=A1&"@example.com"', Defect.FORMULA),
        (4, "b@example.com", None),
    ]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ('<c r="A2"><f>B2&amp;"x"</f></c>', (2, '=B2&"x"', Defect.FORMULA)),
        ('<c r="A2"><f>B2</f><v/></c>', (2, "=B2", Defect.FORMULA)),
        ('<c r="A2"><f>B2</f> <v></v></c>', (2, "=B2", Defect.FORMULA)),
        ('<c r="A2" s="1"><f t="shared" si="0"/></c>', (2, "=", Defect.FORMULA)),
        ('<c s="1" r="A2"><f>B2</f></c>', (2, "=B2", Defect.FORMULA)),
        ('<c r="A2" t="str"><f>B2</f> <v>b@example.com</v></c>', (2, "b@example.com", None)),
        ('<c r="A2" t="str"><f>B2</f><v xml:space="preserve"> b@example.com</v></c>', (2, " b@example.com", None)),
        ('<c r="A2" t="str"><f>""</f><v></v></c>', (2, "", Defect.MISSING)),
        ('<c r="A2" t="e"><v>#N/A</v></c>', (2, "#N/A", Defect.ERROR)),
        ('<c r="A2" t="e"><f>NA()</f><v>#N/A</v></c>', (2, "#N/A", Defect.ERROR)),
        ('<c s="1" r="A2" t="e"><v>#REF!</v></c>', (2, "#REF!", Defect.ERROR)),
        ('<c r="A2" t="b"><v>1</v></c>', (2, "TRUE", None)),
        ('<c r="A2"><v>1012345678</v></c>', (2, "1012345678", None)),
        ('<c r="A2" t="inlineStr"><is><r><t>b@</t></r><r><t>example.com</t></r></is></c>', (2, "b@example.com", None)),
    ],
)
def test_cell_is_read_as_people_see_it(cell: str, expected: tuple[int, str, Defect | None]) -> None:
    rows = '<row r="1"><c r="A1" t="str"><v>Email</v></c></row>'
    rows += f'<row r="2">{cell}<c r="C2"><v>1</v></c></row>'
    assert defects(files.raw_xlsx(rows))[0] == expected


def test_sheet_of_the_addresses_is_chosen_and_hidden_ones_are_listed() -> None:
    workbook = openpyxl.Workbook()
    workbook.active.title = "Cover"
    workbook.active["A1"] = "Read me"
    hidden = workbook.create_sheet("Old")
    hidden.append(["old@example.com"])
    hidden.sheet_state = "hidden"
    found = workbook.create_sheet("List")
    found.append(["Email"])
    found.append(["a@example.com"])
    found.append(["=A2"])
    content = files._saved(workbook)

    layout, rows = read_here(content, "list.xlsx")
    assert layout.sheets == (Sheet("Cover", False), Sheet("Old", True), Sheet("List", False))
    assert layout.sheet == "List"
    assert [row.defect for row in rows] == [None, Defect.FORMULA]
    assert read_here(content, "list.xlsx", Choice(sheet="Old"))[1][0].email == "old@example.com"
    with pytest.raises(RefusedFileError) as refused:
        read_here(content, "list.xlsx", Choice(sheet="Gone"))
    assert refused.value.code is Refusal.UNKNOWN_SHEET


def test_hyperlink_is_its_text() -> None:
    workbook = openpyxl.Workbook()
    workbook.active["A1"] = "a@example.com"
    workbook.active["A1"].hyperlink = "mailto:b@example.com"
    assert defects(files._saved(workbook)) == [(1, "a@example.com", None)]


def test_styled_rows_to_the_last_column_are_no_attack() -> None:
    styled = '<row r="1"><c r="A1" t="str"><v>a@example.com</v></c><c r="XFD1" s="0"/></row>'
    styled += '<row r="1048576"><c r="A1048576" s="0"/></row>'
    assert defects(files.raw_xlsx(styled)) == [(1, "a@example.com", None)]


def test_sparse_grid_at_the_limit_is_read(tmp_path: Path) -> None:
    row = limits.SHEET_GRID_CELLS // 100
    sheet = (
        f'<row r="1"><c r="A1" t="str"><v>a@example.com</v></c></row><row r="{row}"><c r="CV{row}"><v>1</v></c></row>'
    )
    path = tmp_path / "stored"
    path.write_bytes(files.raw_xlsx(sheet))
    with spreadsheets.read(path, name="list.xlsx") as found:
        assert sum(map(len, found)) == row


def test_formula_in_another_column_is_no_defect_of_the_address() -> None:
    rows = '<row r="1"><c r="A1" t="str"><v>Email</v></c><c r="B1" t="str"><v>Group</v></c></row>'
    rows += '<row r="2"><c r="A2" t="str"><v>a@example.com</v></c><c r="C2"><f>B2</f></c></row>'
    rows += '<row r="3"><c r="A3" t="str"><v>b@example.com</v></c><c r="B3"><f>B2</f></c></row>'
    rows += '<row r="4"><c r="C4"><f>B2</f></c></row>'
    layout, found = read_here(files.raw_xlsx(rows), "list.xlsx", with_cells=True)
    assert layout.group_column == 1
    assert [(row.email, row.defect) for row in found] == [
        ("a@example.com", None),
        ("b@example.com", None),
        ("", Defect.MISSING),
    ]
    assert found[0].cells == ["a@example.com", "", "=B2"]


def test_more_cells_than_the_grid_may_have_are_refused() -> None:
    row = limits.SHEET_GRID_CELLS // 100 + 1
    sheet = f'<row r="1"><c r="A1"><v>1</v></c></row><row r="{row}"><c r="CV{row}"><v>1</v></c></row>'
    with pytest.raises(RefusedFileError) as refused:
        admit(files.raw_xlsx(sheet), "list.xlsx")
    assert refused.value.code is Refusal.TOO_MANY_CELLS
    assert refused.value.detail == {"limit": limits.SHEET_GRID_CELLS}


def test_repeated_cells_of_ods_are_expanded() -> None:
    content = files.raw_ods(
        "<table:table table:name='S'><table:table-row table:number-rows-repeated='2'><table:table-cell/>"
        "</table:table-row><table:table-row table:number-rows-repeated='2'>"
        "<table:table-cell table:number-columns-repeated='2'/>"
        "<table:table-cell><text:p><text:a>a@example.com</text:a></text:p>"
        "<office:annotation><text:p>a note</text:p></office:annotation></table:table-cell>"
        "<table:table-cell table:number-columns-repeated='16000'/></table:table-row>"
        "<table:table-row table:number-rows-repeated='1048000'><table:table-cell/></table:table-row></table:table>"
    )
    found = [(row.number, row.email) for row in read_here(content, "list.ods")[1]]
    assert found == [(1, ""), (2, ""), (3, "a@example.com"), (4, "a@example.com")]


def test_ods_of_more_than_half_the_unpacked_limit_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    content = files.ods([["a@example.com"]] * 100)
    monkeypatch.setattr(limits, "WORKBOOK_UNPACKED_BYTES", 15_000)
    assert len(read_here(content, "list.ods")[1]) == 100
    monkeypatch.setattr(limits, "WORKBOOK_UNPACKED_BYTES", 5_000)
    with pytest.raises(RefusedFileError):
        read_here(content, "list.ods")


def test_plain_rows_of_ods_are_what_expat_makes_of_them() -> None:
    def cell(text: str, attributes: str = "") -> str:
        return f"<table:table-cell {attributes}><text:p>{text}</text:p></table:table-cell>"

    rows = [
        cell("Email"),
        cell("a@example.com") + cell("A") + "<table:table-cell/>",
        "<table:table-cell/>" + cell("b@example.com") + '<table:table-cell table:number-columns-repeated="9"/>',
        cell("c@example.com", 'table:number-columns-repeated="2"'),
        cell("d@example.com") + '<table:table-cell table:formula="of:=[.A1]"/>',
        cell("e&amp;f@example.com"),
        cell("<text:span>g@</text:span>example.com") + cell("two</text:p><text:p>lines"),
        "<table:table-cell></table:table-cell>" + cell("h@example.com") + "<table:table-cell></table:table-cell>",
        "",
        cell("i@example.com") + "<office:annotation><text:p>x</text:p></office:annotation>",
        "<table:covered-table-cell/>" + cell("j@example.com"),
        cell("") + cell("k@example.com") + " ",
        cell("라마@example.com"),
    ]
    listed = "".join(f'<table:table-row table:style-name="r">{row}</table:table-row>' for row in rows)
    quick, slow = (
        read_here(
            files.raw_ods(f'{before}<table:table table:name="S">{listed}</table:table>'), "list.ods", with_cells=True
        )
        for before in ("", "<!-- all of it for expat -->")
    )
    assert quick == slow
    assert [row.cells for row in quick[1]][:2] == [["a@example.com", "A"], ["", "b@example.com"]]


def test_formula_and_error_in_ods_are_defects() -> None:
    error = (
        "<table:table-cell table:formula='of:=NA()' office:value-type='string' office:string-value='' "
        "calcext:value-type='error'><text:p>#N/A</text:p></table:table-cell>"
    )
    content = files.raw_ods(
        "<table:table table:name='S'><table:table-row><table:table-cell><text:p>Email</text:p></table:table-cell>"
        "</table:table-row><table:table-row><table:table-cell table:formula='of:=[.A1]'/></table:table-row>"
        f"<table:table-row>{error}</table:table-row></table:table>"
    )
    assert defects(content, "list.ods") == [(2, "=[.A1]", Defect.FORMULA), (3, "#N/A", Defect.ERROR)]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (82.0, "82"),
        (0.1, "0.1"),
        (1e20, "1e+20"),
        (True, "TRUE"),
        (datetime.date(2026, 1, 2), "2026-01-02"),
        (datetime.datetime(2026, 1, 2), "2026-01-02"),  # noqa: DTZ001 - a cell has no time zone
        (datetime.datetime(2026, 1, 2, 3, 4), "2026-01-02 03:04:00"),  # noqa: DTZ001 - a cell has no time zone
        (datetime.timedelta(hours=30), "30:00:00"),
    ],
)
def test_value_is_shown_as_text(value: object, text: str) -> None:
    assert text_of(value) == text
