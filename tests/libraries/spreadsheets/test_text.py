"""Text files: encodings, delimiters, quotes, line ends."""

from typing import Any

import pytest

from libraries.spreadsheets import Choice, Defect, limits
from tests.libraries.spreadsheets.files import read_here


def emails(content: bytes, choice: Choice | None = None) -> list[tuple[int, str]]:
    return [(row.number, row.email) for row in read_here(content, "list.csv", choice)[1]]


@pytest.mark.parametrize(
    ("heading", "encoding"),
    [
        ("이메일,이름", "cp949"),
        ("メールアドレス,名前", "cp932"),
        ("이메일,이름", "utf-16-le"),
        ("メール,名前", "utf-16-be"),
    ],
)
def test_encoding_of_excel_is_found(heading: str, encoding: str) -> None:
    layout, rows = read_here(f"{heading}\r\na@example.com,x\r\n".encode(encoding), "list.csv")
    assert (layout.encoding, layout.header_row, layout.email_column) == (encoding, 1, 0)
    assert [row.email for row in rows] == ["a@example.com"]


def test_unicode_text_of_excel_is_read() -> None:
    layout, rows = read_here("\ufeff이름\t이메일\r\n김\ta@example.com\r\n".encode("utf-16-le"), "list.txt")
    assert (layout.encoding, layout.delimiter) == ("utf-16-le", "\t")
    assert rows[0].email == "a@example.com"


def test_one_undecodable_byte_in_many_rows_costs_one_row() -> None:
    lines = [f"user{n}@example.com,김민수".encode("cp949") for n in range(20_000)]
    lines[9_999] = b"user\xff@example.com,Kim"
    layout, rows = read_here("이메일,이름\n".encode("cp949") + b"\n".join(lines), "list.csv")
    assert layout.encoding == "cp949"
    assert len(rows) == 20_000
    assert [(row.number, row.email, row.defect) for row in rows if row.defect] == [
        (10_001, "user\\xff@example.com", Defect.UNREADABLE)
    ]


def test_cp949_row_in_a_utf_8_file_costs_no_address() -> None:
    lines = [f"user{n}@example.com,김민수".encode() for n in range(50)]
    lines[20] = "user20@example.com,이서연".encode("cp949")
    layout, rows = read_here(b"\n".join(lines), "list.csv")
    assert layout.encoding == "utf-8"
    assert [row.email for row in rows if not row.defect] == [f"user{n}@example.com" for n in range(50)]


def test_lead_byte_does_not_swallow_the_line_end() -> None:
    content = "이메일\na@example.com\n".encode("cp949") + b"b\xb0\nc@example.com\n" + "김\n박\n".encode("cp949")
    assert [text for _, text in emails(content)][:3] == ["a@example.com", "b\\xb0", "c@example.com"]


def test_chosen_encoding_is_obeyed() -> None:
    content = "email,name\na@example.com,é\n".encode("cp1252")
    layout, rows = read_here(content, "list.csv", Choice(encoding="cp1252"), with_cells=True)
    assert layout.encoding == "cp1252"
    assert rows[0].cells == ["a@example.com", "é"]


@pytest.mark.parametrize(
    "part",
    [
        {"encoding": "unicode_escape"},
        {"delimiter": '"'},
        {"delimiter": ",,"},
        {"email_column": -1},
        {"group_column": -2},
        {"header_row": -1},
    ],
)
def test_choice_that_no_file_can_have_is_an_error(part: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(part))):
        Choice(**part)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_is_the_most_even_one(delimiter: str) -> None:
    lines = [f"Kim{delimiter}a{n}@example.com{delimiter}x, y; z" for n in range(5)]
    lines.append(f"Lee{delimiter}b@example.com{delimiter}no more" + ", ; |" * 3)
    assert read_here("\n".join(lines).encode(), "list.csv")[0].delimiter == delimiter


def test_one_column_has_no_delimiter() -> None:
    content = b"a@example.com\nb@naver,com\nc@example.com\n"
    assert read_here(content, "list.csv")[0].delimiter == ""
    assert emails(content)[1] == (2, "b@naver,com")


def test_stated_delimiter_is_obeyed_and_not_counted() -> None:
    content = b"sep=;\r\nEmail;Name\r\na@example.com;Kim, Lee\r\n"
    assert emails(content) == [(2, "a@example.com")]


def test_unbalanced_quote_costs_one_row() -> None:
    lines = ["Email,Name", *(f'"user{n}@example.com","Kim, Min"' for n in range(500))]
    lines[100] = '"broken@example.com,"Kim, Min"'
    lines[200] = 'user@example.com,"Kim'
    lines[300] = '"'
    found = dict(emails("\n".join(lines).encode()))
    assert len(found) == 500
    good = set(range(2, 502)) - {101, 201, 301}
    assert all(found[number] == f"user{number - 2}@example.com" for number in good)


def test_quote_that_never_closes_stops_at_its_line() -> None:
    lines = ["a@example.com,Kim", 'b@example.com,"Kim', *["c@example.com,Kim"] * 5_000]
    assert len(emails("\n".join(lines).encode())) == 5_002


def test_field_of_several_lines_is_one_row() -> None:
    content = b'Email,Note\na@example.com,"one\r\ntwo ""x""\nthree"\nb@example.com,\n'
    rows = read_here(content, "list.csv", with_cells=True)[1]
    assert [(row.number, row.email) for row in rows] == [(2, "a@example.com"), (3, "b@example.com")]
    assert rows[0].cells == ["a@example.com", 'one\r\ntwo "x"\nthree']


