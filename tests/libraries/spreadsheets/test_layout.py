"""Where the addresses are found: by heading, by content, never in a row of data."""

import io

import openpyxl
import pytest

from libraries.spreadsheets import NO_COLUMN, NO_HEADER, Choice
from libraries.spreadsheets.columns import is_email_heading, is_group_heading
from tests.libraries.spreadsheets import files
from tests.libraries.spreadsheets.files import read_here


@pytest.mark.parametrize(
    "heading",
    [
        "email", "E-mail", "E-Mail Address", "e_mail", "EMAIL ", "mail", "Email:", "Email*",
        "ｅｍａｉｌ", "\ufeffEmail",
        "이메일", "이메일 주소", "메일", "메일주소", "전자우편", "이메일(필수)", "수신자 이메일", "연락처 (Email)",
        "メール", "メールアドレス", "Eメール", "Ｅメール", "電子メール", "メールアドレス（必須）",
    ],
)  # fmt: skip
def test_heading_of_an_address_column_is_known(heading: str) -> None:
    assert is_email_heading(heading)


@pytest.mark.parametrize("heading", ["", "name", "emailed on", "이름", "메일 수신 동의", "a@example.com", "メール配信"])
def test_other_heading_is_none(heading: str) -> None:
    assert not is_email_heading(heading)


@pytest.mark.parametrize(
    "heading", ["Group", "group name", "그룹", "그룹명", "수신자 그룹", "グループ", "受信者グループ"]
)
def test_heading_of_a_group_column_is_known(heading: str) -> None:
    assert is_group_heading(heading)


@pytest.mark.parametrize(
    "headings", ["이메일,이름,그룹", "Email,Name,Group", "名前,メール,グループ", "그룹,이름,이메일"]
)
def test_columns_are_found_by_their_headings(headings: str) -> None:
    names = headings.split(",")
    cells = ["a@example.com" if is_email_heading(name) else "vip" for name in names]
    layout, rows = read_here(f"{headings}\n{','.join(cells)}\n".encode(), "list.csv")
    assert (layout.header_row, layout.columns) == (1, tuple(names))
    assert (rows[0].email, rows[0].group) == ("a@example.com", "vip")


def test_heading_below_a_title_is_found() -> None:
    content = files.xlsx([["Members, ask help@example.com"], [], ["", "Name", "Email"], ["", "Kim", "a@example.com"]])
    layout, rows = read_here(content, "list.xlsx")
    assert (layout.header_row, layout.email_column) == (3, 2)
    assert [(row.number, row.email) for row in rows] == [(4, "a@example.com")]


def test_word_in_a_row_of_data_is_no_heading() -> None:
    layout, rows = read_here(b"a@example.com,Kim\nb@example.com,email\n", "list.csv")
    assert layout.header_row is None
    assert len(rows) == 2


def test_column_is_found_by_content_below_an_unknown_heading() -> None:
    layout, rows = read_here("성함,연락처\n김,a@example.com\n이,b@example.com\n".encode(), "list.csv")
    assert (layout.header_row, layout.email_column) == (1, 1)
    assert [row.number for row in rows] == [2, 3]


def test_of_two_address_columns_the_first_is_taken_and_the_other_is_asked_about() -> None:
    content = b"Email,E-mail\n,a@example.com\nb@example.com,c@example.com\n"
    layout = read_here(content, "list.csv")[0]
    assert (layout.email_column, layout.rival_columns) == (0, (1,))


def test_the_fuller_column_of_others_does_not_win() -> None:
    content = "고객 이메일,영업 담당 이메일\na@example.com,rep@example.com\n,rep@example.com\n".encode()
    layout = read_here(content, "list.csv")[0]
    assert (layout.email_column, layout.rival_columns) == (0, (1,))
    swapped = b"Sales rep e-mail,Primary E-mail\nrep@example.com,a@example.com\nrep@example.com,\n"
    assert read_here(swapped, "list.csv")[0].email_column == 1


@pytest.mark.parametrize(
    ("content", "column", "header_row"),
    [
        (b"Name,Email,Address\nA,Y,a@example.com\nB,N,b@example.com\n", 2, 1),
        (b"Name,Mail,Contact\nA,@aaa,a@example.com\nB,@bbb,b@example.com\n", 2, 1),
        (b"EMAIL\n\nNo,Name,E-mail address\n1,A,a@example.com\n", 2, 3),
        (b"note\n" * 60 + b"No,Name,Email\n1,A,a@example.com\n", 2, 61),
        (b"Questions: help@example.com\nNo,Name,Email\n1,A,a@example.com\n", 2, 2),
    ],
)
def test_heading_and_content_are_judged_together(content: bytes, column: int, header_row: int) -> None:
    layout = read_here(content, "list.csv")[0]
    assert (layout.email_column, layout.header_row, layout.rival_columns) == (column, header_row, ())


def two_sheets(**sheets: list[list[str]]) -> bytes:
    workbook = openpyxl.Workbook(write_only=True)
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(row)
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


def test_a_cover_sheet_with_a_contact_is_not_the_list() -> None:
    cover = [["Ask office@example.com"], ["Instructions"]]
    people = [["Name", "Email"], ["A", "a@example.com"], ["B", "b@example.com"]]
    layout = read_here(two_sheets(Cover=cover, People=people), "list.xlsx")[0]
    assert (layout.sheet, layout.rival_sheets) == ("People", ())
    layout = read_here(two_sheets(First=people, Second=people), "list.xlsx")[0]
    assert (layout.sheet, layout.rival_sheets) == ("First", ("Second",))


def test_heading_wins_over_content() -> None:
    content = b"Email,Reason\nnobody,meant a@example.com?\nnothing,meant b@example.com?\n"
    assert read_here(content, "list.csv")[0].email_column == 0


def test_at_sign_inside_a_character_is_no_address() -> None:
    # In CP932 the second byte of this character is 0x40, the code of @.
    content = "名前ー,番号\nァ,1\nァ,2\n".encode("cp932")
    assert b"@" in content
    assert read_here(content, "list.csv")[0].email_column is None


def test_choice_can_say_that_there_is_none() -> None:
    content = b"Email,Group\na@example.com,vip\n"
    layout, rows = read_here(content, "list.csv", Choice(header_row=NO_HEADER, group_column=NO_COLUMN))
    assert (layout.header_row, layout.group_column) == (None, None)
    assert [(row.number, row.email, row.group) for row in rows] == [(1, "Email", ""), (2, "a@example.com", "")]


def test_sample_shows_the_first_rows_with_their_numbers() -> None:
    content = "Email,Name\n\n" + "".join(f"user{n}@example.com,{'x' * 500}\n" for n in range(30))
    layout = read_here(content.encode(), "list.csv")[0]
    assert [number for number, _ in layout.sample] == list(range(3, 13))
    assert layout.sample[0][1] == ("user0@example.com", "x" * 200)
