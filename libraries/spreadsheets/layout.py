"""Where the addresses stand in a file: the sheet, the heading row, the columns. Found, and open to correction."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import chain, islice
from typing import Any, Final

from libraries.spreadsheets import encodings, limits
from libraries.spreadsheets.errors import Refusal, RefusedFileError
from libraries.spreadsheets.kinds import Kind
from libraries.spreadsheets.sources import Sheet, Source, Table, Value, has_content, text_of

NO_HEADER: Final = 0
NO_COLUMN: Final = -1


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
    group groups groupname groupnames recipientgroup recipientgroups recipientgroupname
    그룹 그룹명 그룹이름 수신자그룹 수신자그룹명 수신자그룹이름 주소록그룹
    グループ グループ名 受信者グループ 受信者グループ名 宛先グループ
    组 组名 群組
    """
)
_PARENTHESES: Final = re.compile(r"[(\[（【]([^)\]）】]*)[)\]）】]")
_INSIGNIFICANT: Final = re.compile(r"[\W_]+")
_WHOLE_ADDRESS: Final = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")


@dataclass(frozen=True, slots=True)
class Choice:
    """What a user has decided. None leaves a part to be found.

    `header_row` counts from 1, NO_HEADER says that there is none; columns count from 0, NO_COLUMN says that there is
    no column of groups; a `delimiter` of "" says that there is one column. Raises ValueError for what no file can have.
    """

    sheet: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header_row: int | None = None
    email_column: int | None = None
    group_column: int | None = None

    def __post_init__(self) -> None:
        least = {"header_row": NO_HEADER, "email_column": 0, "group_column": NO_COLUMN}
        for part, number in least.items():
            chosen = getattr(self, part)
            if chosen is not None and not number <= chosen < limits.SHEET_ROWS:
                raise ValueError(f"{part} {chosen}")
        if self.delimiter and (len(self.delimiter) > 1 or self.delimiter in '"\r\n'):
            raise ValueError(f"delimiter {self.delimiter!r}")
        if self.encoding is not None and self.encoding not in encodings.ENCODINGS:
            raise ValueError(f"encoding {self.encoding!r}")


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is read. `email_column` is None when it was not found: then nothing can be read before a choice.

    `columns` has the headings, or blank texts for the columns that have none; `sample` the first rows with content
    below, with their numbers, limits.LAYOUT_COLUMNS cells of each at most. Texts in both are cut at
    limits.LAYOUT_CELL_CHARACTERS. Everything survives `as_json` and `from_json`.
    """

    kind: Kind
    sheets: tuple[Sheet, ...]
    sheet: str | None
    encoding: str | None
    delimiter: str | None
    header_row: int | None
    email_column: int | None
    group_column: int | None
    columns: tuple[str, ...]
    sample: tuple[tuple[int, tuple[str, ...]], ...]

    def as_choice(self) -> Choice:
        """Everything decided as it is here: what was checked is what is applied."""
        return Choice(
            self.sheet,
            self.encoding,
            self.delimiter,
            NO_HEADER if self.header_row is None else self.header_row,
            self.email_column,
            NO_COLUMN if self.group_column is None else self.group_column,
        )

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Layout":
        """The layout again. Raises TypeError, ValueError or KeyError for anything that `as_json` did not give."""
        return cls(
            **{
                **data,
                "kind": Kind(data["kind"]),
                "sheets": tuple(Sheet(name, hidden) for name, hidden in data["sheets"]),
                "columns": tuple(data["columns"]),
                "sample": tuple((number, tuple(cells)) for number, cells in data["sample"]),
            }
        )


def find_layout(kind: Kind, source: Source, choice: Choice) -> tuple[Layout, Table]:
    """Find what the choice leaves open, and the table to read, from its first row.

    The sheet is the first visible one that has a column of addresses, else the first one with content. Raises
    RefusedFileError with EMPTY, UNKNOWN_SHEET, or what reading a sheet raises.
    """
    fallback: tuple[Layout, Table] | None = None
    for sheet in _candidates(source, choice):
        table = source.open(sheet)
        head, table.bulks = _peek(table.bulks)
        if not any(map(has_content, head)) and choice.sheet is None:
            continue
        found = _lay_out(kind, source, sheet, table, head, choice), table
        if found[0].email_column is not None:
            return found
        fallback = fallback or found
    if fallback is None:
        raise RefusedFileError(Refusal.EMPTY)
    return fallback


def is_email_heading(text: str) -> bool:
    """Whether an address column is found by this heading."""
    return not _EMAIL_HEADINGS.isdisjoint(_names_in(text))


def is_group_heading(text: str) -> bool:
    """Whether a column of groups is found by this heading."""
    return not _GROUP_HEADINGS.isdisjoint(_names_in(text))


def _names_in(text: str) -> set[str]:
    """What a heading may say: all of it, without what is in parentheses, and what is in them."""
    text = unicodedata.normalize("NFKC", text[: limits.LAYOUT_CELL_CHARACTERS]).lower()
    names = {text, _PARENTHESES.sub("", text), *_PARENTHESES.findall(text)}
    return {_INSIGNIFICANT.sub("", name) for name in names}


def _candidates(source: Source, choice: Choice) -> list[str | None]:
    if not source.sheets:
        return [None]
    if choice.sheet is None:
        return [sheet.name for sheet in source.sheets if not sheet.hidden] or [source.sheets[0].name]
    if all(sheet.name != choice.sheet for sheet in source.sheets):
        raise RefusedFileError(Refusal.UNKNOWN_SHEET, sheet=choice.sheet)
    return [choice.sheet]


def _peek(bulks: Iterator[list[list[Value]]]) -> tuple[list[list[Value]], Iterator[list[list[Value]]]]:
    """Enough rows with content to judge the columns by, all rows before them, and the same bulks again."""
    seen: list[list[list[Value]]] = []
    rows_with_content = 0
    for bulk in bulks:
        seen.append(bulk)
        rows_with_content += sum(map(has_content, bulk))
        if rows_with_content > limits.HEADER_SEARCH_ROWS + limits.COLUMN_JUDGED_ROWS:
            break
    return list(chain.from_iterable(seen)), chain(seen, bulks)


def _lay_out(
    kind: Kind, source: Source, sheet: str | None, table: Table, head: list[list[Value]], choice: Choice
) -> Layout:
    numbered = ((number, _texts(row)) for number, row in enumerate(head, start=1) if has_content(row))
    rows = list(islice(numbered, limits.HEADER_SEARCH_ROWS + limits.COLUMN_JUDGED_ROWS))
    header_row = _header_by_name(rows) if choice.header_row is None else choice.header_row or None
    email_column = choice.email_column
    if email_column is None:
        email_column = _email_column(rows, header_row)
    if header_row is None and choice.header_row is None and email_column is not None:
        header_row = _header_above(rows, email_column)
    headings = next((cells for number, cells in rows if number == header_row), ())
    group_column = choice.group_column
    if group_column is None:
        groups = (column for column, text in enumerate(headings) if is_group_heading(text) and column != email_column)
        group_column = next(groups, NO_COLUMN)
    body = [(number, cells) for number, cells in rows if number > (header_row or 0)]
    sample = body[: limits.LAYOUT_SAMPLE_ROWS]
    width = max(len(headings), *(min(len(cells), limits.LAYOUT_COLUMNS) for _, cells in sample), 0)
    return Layout(
        kind=kind,
        sheets=source.sheets,
        sheet=sheet,
        encoding=table.encoding,
        delimiter=table.delimiter,
        header_row=header_row,
        email_column=email_column,
        group_column=None if group_column == NO_COLUMN else group_column,
        columns=tuple(headings[:width]) + ("",) * (width - len(headings)),
        sample=tuple((number, cells[: limits.LAYOUT_COLUMNS]) for number, cells in sample),
    )


def _texts(row: list[Value]) -> tuple[str, ...]:
    texts = (text_of(value)[: limits.LAYOUT_CELL_CHARACTERS] for value in row[: limits.LAYOUT_SEARCHED_COLUMNS])
    return tuple(map(encodings.shown, texts))


Rows = list[tuple[int, tuple[str, ...]]]


def _header_by_name(rows: Rows) -> int | None:
    """The first row with the heading of an address column, above every row that already has an address."""
    for number, cells in rows[: limits.HEADER_SEARCH_ROWS]:
        if any(map(is_email_heading, cells)):
            return number
        if any(map(_WHOLE_ADDRESS.fullmatch, map(str.strip, cells))):
            return None
    return None


def _header_above(rows: Rows, email_column: int) -> int | None:
    """The row right above the first address of a column that was found by its content, if it has a text there."""
    header = None
    for number, cells in rows[: limits.HEADER_SEARCH_ROWS]:
        if email_column < len(cells) and cells[email_column].strip():
            if "@" in cells[email_column]:
                return header
            header = number
    return None


def _email_column(rows: Rows, header_row: int | None) -> int | None:
    """The column by its heading, the fullest where several have one; by its content where none has."""
    counts: dict[int, int] = {}
    headed: list[int] = []
    for number, cells in rows:
        if number == header_row:
            headed = [column for column, text in enumerate(cells) if is_email_heading(text)]
        elif number > (header_row or 0):
            for column, text in enumerate(cells):
                if "@" in text:
                    counts[column] = counts.get(column, 0) + 1
    columns = headed or sorted(counts)
    return max(columns, key=lambda column: counts.get(column, 0), default=None)
