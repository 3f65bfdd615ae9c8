"""Which column has the addresses to register, and in which row its heading is: headings and content judged together."""

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import Final

from libraries.spreadsheets import limits

Rows = list[tuple[int, tuple[str, ...]]]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Compared in lower case and in normal form, without spaces and punctuation: see _names_in.
_EMAIL_HEADINGS: Final = _words(
    """
    email emails emailaddress emailaddresses emailid mail mailaddress mailid recipientemail recipientemailaddress
    이메일 이메일주소 e메일 e메일주소 메일 메일주소 전자우편 전자우편주소 전자메일 전자메일주소
    수신자이메일 수신자이메일주소 수신자메일 수신자메일주소 이메일아이디
    メール メールアドレス eメール eメールアドレス 電子メール 電子メールアドレス メアド emailアドレス mailアドレス
    受信者メール 受信者メールアドレス 宛先メールアドレス
    邮箱 电子邮箱 电子邮件 邮箱地址 電子郵件 電子信箱
    """
)
_GROUP_HEADINGS: Final = _words(
    """
    group groups ingroups groupname groupnames recipientgroup recipientgroups recipientgroupname
    그룹 그룹명 그룹이름 소속그룹 수신자그룹 수신자그룹명 수신자그룹이름 주소록그룹
    グループ グループ名 所属グループ 受信者グループ 受信者グループ名 宛先グループ
    组 组名 群組
    """
)
# Within a longer heading, a question or a name of a field. Not "mail": a mailing address is a street.
_EMAIL_WORDS: Final = (
    "email",
    "mailaddress",
    "이메일",
    "메일",
    "전자우편",
    "メール",
    "メアド",
    "邮箱",
    "电子邮",
    "電子郵",
)
# Headings of addresses that belong to others than the people of the list, or that are the second choice.
_OTHERS: Final = re.compile(
    r"second|altern|backup|refer|owner|\brep\b|sales|manager|assistant|agent|staff|sender|creator|created|\bb?cc\b"
    r"|추천|담당|보조|영업|관리자|부모|보호자|비상|발신|보낸|작성자|등록자|서브|紹介|担当|予備|副|送信者|差出人|営業|サブ|上司|作成者"
)
_PARENTHESES: Final = re.compile(r"[(\[（【]([^)\]）】]*)[)\]）】]")
_INSIGNIFICANT: Final = re.compile(r"[\W_]+")
_HAS_ADDRESS: Final = re.compile(r"[^\s@＠]@[^\s@＠]+[.,][^\s@＠]")
_WHOLE_ADDRESS: Final = re.compile(r"\s*[^\s@]+@[^\s@]+\.[^\s@]+\s*")


@dataclass(frozen=True, slots=True)
class Columns:
    """`rivals` could be meant as well as `email_column`; `strength` compares sheets, 0 where no address was found."""

    header_row: int | None
    email_column: int | None
    rivals: tuple[int, ...]
    strength: int


def is_email_heading(text: str) -> bool:
    """Whether an address column is found by this heading."""
    return not _EMAIL_HEADINGS.isdisjoint(_names_in(text))


def is_group_heading(text: str) -> bool:
    """Whether a column of groups is found by this heading."""
    return not _GROUP_HEADINGS.isdisjoint(_names_in(text))


def find_columns(rows: Rows, *, header_row: int | None, email_column: int | None) -> Columns:
    """Judge the rows with content. `header_row` 0 says that there is no heading; None leaves it to be found."""
    header = _header(rows) if header_row is None else header_row or None
    headings = next((cells for number, cells in rows if number == header), ())
    if header is None and header_row is None:
        # Headings that nobody can know stand right above the first address of the column.
        found = _judge([], rows)
        header = None if not found else _header_above(rows, found[0])
        headings = next((cells for number, cells in rows if number == header), ())
    body = [(number, cells) for number, cells in rows if number > (header or 0)]
    candidates = _judge(headings, body)
    if email_column is not None:
        return Columns(header, email_column, (), 0)
    if not candidates:
        return Columns(header, _fallback(headings, body), (), 0)
    chosen = candidates[0]
    rivals = tuple(column for column in candidates[1:] if _could_be_meant(headings, body, chosen, column))
    with_address = sum(1 for _, cells in body if _HAS_ADDRESS.search(_cell(cells, chosen)))
    is_named = _rank(headings, chosen)[1] < 2
    return Columns(header, chosen, rivals, 3 if is_named else 2 if with_address > 1 else 1)