def test_megabyte_line_costs_one_row() -> None:
    content = b"a@example.com\n" + b"x" * 2_000_000 + b"\nb@example.com\n"
    rows = read_here(content, "list.csv")[1]
    assert [row.defect for row in rows] == [None, Defect.TOO_LONG, None]
    assert len(rows[1].email) == limits.CELL_CHARACTERS


def test_line_of_a_million_delimiters_is_read() -> None:
    content = b"a@example.com,x\n" + b"," * 1_000_000 + b"\nb@example.com,x\n"
    assert [text for _, text in emails(content)] == ["a@example.com", "", "b@example.com"]


def test_nul_and_mark_stay_in_their_row() -> None:
    content = "a@example.com\nb\0@example.com\n\ufeffc@example.com\nd@example.com\n".encode()
    assert [text for _, text in emails(content)] == [
        "a@example.com",
        "b\0@example.com",
        "\ufeffc@example.com",
        "d@example.com",
    ]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_kind_count(line_end: str) -> None:
    content = line_end.join(["Email", "a@example.com", "", "b@example.com"]).encode()
    assert emails(content) == [(2, "a@example.com"), (3, ""), (4, "b@example.com")]


def test_other_line_separators_are_text() -> None:
    content = "a@example.com,x\u2028y\x85z\x0b\x0c\x1c\nb@example.com,x\n".encode()
    assert len(emails(content)) == 2


def test_row_of_spaces_is_blank() -> None:
    rows = read_here("Email,Name\n  ,\u3000\n  ,Kim\n".encode(), "list.csv")[1]
    assert [(row.email, row.defect) for row in rows] == [("", None), ("", Defect.MISSING)]


def test_guarding_apostrophe_is_taken_off() -> None:
    content = b"'=a@example.com\n'+82@example.com\n''=b@example.com\n'c@example.com\n''d@example.com\n'e@example.com'\n"
    assert [text for _, text in emails(content)] == [
        "=a@example.com", "+82@example.com", "'=b@example.com", "c@example.com", "'d@example.com", "'e@example.com'",
    ]  # fmt: skip


def test_quotes_on_every_line_take_linear_time() -> None:
    content = b"Email,Name\n" + b'x,"a""\n' * 100_000 + b"a@example.com,y\n"
    assert len(emails(content)) == 100_001


@pytest.mark.parametrize(
    ("lines", "delimiter", "found"),
    [
        (["Email,Name", "a@example.com,A,,,,", "b@example.com", ",,", "c@example.com,C,x,y"], ",", "abc"),
        (["email,tags", "a@example.com,vip,news", "b@example.com", "c@example.com,x,y,z,w"], ",", "abc"),
        (["name,email", "A,a@example.com,x", "B,b@example.com,y,z"], ",", "ab"),
        (["A;a@example.com;x, y, z, w", "B;b@example.com;x", "C;c@example.com;, , ,"], ";", "abc"),
        (["name|email|tags", "A|a@example.com|x;y;z", "B|b@example.com|x,y"], "|", "ab"),
        (["n\temail", 'A\t"a@example.com"', "B, C\tb@example.com\tx\ty\tz"], "\t", "ab"),
        (['"Name","Email"', '"A","a@example.com"', "", '"Copyright, all rights reserved, x"', '"footer"'], ",", "a"),
        (["memo", "one, two, three, four", "five, six", "email;n", "a@example.com;1", "b@example.com;2"], ";", "ab"),
    ],
)
def test_delimiter_is_the_one_that_makes_cells_addresses(lines: list[str], delimiter: str, found: str) -> None:
    for line_end in ("\n", "\r\n", "\r"):
        layout, rows = read_here(line_end.join(lines).encode(), "list.csv")
        assert layout.delimiter == delimiter
        addresses = [f"{letter}@example.com" for letter in found]
        assert [row.email for row in rows if row.email in addresses] == addresses


@pytest.mark.parametrize(
    "line",
    ["a@example.com, b@example.com,c@example.com", "a@example.com;b@example.com;", "a@example.com\tb@example.com"],
)
def test_line_of_nothing_but_addresses_is_one_entry(line: str) -> None:
    layout, rows = read_here(line.encode(), "list.txt")
    assert (layout.delimiter, [row.email for row in rows]) == ("", [line])


@pytest.mark.parametrize("mark", ["sep=;", "SEP=;", '"sep=;"', "\ufeffsep=;"])
def test_stated_delimiter_may_be_written_in_several_ways(mark: str) -> None:
    assert emails(f"{mark}\r\nEmail;x\r\na@example.com;1,2\r\n".encode()) == [(2, "a@example.com")]


def test_two_stray_quotes_swallow_no_rows() -> None:
    lines = [f"Kim,u{n}@example.com" for n in range(50)]
    lines[10], lines[30] = '"Kim,u10@example.com', 'Kim,u30@example.com"'
    found = dict(emails("\n".join(["Name,Email", *lines]).encode()))
    assert len(found) == 50
    assert all(found[n + 2] == f"u{n}@example.com" for n in range(50) if n not in (10, 30))


def test_quote_behind_a_space_is_a_quote() -> None:
    content = b'Name, Email\n"Kim, Min", "a@example.com"\n"Lee" , "b@example.com" \n'
    rows = read_here(content, "list.csv", with_cells=True)[1]
    assert rows[0].cells == ["Kim, Min", "a@example.com"]
    assert rows[1].cells is not None
    assert rows[1].cells[1].strip() == "b@example.com"
