"""Tables of any length: what is written is read back identical, by three readers, and is text and nothing else."""

import csv
import os
import subprocess
import zipfile
from pathlib import Path

import pytest
from openpyxl import load_workbook
from openpyxl.utils.escape import unescape  # which openpyxl leaves to its caller
from python_calamine import CalamineWorkbook

from libraries import spreadsheets
from libraries.spreadsheets import CsvFile, Workbook, limits

pytestmark = pytest.mark.engine_independent

HEADINGS = ("Email", "In groups")
# What somebody may type that a spreadsheet program would like to understand.
ODD = [
    ("=cmd@x.co", "=1+1"),
    ("+82@x.co", "https://example.com"),
    ("-a@x.co", "mailto:a@x.co"),
    ("a&b@x.co", "<b>&amp;"),
    ("_x0041_@x.co", "_x000D_"),
    ("1e5@x.co", "00123"),
    ("'a@x.co", "TRUE"),
    ("김@가나.com", "é́ 🎉"),
]
# No address can hold these; should a row have them all the same, the file must stay readable.
UNSTORABLE = [("nul\0@x.co", "\ud800"), ("tab\t@x.co", "\ufffe\uffff"), ("line\n@x.co", "\x1f")]


def write(path: Path, rows, **options) -> Path:
    with Workbook(path, sheet="Sheet [1]", widths=(40, 20), headings=HEADINGS, **options) as workbook:
        workbook.append(rows)
    return path


def read_with_calamine(path: Path) -> list[list[str]]:
    return CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()


def read_with_openpyxl(path: Path) -> list[list[str]]:
    return [[unescape(cell) for cell in row] for row in load_workbook(path).active.iter_rows(values_only=True)]


def read_with_libreoffice(path: Path) -> list[list[str]]:
    # Comma, quotes, UTF-8, from the first row on, every cell as it is shown.
    text = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false"
    command = ["soffice", f"-env:UserInstallation=file://{path.parent}/profile", "--headless", "--convert-to", text]
    subprocess.run([*command, "--outdir", path.parent, path], check=True, capture_output=True, timeout=120)
    with path.with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


JUDGES = [read_with_calamine, read_with_openpyxl]
# `make judge-workbooks` asks for it, and then it has to be there.
if os.environ.get("JUDGE_WITH_LIBREOFFICE"):
    JUDGES.append(read_with_libreoffice)


@pytest.mark.parametrize("read", JUDGES, ids=lambda read: read.__name__)
def test_odd_texts_come_back_identical(tmp_path, read) -> None:
    assert read(write(tmp_path / "odd.xlsx", ODD)) == [list(row) for row in [HEADINGS, *ODD]]


def test_odd_texts_are_text_and_nothing_else(tmp_path) -> None:
    path = write(tmp_path / "odd.xlsx", ODD)
    sheet = load_workbook(path).active
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "inlineStr"}
    assert {cell.number_format for cell in cells} == {"@"}
    assert not any(cell.hyperlink for cell in cells)


def test_the_headings_stay_in_view_and_the_columns_fit(tmp_path) -> None:
    sheet = load_workbook(write(tmp_path / "a.xlsx", ODD)).active
    assert sheet.freeze_panes == "A2"
    assert sheet["A1"].font.bold
    assert (sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width) == (40, 20)


def test_what_no_cell_can_hold_spoils_nothing(tmp_path) -> None:
    path = write(tmp_path / "a.xlsx", [*UNSTORABLE, ("a@x.co", "")])
    rows = read_with_calamine(path)
    assert rows[-1] == ["a@x.co", ""]
    assert rows[1][0] == "nul\\x00@x.co"
    assert load_workbook(path).active.max_row == 5


def test_a_csv_file_is_known_by_excel_and_runs_nothing(tmp_path) -> None:
    path = tmp_path / "a.csv"
    with CsvFile(path, headings=HEADINGS) as file:
        file.append(ODD)
    assert path.read_bytes().startswith(b'\xef\xbb\xbf"Email"')
    rows = list(csv.reader(path.read_text("utf-8-sig").splitlines()))
    assert rows[1:4] == [["'=cmd@x.co", "'=1+1"], ["'+82@x.co", "https://example.com"], ["'-a@x.co", "mailto:a@x.co"]]
    with spreadsheets.read(path, name="a.csv") as reading:
        assert [text for batch in reading for text in batch.emails] == [row[0] for row in ODD]


def test_sheets_follow_one_another_by_rows_and_by_bytes(tmp_path, monkeypatch) -> None:
    rows = [(f"u{number}@x.co", "") for number in range(10)]
    monkeypatch.setattr(limits, "SHEET_ROWS", 5)
    workbook = load_workbook(write(tmp_path / "rows.xlsx", rows))
    assert [sheet.max_row for sheet in workbook] == [5, 5, 3]
    monkeypatch.setattr(limits, "SHEET_ROWS", 1_048_576)
    monkeypatch.setattr(limits, "SHEET_XML_BYTES", 300)
    path = tmp_path / "bytes.xlsx"
    with Workbook(path, sheet="S", widths=(9, 9), headings=HEADINGS) as workbook:
        for row in rows:
            workbook.append([row])
    read = [row for sheet in load_workbook(path) for row in sheet.iter_rows(min_row=2, values_only=True)]
    assert [row[0] for row in read] == [row[0] for row in rows]
    assert len(load_workbook(path).sheetnames) > 2


def test_the_size_so_far_bounds_the_size_at_the_end(tmp_path) -> None:
    import random

    path = tmp_path / "a.xlsx"
    randomness = random.Random(1)
    with Workbook(path, sheet="S", widths=(40,)) as workbook:
        for _ in range(40):
            letters = [randomness.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=250) for _ in range(250)]
            workbook.append([("".join(text),) for text in letters])
        seen = workbook.size()
        assert workbook.row_count == 10_000
    assert seen <= path.stat().st_size <= seen + 1_500_000


def test_the_package_is_what_the_standard_asks_for(tmp_path) -> None:
    from defusedxml import ElementTree

    with zipfile.ZipFile(write(tmp_path / "a.xlsx", ODD)) as archive:
        assert archive.testzip() is None
        for name in archive.namelist():
            ElementTree.fromstring(archive.read(name))
        types = archive.read("[Content_Types].xml").decode()
        assert all(
            f'"/{name}"' in types for name in archive.namelist() if name.startswith("xl/") and "_rels" not in name
        )
