"""Which encoding a text is in: found, or asked about with every reading shown."""

import pytest

from libraries.spreadsheets import RefusedFileError
from libraries.spreadsheets.encodings import ENCODINGS, decode
from tests.libraries.spreadsheets.files import read_here

KOREAN = [
    "이름,이메일\n홍길동,a@example.com",
    "name,email\n김철수,a@example.com\n박영희,b@example.com",
    "이름,e\n김철수,a@example.com",
]
JAPANESE = [
    "名前,メール\n山田,a@example.com",
    "name,email\n山田太郎,a@example.com\n鈴木花子,b@example.com",
    "name,email\nヤマダ,a@example.com\nスズキ,b@example.com",
]
CHINESE = ["姓名,邮箱\n王伟,a@example.com", "name,email\n王伟,a@example.com\n李娜,b@example.com\n张敏,c@example.com"]
TAIWANESE = ["姓名,電子郵件\n王小明,a@example.com", "name,email\n陳志明,a@example.com\n林美玲,b@example.com"]
WESTERN = [
    "name,email\nNúñez,a@example.com",
    "name,email\nHélène,a@example.com\nRené,b@example.com",
    "name,email\nMüller – Zoë,a@example.com",
]


@pytest.mark.parametrize(
    ("text", "codec", "found"),
    [
        *[(text, "cp949", "cp949") for text in KOREAN],
        *[(text, "johab", None) for text in KOREAN[:1]],
        *[(text, codec, codec) for text in JAPANESE for codec in ("cp932", "euc-jp")],
        *[(text, "iso2022_jp", "iso-2022-jp") for text in JAPANESE],
        (KOREAN[0], "iso2022_kr", "iso-2022-jp"),
        *[(text, "gbk", "gb18030") for text in CHINESE],
        *[(text, "big5", "big5") for text in TAIWANESE],
        *[(text, "cp1252", "cp1252") for text in WESTERN],
        *[
            (text, codec, codec)
            for text in KOREAN + JAPANESE
            for codec in ("utf-8", "utf-16-le", "utf-32-le", "utf-32-be")
        ],
        *[(text, codec, f"{codec}-le") for text in KOREAN + WESTERN for codec in ("utf-16", "utf-32")],
    ],
)
def test_text_comes_out_right_or_is_asked_about(text: str, codec: str, found: str | None) -> None:
    try:
        decoded = decode(text.encode(codec))
    except RefusedFileError:
        assert found is None
        return
    if found is None:
        assert len(decoded.readings) != 1
        return
    assert (decoded.text, decoded.encoding, decoded.readings) == (text, found, ())


@pytest.mark.parametrize(
    ("line", "codec"),
    [
        ("齋藤,a@example.com", "euc-jp"),
        ("齋藤,a@example.com", "cp932"),
        ("뷁쀍,a@example.com", "cp949"),
        ("鑫淼,a@example.com", "gbk"),
        # Read well in another encoding, and one name is not enough to tell.
        ("김철수,a@example.com", "cp949"),
        ("山田太郎,a@example.com", "euc-jp"),
        ("澁谷,a@example.com", "cp932"),
        ("王伟,a@example.com", "gbk"),
        ("董廷怡,a@example.com", "big5"),
        # UTF-8 by chance, in letters that nobody mixes.
        ("澁谷隆,a@example.com", "euc-jp"),
    ],
)
def test_what_could_be_several_is_shown_in_each(line: str, codec: str) -> None:
    decoded = decode(f"name,email\n{line}\n".encode(codec))
    shown = {reading.encoding: reading.lines for reading in decoded.readings}
    name = {"gbk": "gb18030"}.get(codec, codec)
    assert shown[name] == (line,)
    assert len(shown) > 1
    assert set(shown) <= set(ENCODINGS)
    assert decoded.readings[0].encoding == decoded.encoding
    # Once it is chosen, there is nothing to ask.
    chosen = decode(f"name,email\n{line}\n".encode(codec), name)
    assert (chosen.text, chosen.readings) == (f"name,email\n{line}\n", ())


def test_nuls_that_fill_a_file_up_are_no_row() -> None:
    assert [row.email for row in read_here(b"email\na@example.com\n" + bytes(200), "list.csv")[1]] == ["a@example.com"]


def test_declaration_of_a_page_is_believed() -> None:
    page = '<meta content="text/html; charset={}"><table><tr><td>email<td>n<tr><td>a@example.com<td>{}'
    for label, codec, name in [
        ("euc-kr", "cp949", "뷁"), ("ks_c_5601-1987", "cp949", "똠"), ("Shift_JIS", "cp932", "齋藤"),
        ("x-sjis", "cp932", "①"), ("windows-1251", "cp1251", "Иван"),
        ("EUC-JP", "euc-jp", "齋藤"), ("gb2312", "gb18030", "鑫"), ("big5", "big5", "陳"),
    ]:  # fmt: skip
        layout, rows = read_here(page.format(label, name).encode(codec), "list.xls", with_cells=True)
        assert rows[0].cells == ["a@example.com", name], label
        assert layout.as_choice()


@pytest.mark.parametrize("end", ["\x1a", "\r\n\x1a", "\x1a\r\n", "\x1a\0\0\0", "\r\n\r\n\x1a\x1a"])
def test_mark_at_the_end_is_no_row(end: str) -> None:
    rows = read_here(f"Email\r\na@example.com{end}".encode(), "list.csv")[1]
    assert [row.email for row in rows if row.email] == ["a@example.com"]
