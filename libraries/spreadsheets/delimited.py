"""Rows of a text file with delimiters. One bad row costs one row, whatever is wrong with it.

Fields follow RFC 4180: one that starts with a quote ends at the next quote that is not doubled, which the delimiter
or the line end must follow; line ends in between belong to the field. Where that does not come out within
limits.CELL_CHARACTERS, the quote was never meant as one: it is an ordinary character then, the field ends at the next
delimiter and the row at the end of its line. So an unbalanced quote cannot swallow the rows below it.

Lines end with LF, CR LF or a lone CR. Row numbers are those that a spreadsheet program shows for the file: a field of
several lines is in one row, and a blank line is a row.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Final

from libraries.spreadsheets import limits

DELIMITERS: Final = (",", ";", "\t", "|")
NO_DELIMITER: Final = ""

_QUOTE: Final = '"'
_OPENING: Final = re.compile(' *"')
_SPACES: Final = re.compile(" *")
_LINE_END: Final = re.compile(r"\r\n|\n|\r")
_QUOTED: Final = re.compile(r'"([^"]*+(?:""[^"]*+)*+)"')
_STATED_DELIMITER: Final = re.compile(r'\A"?sep=([^"\r\n@A-Za-z0-9])"?(?:\r\n|\n|\r|\Z)', re.IGNORECASE)

# Lines are split in bulk, about as many characters at a time.
_BULK_CHARACTERS: Final = 64 * 1024
_JUDGED_ROWS: Final = 100
_SEARCHED_ROWS: Final = 1_000

# An address as a cell may hold it: bare, with an apostrophe or a formula that keep it text, or with a name.
_ADDRESS: Final = re.compile(
    r"""(?:'|="|mailto:)?[^\s@,;|<>"]+@[^\s@,;|<>"]+\.[^\s@,;|<>"]+"?|[^@<>;|]*<\s*[^\s@,;|<>"]+@[^\s@,;|<>"]+\s*>"""
)

# How far a quoted field may reach: every character of the longest cell may be a quote, and doubled.
_QUOTED_CHARACTERS: Final = 2 * limits.CELL_CHARACTERS + 2

# The csv module is asked only about lines that are complete, and must not stop at a long field in one of them.
csv.field_size_limit(limits.UPLOAD_FILE_BYTES)

_BETWEEN: Final = re.compile(r"[\s;,/|]+|\s+:::\s+")

Rows = list[list[str]]


def stated_delimiter(text: str) -> tuple[str | None, int]:
    """What a first line `sep=;` says, and where the rows begin. Excel obeys the line and does not count it."""
    stated = _STATED_DELIMITER.match(text)
    return (stated[1], stated.end()) if stated else (None, 0)


def find_delimiter(text: str, start: int = 0) -> str:
    """The delimiter by which most rows have a cell that is an address; NO_DELIMITER for one column.

    Where several are equal, the one that cuts rows most evenly. Lines of nothing but addresses are one column: what is
    on such a line are entries.
    """
    whole = _score(_judged(text, NO_DELIMITER, start))
    best, best_score = NO_DELIMITER, whole
    for delimiter in DELIMITERS:
        score = _score(_judged(text, delimiter, start))
        if score > best_score:
            best, best_score = delimiter, score
    share, evenness = best_score
    # Where lines mostly are addresses as they are, a comma in one of them is a slip and no delimiter.
    if best and ((not evenness and 2 * whole[0] >= share) or _are_only_addresses(_judged(text, best, start))):
        return NO_DELIMITER
    return best


def _judged(text: str, delimiter: str, start: int) -> Rows:
    """The first rows with an address, and those between them; the first rows of all where none has one."""
    filled = list(islice((row for row in rows(text, delimiter, start) if any(row)), _SEARCHED_ROWS))
    first = next((number for number, row in enumerate(filled) if any("@" in cell for cell in row)), 0)
    return filled[max(first - 1, 0) : first + _JUDGED_ROWS]


def _score(judged: Rows) -> tuple[float, float]:
    """Which share of rows has a cell that is an address and nothing else, and how evenly rows were cut."""
    if not judged:
        return 0, 0
    addressed = sum(any(map(_is_address, row)) for row in judged)
    columns, even_rows = Counter(map(len, judged)).most_common(1)[0]
    is_even = columns > 1 and even_rows * 2 >= len(judged)
    return addressed / len(judged), even_rows / len(judged) if is_even else 0


