"""`split`: what people paste, from mail programs, spreadsheets, web pages and by hand."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libraries.email_addresses import ENDS, split
from libraries.email_addresses.separators import split_cell
from tests.support.sizes import size

PASTES = [
    ("", []),
    (" \t\r\n,;，；、 ", []),
    ("\ufeff\u200b , \u200b", []),
    ("a@example.com", ["a@example.com"]),
    # separators
    ("a@example.com b@example.com", ["a@example.com", "b@example.com"]),
    ("a@example.com\tb@example.com", ["a@example.com", "b@example.com"]),
    ("a@example.com,b@example.com;c@example.com", ["a@example.com", "b@example.com", "c@example.com"]),
    ("a@example.com\nb@example.com\rc@example.com\r\nd@example.com", list("abcd")),
    ("a@example.com\vb@example.com\fc@example.com\x85d@example.com\u2028e@example.com", list("abcde")),
    ("a@example.com，b@example.com；c@example.com、d@example.com", list("abcd")),
    ("a@example.com\u3000b@example.com\xa0c@example.com", list("abc")),
    (", ;;a@example.com,,\n\n;b@example.com;", list("ab")),
    # names
    ("이름 <a@example.com>, b@example.com", list("ab")),
    ("이름<a@example.com>b@example.com", list("ab")),
    ('"Last, First" <a@example.com>', ["a@example.com"]),
    ('"Kim \\"K\\", Lee" <a@example.com>; <b@example.com>', list("ab")),
    ("'Last, First' <a@example.com>", ["a@example.com"]),
    ("“Last, First” <a@example.com>", ["a@example.com"]),
    ("O'Brien, D'Arcy <a@example.com>", ["a@example.com"]),
    ("Dr. John M. Doe <a@example.com> Jane <b@example.com>", list("ab")),
    ("＜a＠example.com＞", ["a＠example.com"]),
    ("이름 ＜a@example.com＞", ["a@example.com"]),
    ("a@example.com <a@example.com>", ["a@example.com"]),
    ("A@Example.com <a@example.com>", ["a@example.com"]),
    ("'a@example.com' <a@example.com>", ["a@example.com"]),
    ('"a@example.com" <b@example.com>', ["b@example.com"]),
    ("a@example.com<mailto:a@example.com>", ["a@example.com"]),
    ("< a@example.com >", ["a@example.com"]),
    ("<a@example.com, b@example.com>", list("ab")),
    ("Kim <a@example.com, b@example.com>", ["a@example.com", "b@example.com"]),
    # a name is only what stands before an address in brackets, and on its line
    ("a@example.com John <b@example.com>", list("ab")),
    ("Kim\n<a@example.com>", ["Kim", "a@example.com"]),
    ("Kim\t<a@example.com>", ["a@example.com"]),
    ("Kim,a@example.com", ["a@example.com"]),
    ("Last, First <a@example.com>", ["a@example.com"]),
    ("Kim Lee a@example.com", ["a@example.com"]),
    ("Kim <chief>", ["Kim", "<chief>"]),
    ("Kim <@>", ["<@>"]),
    ("3 < 4 a@example.com", ["a@example.com"]),
    # spreadsheets and mail programs
    ("이름\t메일\n이름\ta@example.com\n", ["a@example.com"]),
    (
        '"a@example.com","b@example.com"\r\n"Kim, Lee","c@example.com"',
        ["a@example.com", "b@example.com", "c@example.com"],
    ),
    ("Kim (Sales) <a@example.com>; Lee <b@example.com>", list("ab")),
    ("<td>a@example.com</td>", ["a@example.com"]),
    # links
    ("mailto:a@example.com?subject=x", ["a@example.com"]),
    ("MAILTO:a@example.com", ["a@example.com"]),
    ("mailto:a%2Bb@example.com", ["a+b@example.com"]),
    ("mailto:a%ff@example.com", ["a%ff@example.com"]),
    ("mailto:what?@example.com?cc=b@example.com", ["what?@example.com"]),
    ("mailto:a＠example.com?subject=x", ["a＠example.com"]),
    ("mailto:", ["mailto:"]),
    ("what?@example.com", ["what?@example.com"]),
    # unbalanced quotes and brackets
    ('"Kim, Lee <a@example.com>', ["a@example.com"]),
    ('a@example.com "b@example.com', ["a@example.com", "b@example.com"]),
    ("Kim <a@example.com", ["a@example.com"]),
    ("a@example.com> b@example.com", ["a@example.com", "b@example.com"]),
    ('"Kim\n<a@example.com>"\nb@example.com', ['"Kim', "a@example.com", "b@example.com"]),
    ("<<a@example.com>>", ["a@example.com"]),
    # the mistyped dot
    ("user@naver,com", ["user@naver,com"]),
    ("user@naver，com", ["user@naver，com"]),
    ("a@naver,com,b@daum,net c@example.com", ["a@naver,com", "b@daum,net", "c@example.com"]),
    ("a@yahoo,CO.JP;b@example.com", ["a@yahoo,CO.JP", "b@example.com"]),
    ('"a@naver,com"', ["a@naver,com"]),
    ("Kim <a@naver,com>", ["a@naver,com"]),
    ("a@example.com,com", ["a@example.com"]),
    ("a@naver, com", ["a@naver"]),
    ("a@naver,company", ["a@naver"]),
    ("a@naver,b@example.com", ["a@naver", "b@example.com"]),
    ("naver,com", ["naver", "com"]),
    ("a@naver,com,com", ["a@naver,com"]),
    (",com", ["com"]),
]

# One reader of entries: names, bullets, cells and wrappings around addresses are none.
WRAPPED = [
    ("Kim, Minsu <a@example.com>; Lee, Jae <b@example.com>", list("ab")),
    ('="a@example.com"', list("a")),
    ("'a@example.com", list("a")),
    ("a@example.com. b@example.com! (c@example.com) [d@example.com]", list("abcd")),
    ("a@example.com/b@example.com | c@example.com|d@example.com", list("abcd")),
    ("a@example.com ::: b@example.com:::c@example.com", list("abc")),
    ("1. a@example.com\n2) b@example.com\n• c@example.com\n•d@example.com\n- e@example.com", list("abcde")),
    ("[a@example.com](mailto:a@example.com), [b@example.com](https://example.com).", list("ab")),
    ("EMAIL;TYPE=INTERNET:a@example.com\nE-mail:b@example.com", list("ab")),
    ('=HYPERLINK("mailto:a@example.com"', list("a")),
    ('[{"email":"a@example.com"},{"email":"b@example.com"}]', list("ab")),
    ("Kim(a@example.com), 이메일:b@example.com, 홍길동|c@example.com|010-0000-0000", list("abc")),
    ("Name\tMail\tPhone\nKim\ta@example.com\t010\nLee\tb@example.com\t010\n", list("ab")),
    ("Kim\ta@example.com\t010\nLee\t\t010\n", ["a", "Lee"]),
    ("<td>a@example.com</td>", list("a")),
    ("Kim\nLee", ["Kim", "Lee"]),
    ("a/b@example.com", ["a/b@example.com"]),
    ("http://user:secret@example.com", ["http://user:secret@example.com"]),
]

HOSTILE = [
    *("a", "@", ".", ",", ";", " ", "\n", '"', "'", "“", "<", ">", "\\", "\x00", "\ud800", "，"),
    *(
        '" ',
        "<a",
        "<a@b",
        "<a@b>",
        '"" ',
        '"a" <',
        "'a' ",
        "' <",
        '"\\',
        "<\n",
        "w <a@b> ",
        '"x" <a@b> ',
        "a@b <a@b> ",
    ),
    *(
        "@b,com",
        "a@b,com,",
        'a@b,com"',
        "a@b,com>",
        ",com",
        "mailto:",
        "mailto:a@b?",
        "%41",
        "a@",
        "\u200b",
        "\u200b ",
    ),
]


def whole(entry: str) -> str:
    return f"{entry}@example.com" if len(entry) == 1 and entry in "abcde" else entry


@pytest.mark.parametrize(("text", "entries"), PASTES)
def test_split_reads_what_people_paste(text: str, entries: list[str]) -> None:
    assert split(text) == [whole(entry) for entry in entries]


@settings(max_examples=size(100, 1_000), deadline=None, database=None)
@given(st.text(alphabet="ab@.,;<>\"' \n\t\u200b，", max_size=40))
def test_entries_are_never_blank_and_never_kept_twice(text: str) -> None:
    entries = split(text)
    assert all(entry and entry == entry.strip(ENDS) for entry in entries)
    assert sum(map(len, entries)) <= len(text)


@pytest.mark.parametrize(("text", "entries"), WRAPPED)
def test_what_only_surrounds_an_address_is_no_entry(text: str, entries: list[str]) -> None:
    assert split(text) == [whole(entry) for entry in entries]


def test_four_hundred_rows_of_a_spreadsheet_are_four_hundred_entries() -> None:
    rows = [f"Name {number}\tuser{number}@example.com\t010-0000-{number:04}" for number in range(400)]
    assert split("\n".join(rows)) == [f"user{number}@example.com" for number in range(400)]


@pytest.mark.parametrize(
    ("cell", "entries"),
    [
        ("a@example.com, b@example.com", list("ab")),
        ("Kim\na@example.com", list("a")),
        ("a @example.com", ["a @example.com"]),
        ("no address here", ["no address here"]),
        (" - ", ["-"]),
    ],
)
def test_a_cell_without_an_address_is_one_entry(cell: str, entries: list[str]) -> None:
    assert split_cell(cell) == [whole(entry) for entry in entries]


@settings(max_examples=size(100, 1_000), deadline=None, database=None)
@given(st.text(alphabet="ab@, ;\n", max_size=40))
def test_every_piece_with_an_at_stays(text: str) -> None:
    # No character here is dropped from the ends of a piece, so all the pieces must be there whole.
    pieces = [piece for piece in re.split("[, ;\n]", text) if "@" in piece]
    assert [entry for entry in split(text) if "@" in entry] == pieces


@settings(max_examples=size(100, 1_000), deadline=None, database=None)
@given(st.text(alphabet="ab@<>\"' \n", max_size=40))
def test_every_text_with_an_at_stays_unless_quoted_or_said_twice(text: str) -> None:
    kept = " ".join(split(text))
    for word in text.replace('"', " ").replace("'", " ").replace("<", " ").replace(">", " ").split():
        if "@" in word.strip("@"):
            assert word in kept or f'"{word}' in text or f"'{word}" in text or '"' in text or "'" in text


@pytest.mark.timeout(60)
@pytest.mark.parametrize("unit", ["a", "a,", "<a", '" ', "' <", 'a@b,com"', "w <a@b> "])
def test_split_takes_a_megabyte(unit: str) -> None:
    assert isinstance(split(unit * (1_000_000 // len(unit))), list)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("unit", HOSTILE)
def test_split_work_grows_linearly(unit: str) -> None:
    def cost(characters: int) -> float:
        text = unit * (characters // len(unit))
        best = float("inf")
        for _ in range(3):
            start = time.process_time()
            split(text)
            best = min(best, time.process_time() - start)
        return best

    # Sixteen times the text: quadratic work would be 256 times as much. The floor is for the clock's grain.
    assert cost(160_000) < 80 * max(cost(10_000), 0.000_2)
