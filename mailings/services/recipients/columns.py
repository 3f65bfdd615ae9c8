"""What the columns of a file of recipients are: the address, the name, and a placeholder each."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from libraries.spreadsheets import Choice, Layout
from mailings import limits

_NAME_HEADINGS: Final = frozenset({"name", "이름", "성명", "氏名", "名前"})
_NO_NAME_CHARACTERS: Final = re.compile(r"\W+")


class RefusedRecipientsError(Exception):
    """A file that no recipients are taken from: `code`, and in `detail` what its sentence needs."""

    def __init__(self, code: str, **detail: Any) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class FileColumns:
    """`placeholders` has the name of each by its column. `name` is the one that recipients are called by, or blank."""

    name: str
    placeholders: Mapping[int, str]


def columns_of(layout: Layout, choice: Choice) -> FileColumns:
    """Raises RefusedRecipientsError: no_column, sheet_open, encoding_open, email_twice, many_columns, heading_twice.

    What could be read in several ways is asked, never guessed, since what is read wrong is sent.
    """
    if layout.email_column is None:
        raise RefusedRecipientsError("no_column")
    if layout.rival_sheets:
        raise RefusedRecipientsError("sheet_open")
    if choice.encoding is None and len({lines for _encoding, lines in layout.readings}) > 1:
        raise RefusedRecipientsError("encoding_open")
    if layout.rival_columns:
        rivals = (layout.email_column, *layout.rival_columns)
        raise RefusedRecipientsError("email_twice", columns=[layout.columns[column] for column in rivals])
    headings = layout.columns if layout.header_row is not None else ()
    if sum(map(bool, headings)) > limits.RECIPIENT_FILE_COLUMNS:
        raise RefusedRecipientsError("many_columns", most=limits.RECIPIENT_FILE_COLUMNS)
    names: dict[int, str] = {}
    taken = {placeholder_of(headings[layout.email_column])} if headings else set()
    for column, heading in enumerate(headings):
        name = placeholder_of(heading)
        if column == layout.email_column or not name:
            continue
        if name in taken:
            raise RefusedRecipientsError("heading_twice", name=name)
        taken.add(name)
        names[column] = name
    of_names = (name for name in names.values() if name.lower() in _NAME_HEADINGS)
    return FileColumns(next(of_names, ""), names)


def placeholder_of(heading: str) -> str:
    """A heading as the name of a placeholder: what such a name may not have becomes an underscore."""
    name = _NO_NAME_CHARACTERS.sub("_", unicodedata.normalize("NFC", heading)).strip("_")
    return name[: limits.PLACEHOLDER_NAME_CHARACTERS]
