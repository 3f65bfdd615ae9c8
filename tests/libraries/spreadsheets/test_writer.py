"""The refused rows go out as text and nothing else, and come back as they were."""

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from libraries.spreadsheets import Headings, Kind, Layout, RefusedRow, Row, limits, refused_extension, write_refused
from tests.libraries.spreadsheets import files
from tests.libraries.spreadsheets.files import read_here

HEADINGS = Headings(reason="Reason", email="Email", group="Group", sheet="Refused")

NAUGHTY = [
    "=cmd@example.com", "+82@example.com", "-a@example.com", "@example.com", "\tb@example.com", "\rc@example.com",
    "'=d@example.com", "''+e", "'f@example.com", "g\r\nh@example.com", 'i"j@example.com', "k,l@example.com",
    "_x0041_@example.com", "#N/A", "TRUE", "1e5", "00123", " m ", "https://example.com", "mailto:n@example.com",
    "김@example.com", "😀", "=HYPERLINK(\"https://example.com\")", "{=1+1}", "%0", "\u2028o", "'",
    "\n=1+1", "＝1+1", "＋1", "－1", "＠SUM(1)", "'＝1", "'\n=1",
]  # fmt: skip


def written(path: Path, layout: Layout, rows: list[RefusedRow]) -> tuple[Layout, list[Row]]:
    """The rows as they are read from the file that was written."""
    name = f"mended{refused_extension(layout.kind, len(rows))}"
    assert write_refused(path / name, layout, HEADINGS, rows) == len(rows)
    return read_here((path / name).read_bytes(), name, with_cells=True)


@pytest.mark.parametrize("kind", [Kind.TEXT, Kind.XLSX, Kind.XLS, Kind.XLSB, Kind.ODS])
def test_cells_come_back_as_they_were(kind: Kind, tmp_path: Path) -> None:
    layout = replace(read_here(b"Name,Email\nKim,a@example.com\n", "list.csv")[0], kind=kind)
    rows = [RefusedRow((text, text), f"= because {text}", column=1) for text in NAUGHTY]
    mended, found = written(tmp_path, layout, rows)
    assert (mended.header_row, mended.email_column, mended.columns) == (1, 1, ("Name", "Email", "Reason"))
    assert [tuple(row.cells or ()) for row in found] == [(*row.cells, row.reason) for row in rows]


def test_workbook_holds_neither_formula_nor_link(tmp_path: Path) -> None:
    layout = read_here(files.xlsx([["Email"], ["a@example.com"]]), "list.xlsx")[0]
    path = tmp_path / "mended.xlsx"
    write_refused(path, layout, HEADINGS, [RefusedRow((text,), text, 0) for text in NAUGHTY])
    with zipfile.ZipFile(path) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
        assert b"<f>" not in sheet
        assert b"hyperlink" not in sheet
        assert not [name for name in archive.namelist() if "externalLink" in name or "sheet1.xml.rels" in name]
    sheet = openpyxl.load_workbook(io.BytesIO(path.read_bytes())).active
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} == {"s"}
    assert sheet.freeze_panes == "A2"


def test_cell_at_fault_is_marked(tmp_path: Path) -> None:
    layout = read_here(files.xlsx([["Name", "Email"], ["Kim", "a@example.com"]]), "list.xlsx")[0]
    path = tmp_path / "mended.xlsx"
    write_refused(path, layout, HEADINGS, [RefusedRow(("Kim", "nobody"), "why", 1), RefusedRow(("Lee", ""), "why", 1)])
    sheet = openpyxl.load_workbook(path).active
    filled = [cell.coordinate for row in sheet.iter_rows() for cell in row if cell.fill.fill_type == "solid"]
    assert filled == ["B2", "B3"]


def test_mended_file_is_read_without_a_choice(tmp_path: Path) -> None:
    """The columns were chosen by hand, for nothing in their headings says what they are."""
    layout = read_here("연락처,분류\nnobody,vip\n".encode("cp949"), "list.csv")[0]
    layout = replace(layout, email_column=0, group_column=1, header_row=1, columns=("연락처", "분류"))
    mended, found = written(tmp_path, layout, [RefusedRow(("nobody", "vip"), "try a@example.com", 0)])
    assert mended.columns == ("연락처 (Email)", "분류 (Group)", "Reason")
    assert [(row.email, row.group) for row in found] == [("nobody", "vip")]


def test_file_without_a_heading_gets_one(tmp_path: Path) -> None:
    layout = read_here(b"a@example.com\nb@example.com\n", "list.csv")[0]
    mended, found = written(tmp_path, layout, [RefusedRow(("nobody",), "why", 0)])
    assert mended.columns == ("Email", "Reason")
    assert found[0].email == "nobody"


def test_reason_of_an_earlier_round_is_replaced(tmp_path: Path) -> None:
    layout = read_here(b"Email,Reason\nnobody,old\n", "list.csv")[0]
    mended, found = written(tmp_path, layout, [RefusedRow(("nobody", "old", "more"), "new", 0)])
    assert mended.columns == ("Email", "Reason", "")
    assert found[0].cells == ["nobody", "new", "more"]


def test_cells_beyond_the_heading_are_kept(tmp_path: Path) -> None:
    layout = read_here(b"Name,Email\nKim,a@example.com\n", "list.csv")[0]
    _, found = written(tmp_path, layout, [RefusedRow(("Kim", " Lee", "a@example.com"), "why", 1)])
    assert found[0].cells == ["Kim", " Lee", "why", "a@example.com"]


@pytest.mark.parametrize("kind", [Kind.TEXT, Kind.XLSX])
def test_no_character_breaks_the_file(kind: Kind, tmp_path: Path) -> None:
    layout = replace(read_here(b"Email\na@example.com\n", "list.csv")[0], kind=kind)
    text = "".join(map(chr, range(32))) + "\x7f\x80\ud800\udfff\ufffe\uffff" + "x"
    _, found = written(tmp_path, layout, [RefusedRow((text,), "why", 0)])
    assert len(found) == 1
    assert found[0].email.endswith("x")


def test_longest_cell_fits(tmp_path: Path) -> None:
    layout = read_here(files.xlsx([["Email"], ["a@example.com"]]), "list.xlsx")[0]
    _, found = written(tmp_path, layout, [RefusedRow(("a" * 32_767,), "why", 0)])
    assert found[0].email == "a" * 32_767


def test_more_rows_than_anybody_mends_by_cell_come_as_csv() -> None:
    assert refused_extension(Kind.XLSX, limits.REFUSED_ROWS_IN_WORKBOOK) == ".xlsx"
    assert refused_extension(Kind.XLSX, limits.REFUSED_ROWS_IN_WORKBOOK + 1) == ".csv"


def test_rows_of_a_workbook_are_written_as_csv_where_asked(tmp_path: Path) -> None:
    layout = read_here(files.xlsx([["Email", "Name"], ["nobody", "Kim"]]), "list.xlsx")[0]
    write_refused(tmp_path / "mended.csv", layout, HEADINGS, [RefusedRow(("nobody", "Kim\nA"), "why", 0)])
    mended, (row,) = read_here((tmp_path / "mended.csv").read_bytes(), "mended.csv", with_cells=True)
    assert mended.columns == ("Email", "Name", "Reason")
    assert row.cells == ["nobody", "Kim\nA", "why"]
