"""The simulated address books: what each operation does to one, and the creations that wait (section 10, 9 to
20).
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from libraries.outbound_mailer import limits
from libraries.outbound_mailer.simulator.database import Database
from libraries.outbound_mailer.simulator.settings import AddressComparison, JobOrder, SimulatorSettings

# One reading of "e-mail address format": dot-atom local part, domain of at least two labels, letters of any
# script.
_ADDRESS = re.compile(
    r"(?!\.)(?!.*\.\.)[\w!#$%&'*+/=?^`{|}~.-]{1,64}(?<!\.)@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]*[^\W_]"
)


def is_address(text: object) -> bool:
    """Whether the simulated service takes this as an e-mail address."""
    return (
        isinstance(text, str) and len(text) <= limits.ADDRESS_LENGTH_CHARACTERS and _ADDRESS.fullmatch(text) is not None
    )


@dataclass(frozen=True, slots=True)
class BookContent:
    """What no operation of the API shows: the addresses themselves. Kept out of the repr."""

    addresses: frozenset[str]
    groups: dict[str, frozenset[str]]
    jobs_waiting: int

    def __repr__(self) -> str:
        sizes = {name: len(members) for name, members in self.groups.items()}
        return f"<BookContent {len(self.addresses)} addresses, groups {sizes}, {self.jobs_waiting} jobs waiting>"


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of a creation."""

    group_name: str | None
    email_addresses: tuple[str, ...]