def _names_in(text: str) -> set[str]:
    """What a heading may say: all of it, without what is in parentheses, and what is in them."""
    text = unicodedata.normalize("NFKC", text[: limits.LAYOUT_CELL_CHARACTERS]).lower()
    names = {text, _PARENTHESES.sub("", text), *_PARENTHESES.findall(text)}
    return {_INSIGNIFICANT.sub("", name) for name in names}


def _mentions_email(heading: str) -> bool:
    name = _INSIGNIFICANT.sub("", unicodedata.normalize("NFKC", heading).lower())
    return any(word in name for word in _EMAIL_WORDS)


def _cell(cells: tuple[str, ...] | list[str], column: int) -> str:
    return cells[column] if column < len(cells) else ""


def _header(rows: Rows) -> int | None:
    """The row with the heading of an address column: the last such row above the first address in that column.

    A title that says "EMAIL" is above other columns, or above the heading. Where no heading has addresses below it, the
    first row with one, if it is above every address.
    """
    first_address: dict[int, int] = {}
    for number, cells in rows:
        # A line of one cell above a table of several, such as a contact, is not its first row.
        is_row = len(cells) == 1 or len(list(filter(str.strip, cells))) > 1
        for column, text in enumerate(cells):
            if is_row and column not in first_address and _WHOLE_ADDRESS.fullmatch(text):
                first_address[column] = number
    above_all = min(first_address.values(), default=None)
    best: int | None = None
    without_data: int | None = None
    for number, cells in rows[: limits.HEADER_SEARCH_ROWS]:
        headed = [column for column, text in enumerate(cells) if is_email_heading(text)]
        if any(number < first_address.get(column, 0) for column in headed):
            best = number
        elif headed and without_data is None and (above_all is None or number < above_all):
            without_data = number
        if best is not None and above_all is not None and number >= above_all:
            break
    return best if best is not None else without_data


def _header_above(rows: Rows, email_column: int) -> int | None:
    """The row right above the first address of a column that was found by its content, if it has a text there."""
    header = None
    for number, cells in rows[: limits.HEADER_SEARCH_ROWS]:
        text = _cell(cells, email_column)
        if text.strip():
            if "@" in text:
                return header
            header = number
    return None


def _judge(headings: tuple[str, ...] | list[str], body: Rows) -> list[int]:
    """The columns that have addresses, by their heading or for the most part; the one to take first."""
    filled: Counter[int] = Counter()
    with_address: Counter[int] = Counter()
    whole: Counter[int] = Counter()
    for _, cells in body:
        for column, text in enumerate(cells):
            if text.strip():
                filled[column] += 1
                if "@" in text and _HAS_ADDRESS.search(text):
                    with_address[column] += 1
                    whole[column] += _WHOLE_ADDRESS.fullmatch(text) is not None
    is_headed = any(map(is_email_heading, headings))
    likely = [
        column
        for column in sorted(with_address)
        if _rank(headings, column)[1] < 2 or (whole if is_headed else with_address)[column] * 2 >= filled[column]
    ]
    # Beside a heading, remarks that mention an address are no column of addresses.
    return sorted(likely or (() if is_headed else with_address), key=lambda column: (*_rank(headings, column), column))


def _rank(headings: tuple[str, ...] | list[str], column: int) -> tuple[bool, int]:
    heading = _cell(headings, column)
    is_of_others = _OTHERS.search(unicodedata.normalize("NFKC", heading).lower()) is not None
    if is_email_heading(heading):
        return is_of_others, 0
    return is_of_others, 1 if _mentions_email(heading) else 2


def _could_be_meant(headings: tuple[str, ...] | list[str], body: Rows, chosen: int, other: int) -> bool:
    """Whether a person would have to be asked: not when it repeats the column, and not beside a plain heading."""
    if all(_cell(cells, chosen).strip() == _cell(cells, other).strip() for _, cells in body):
        return False
    (_, named), (other_of_others, other_named) = _rank(headings, chosen), _rank(headings, other)
    return not (named == 0 and (other_of_others or other_named == 2))


def _fallback(headings: tuple[str, ...] | list[str], body: Rows) -> int | None:
    """Where no cell has an address: the first column with the heading of one, else the one with the most "@"."""
    headed = [column for column, text in enumerate(headings) if is_email_heading(text)]
    counts = Counter(column for _, cells in body for column, text in enumerate(cells) if "@" in text)
    columns = headed or sorted(counts)
    return max(columns, key=lambda column: counts.get(column, 0), default=None)
