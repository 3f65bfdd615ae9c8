"""Workbooks of Excel 2 to 2003, of every version and code page."""

import pytest

from libraries.spreadsheets import Choice, Defect, RefusedFileError
from tests.libraries.spreadsheets import biff_files, files
from tests.libraries.spreadsheets.files import read_here

KOREAN = [["이름", "이메일", "그룹"], ["홍길동", "hong@example.com", "우수고객"]]
JAPANESE = [["名前", "メール", "グループ"], ["山田", "yamada@example.com", "常連"]]
CODE_PAGES = [None, 437, 932, 936, 949, 950, 1200, 1250, 1251, 1252, 10000, 10029, 65001, 65000, 1]


def read(content: bytes, choice: Choice | None = None) -> list[list[str]]:
    layout, rows = read_here(content, "list.xls", choice, with_cells=True)
    return [list(layout.columns), *(list(row.cells or ()) for row in rows)]


@pytest.mark.parametrize("code_page", CODE_PAGES)
@pytest.mark.parametrize("rows", [KOREAN, JAPANESE])
def test_unicode_is_read_whatever_code_page_is_stated(rows: list[list[str]], code_page: int | None) -> None:
    stream = biff_files.biff8(rows, code_page=code_page)
    assert read(stream) == rows
    assert read(biff_files.compound({"Workbook": stream})) == rows


@pytest.mark.parametrize(
    ("rows", "encoding", "code_page"),
    [
        *[(KOREAN, "cp949", page) for page in (None, 949, 1252, 10000, 10003, 65000)],
        *[(JAPANESE, "cp932", page) for page in (None, 932, 1252, 10001)],
        ([["姓名", "邮箱"], ["王伟", "wang@example.com"]], "gb18030", 936),
        ([["姓名", "郵件"], ["陳志明", "chen@example.com"]], "big5", 950),
        ([["Jméno", "E-mail"], ["Dvořák", "dvorak@example.com"]], "mac_latin2", 10029),
        ([["Jméno", "E-mail"], ["Dvořák", "dvorak@example.com"]], "cp1250", 1250),
        ([["Имя", "Email"], ["Иван", "ivan@example.com"]], "cp1251", 1251),
        ([["Nom", "E-mail"], ["Hélène", "helene@example.com"]], "cp1252", None),
    ],
)
def test_bytes_are_read_in_the_code_page_or_in_what_they_are(
    rows: list[list[str]], encoding: str, code_page: int | None
) -> None:
    stream = biff_files.biff5(rows, encoding, code_page=code_page)
    assert read(stream) == rows
    content = biff_files.compound({"Book": stream})
    assert read(content) == rows
    # What the check found can be handed back as it is.
    layout, _ = read_here(content, "list.xls")
    assert read_here(content, "list.xls", layout.as_choice())[0] == layout


@pytest.mark.parametrize("write", [biff_files.biff2, biff_files.biff3])
def test_oldest_versions_are_read(write: object) -> None:
    assert read(write(KOREAN, "cp949")) == KOREAN  # type: ignore[operator]
    assert read(write(JAPANESE, "cp932")) == JAPANESE  # type: ignore[operator]


def test_chosen_encoding_is_obeyed_in_old_workbooks() -> None:
    content = biff_files.biff5([["email", "name"], ["a@example.com", "é"]], "cp1252", code_page=949)
    assert read(content, Choice(encoding="cp1252"))[1] == ["a@example.com", "é"]


def test_embedded_workbook_is_not_taken_for_the_file() -> None:
    own, other = biff_files.biff8(KOREAN, code_page=1200), biff_files.biff8([["email"]], code_page=1200)
    for folder in ("AAA", "MBD0001", "ZZZ"):
        assert read(biff_files.compound({f"{folder}/Workbook": other, "Workbook": own})) == KOREAN


def test_unicode_version_wins_in_a_file_of_both() -> None:
    book, workbook = biff_files.biff5(JAPANESE, "cp932", code_page=932), biff_files.biff8(JAPANESE, code_page=1200)
    assert read(biff_files.compound({"Book": book, "Workbook": workbook})) == JAPANESE


@pytest.mark.parametrize("code_page", [1200, 949])
def test_hidden_rows_and_error_values_are_told(code_page: int) -> None:
    rows = [["email", "x"], ["a@example.com", "1"], ["b@example.com", "2"]]
    content = biff_files.biff8(rows, code_page=code_page, hidden=[3], errors=[(3, 0)])
    found = read_here(biff_files.compound({"Workbook": content}), "list.xls")[1]
    assert [(row.number, row.hidden, row.defect) for row in found] == [
        (2, False, None), (3, True, None), (4, False, Defect.ERROR),
    ]  # fmt: skip
    assert found[2].email == "#N/A"


@pytest.mark.parametrize("before", [b"\r\n\r\n", b"\xef\xbb\xbf", b"\n \n", b"<br />\n<b>Notice</b>: x in y<br />\n"])
def test_stray_output_before_a_workbook_is_passed_over(before: bytes) -> None:
    for content in (
        files.xls(KOREAN),
        files.xlsx(KOREAN),
        biff_files.compound({"Workbook": biff_files.biff8(KOREAN, code_page=949)}),
    ):
        assert read(before + content) == KOREAN


def test_half_a_stream_is_read_or_refused() -> None:
    content = biff_files.biff8(KOREAN * 20, code_page=949)
    for length in range(9, len(content), 13):
        try:
            read(content[:length])
        except RefusedFileError as refused:
            assert refused.code  # noqa: PT017 - the point is that nothing else is raised
