"""The one reader of entries, for what is typed, pasted, searched for, and in the cells of a file."""

from dataclasses import dataclass
from typing import NamedTuple

from libraries.email_addresses.parsing import EmailAddress, InvalidEmailError, parse
from libraries.email_addresses.separators import split, split_cell
from libraries.email_addresses.slips import suggest


@dataclass(frozen=True, slots=True)
class Refused:
    """An entry that is no address, and why."""

    text: str
    error: InvalidEmailError

    @property
    def suggestion(self) -> str | None:
        return suggest(self.text)


class Entries(NamedTuple):
    """What a text holds, in its order; `addresses` may have the same one more than once."""

    addresses: list[EmailAddress]
    refused: list[Refused]


def read(text: str) -> Entries:
    """The entries of a typed or pasted text, judged. See `split` for what is an entry."""
    return _judged(split(text))


def read_cell(text: str) -> Entries:
    """The entries of a cell with content, judged: one at least."""
    return _judged(split_cell(text))


def is_plain(address: EmailAddress) -> bool:
    """Whether a whole text that `parse` took needs no look at what surrounds it: cheap, for millions of cells."""
    return address.text.isascii() and address.text[0] != "'" and "|" not in address.text


def _judged(entries: list[str]) -> Entries:
    found = Entries([], [])
    for entry in entries:
        try:
            found.addresses.append(parse(entry))
        except InvalidEmailError as error:
            found.refused.append(Refused(entry, error))
    return found