def _is_address(cell: str) -> bool:
    if "@" not in cell:
        return False
    cell = cell.strip()
    return bool(_ADDRESS.fullmatch(cell)) or all(map(_ADDRESS.fullmatch, filter(None, _BETWEEN.split(cell))))


def _are_only_addresses(judged: Rows) -> bool:
    return all(_is_address(cell) for row in judged for cell in row if cell.strip())


def rows(text: str, delimiter: str, start: int = 0) -> Iterator[list[str]]:
    """Every row in order, blank lines as rows without content.

    No row has more than limits.SHEET_COLUMNS cells: the last has the rest.
    """
    for bulk in bulks(text, delimiter, start):
        yield from bulk


def bulks(text: str, delimiter: str, start: int = 0) -> Iterator[Rows]:
    """The same rows, many at a time."""
    newline = "\n" if "\n" in text else "\r"
    position = start
    while position < len(text):
        end = text.find(newline, position + _BULK_CHARACTERS) + 1 or len(text)
        bulk = _split_in_bulk(text[position:end], delimiter)
        if bulk is None:
            bulk, end = _split_one_by_one(text, position, end, delimiter)
        yield bulk
        position = end


def _split_in_bulk(chunk: str, delimiter: str) -> Rows | None:
    """The rows of whole lines, or None where a quote makes it uncertain that each line is one row."""
    if "\r" in chunk:
        chunk = chunk.replace("\r\n", "\n").replace("\r", "\n")
    lines = chunk.removesuffix("\n").split("\n")
    if _QUOTE not in chunk:
        if not delimiter:
            return [[line] for line in lines]
        return [line.split(delimiter, limits.SHEET_COLUMNS - 1) for line in lines]
    if delimiter and f'{delimiter} "' in chunk:
        return None  # a space before a quote, which the csv module takes for text
    try:
        # Without a delimiter the csv module still needs one: a character that is in no line.
        reader = csv.reader(lines, delimiter=delimiter or _absent(chunk), strict=True)
        parsed = [row[: limits.SHEET_COLUMNS] or [""] for row in reader]
    except csv.Error:
        return None
    return parsed if len(parsed) == len(lines) else None


def _absent(chunk: str) -> str:
    return next(character for character in map(chr, range(0xE000, 0x110000)) if character not in chunk)


def _split_one_by_one(text: str, position: int, end: int, delimiter: str) -> tuple[Rows, int]:
    """The rows that begin before `end`, and where the last of them ends."""
    found: Rows = []
    plain_field = re.compile(rf"[^\r\n{re.escape(delimiter)}]*+")
    while position < end:
        row, position = _split_row(text, position, delimiter, plain_field)
        found.append(row)
    return found, position


def _split_row(text: str, position: int, delimiter: str, plain_field: re.Pattern[str]) -> tuple[list[str], int]:
    row: list[str] = []
    while True:
        cell, position = _split_field(text, position, delimiter, plain_field)
        if len(row) < limits.SHEET_COLUMNS:
            row.append(cell)
        line_end = _LINE_END.match(text, position)
        if line_end:
            return row, line_end.end()
        if position >= len(text):
            return row, position
        position += 1  # the delimiter


def _split_field(text: str, position: int, delimiter: str, plain_field: re.Pattern[str]) -> tuple[str, int]:
    opening = _OPENING.match(text, position)
    if opening:
        quoted = _QUOTED.match(text, opening.end() - 1, position + _QUOTED_CHARACTERS)
        if quoted:
            spaces = _SPACES.match(text, quoted.end())
            end = spaces.end() if spaces and opening.end() > position + 1 else quoted.end()
            after = text[end : end + 1]
            if after in ("", "\r", "\n", delimiter) and not _has_swallowed_rows(quoted[1], delimiter):
                return quoted[1].replace('""', _QUOTE), end
    plain = plain_field.match(text, position)
    assert plain is not None  # noqa: S101 - the pattern matches the empty text
    return plain[0], plain.end()


def _has_swallowed_rows(field: str, delimiter: str) -> bool:
    """Whether a field of several lines is rows between two stray quotes: each line has an address and a delimiter."""
    if not delimiter or "@" not in field or ("\n" not in field and "\r" not in field):
        return False
    return all("@" in line and delimiter in line for line in _LINE_END.split(field))