class Book:
    """The book of one account in one region."""

    def __init__(self, database: Database, place: str, settings: SimulatorSettings) -> None:
        self._database = database
        self._settings = settings
        database.run("INSERT OR IGNORE INTO books (place) VALUES (?)", place)
        ((self._id,),) = database.rows("SELECT id FROM books WHERE place = ?", place)

    # Reading ------------------------------------------------------------------------------------------------

    def counts(self) -> dict[str, Any]:
        """The common answer of the address book operations."""
        ((total,),) = self._database.rows("SELECT address_count FROM books WHERE id = ?", self._id)
        select = "SELECT sid, name, address_count FROM groups WHERE book = ? ORDER BY sid"
        groups = [
            {"sid": sid, "groupName": name, "addressCount": count}
            for sid, name, count in self._database.rows(select, self._id)
        ]
        if not total and not groups and self._settings.null_groups_when_empty:
            return {"totalAddressCount": total, "groups": None}
        return {"totalAddressCount": total, "groups": groups}

    def content(self) -> BookContent:
        """Everything, for tests."""
        addresses = self._database.rows("SELECT address FROM addresses WHERE book = ?", self._id)
        names = self._database.rows("SELECT name FROM groups WHERE book = ?", self._id)
        return BookContent(
            frozenset(address for (address,) in addresses),
            {name: frozenset(self.members(name)) for (name,) in names},
            len(self._database.rows("SELECT 1 FROM jobs WHERE book = ?", self._id)),
        )

    def has_group(self, name: str) -> bool:
        return self._sid(name) is not None

    def members(self, name: str) -> list[str]:
        """The addresses of a group, in the order in which they came into the book."""
        select = (
            "SELECT addresses.address FROM memberships JOIN addresses ON addresses.id = memberships.address "
            "WHERE memberships.sid = ? ORDER BY addresses.id"
        )
        return [address for (address,) in self._database.rows(select, self._sid(name))]

    def unknown(self, email_addresses: Sequence[str]) -> list[str]:
        """Those that are not in the book."""
        select = "SELECT 1 FROM addresses WHERE book = ? AND key = ?"
        return [address for address in email_addresses if not self._database.rows(select, self._id, self._key(address))]

    # Creating -----------------------------------------------------------------------------------------------

    def enqueue(self, entries: Sequence[Entry], due: float | None) -> None:
        """Takes a creation to be carried out at `due` (None: by hand)."""
        text = json.dumps([(entry.group_name, entry.email_addresses) for entry in entries])
        insert = "INSERT INTO jobs (book, due, entries) VALUES (?, ?, ?)"
        self._database.run(insert, self._id, due, text)

    def run_jobs(self, now: float | None) -> int:
        """Carries out what is due at `now` (None: everything that waits) and says how many creations that
        were.
        """
        condition = "book = ? AND (? IS NULL OR due <= ?)"
        with self._database.transaction():
            select = f"SELECT number, entries FROM jobs WHERE {condition} ORDER BY number"  # noqa: S608
            jobs = self._database.rows(select, self._id, now, now)
            for entry in self._in_order([_entries(text) for _, text in jobs]):
                self._add(entry)
            self._database.run(f"DELETE FROM jobs WHERE {condition}", self._id, now, now)  # noqa: S608
        return len(jobs)

    def _in_order(self, jobs: list[list[Entry]]) -> Iterator[Entry]:
        if self._settings.job_order is JobOrder.REVERSED:
            jobs = jobs[::-1]
        if self._settings.job_order is not JobOrder.PARALLEL:
            yield from (entry for job in jobs for entry in job)
            return
        for turn in range(max(map(len, jobs), default=0)):
            yield from (job[turn] for job in jobs if turn < len(job))

    def _add(self, entry: Entry) -> None:
        addresses = [address for address in entry.email_addresses if is_address(address)]
        self._database.run_many(
            "INSERT OR IGNORE INTO addresses (book, key, address) VALUES (?, ?, ?)",
            ((self._id, self._key(address), address) for address in addresses),
        )
        if entry.group_name is None:
            return
        sid = self._sid(entry.group_name)
        if sid is None:
            insert = "INSERT INTO groups (book, name) VALUES (?, ?)"
            sid = self._database.run(insert, self._id, entry.group_name).lastrowid
        self._database.run_many(
            "INSERT OR IGNORE INTO memberships (sid, address) SELECT ?, id FROM addresses WHERE book = ? AND key = ?",
            ((sid, self._id, self._key(address)) for address in addresses),
        )

    # Deleting -----------------------------------------------------------------------------------------------

    def delete(self) -> int:
        """Empties the book and says how many addresses it had. Creations that wait still land, unless
        switched.
        """
        ((total,),) = self._database.rows("SELECT address_count FROM books WHERE id = ?", self._id)
        with self._database.transaction():
            self._database.run("DELETE FROM groups WHERE book = ?", self._id)
            self._database.run("DELETE FROM addresses WHERE book = ?", self._id)
            if self._settings.delete_cancels_waiting_jobs:
                self._database.run("DELETE FROM jobs WHERE book = ?", self._id)
        return int(total)

    def delete_addresses(self, email_addresses: Sequence[str]) -> None:
        with self._database.transaction():
            self._database.run_many(
                "DELETE FROM addresses WHERE book = ? AND key = ?",
                ((self._id, self._key(address)) for address in email_addresses),
            )

    def delete_group(self, name: str) -> None:
        self._database.run("DELETE FROM groups WHERE book = ? AND name = ?", self._id, name)

    def empty_group(self, name: str) -> None:
        self._database.run("DELETE FROM memberships WHERE sid = ?", self._sid(name))

    def remove_from_group(self, name: str, email_addresses: Sequence[str]) -> None:
        sid = self._sid(name)
        with self._database.transaction():
            self._database.run_many(
                "DELETE FROM memberships WHERE sid = ? AND address = "
                "(SELECT id FROM addresses WHERE book = ? AND key = ?)",
                ((sid, self._id, self._key(address)) for address in email_addresses),
            )

    def _sid(self, name: str) -> int | None:
        found = self._database.rows("SELECT sid FROM groups WHERE book = ? AND name = ?", self._id, name)
        return found[0][0] if found else None

    def _key(self, address: str) -> str:
        if self._settings.address_comparison is AddressComparison.LOWER_CASE:
            return address.lower()
        return address


def _entries(text: str) -> list[Entry]:
    return [Entry(name, tuple(addresses)) for name, addresses in json.loads(text)]
