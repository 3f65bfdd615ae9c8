"""Counting the rows of a file, each into exactly one of: address, doubled, invalid, blank."""

import json
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from addressbook import limits
from addressbook.services.addresses import groups
from addressbook.services.addresses.groups import InvalidGroupNameError
from addressbook.services.uploads import sql
from addressbook.services.uploads.rows import line, repeated_line
from libraries.email_addresses import InvalidEmailError, parse, suggest
from libraries.spreadsheets import Batch
from libraries.spreadsheets import limits as spreadsheet_limits
from workspace import limits as workspace_limits
from workspace.models import Edition

CHOSEN_GROUP: Final = 0
_SHOWN_CHARACTERS: Final = spreadsheet_limits.LAYOUT_CELL_CHARACTERS


class GroupFault(StrEnum):
    """Why the group of a row is none, beside what `emails.Reason` and `spreadsheets.Defect` say of its address."""

    NAME = "group-name"  # holds a character that a group name cannot have, or is too long
    TOO_MANY = "group-too-many"  # the book would have more than limits.GROUPS_PER_BOOK


class Fault(NamedTuple):
    """What is wrong with a row: a code, the character at fault if one is, and whether its group is meant."""

    code: str
    character: str | None = None
    in_group: bool = False


class Tally:
    """Takes the batches of a reading in their order; writes accepted rows and notes of refused ones into `folder`."""

    def __init__(self, edition: Edition, folder: Path) -> None:
        self.rows_path = folder / "rows"
        self.notes_path = folder / "notes"
        self.rows = self.doubled = self.invalid = self.blank = self.known = self.slips = 0
        self._edition = edition
        self._keys: set[str] = set()
        self._unasked: list[str] = []
        self._listed: list[dict[str, Any]] = []
        self._slips: list[dict[str, Any]] = []
        self._suspicious: dict[str, bool] = {}
        self._there = set(edition.groups.values_list("name", flat=True))
        self._places: dict[str, int | Fault] = {"": CHOSEN_GROUP}
        self._names: list[str] = []
        self._files = ExitStack()

    def __enter__(self) -> Self:
        self._accepted = self._files.enter_context(self.rows_path.open("w", encoding="utf-8", newline="\n"))
        self._notes = self._files.enter_context(self.notes_path.open("w", encoding="ascii"))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._files.close()

    def add(self, batch: Batch) -> None:
        accepted: list[str] = []
        suspicious = self._suspicious
        for index, text in enumerate(batch.emails):
            if index in batch.defects:
                self._refuse(batch.first + index, text, Fault(batch.defects[index]))
                continue
            if not text or text.isspace():
                self.blank += 1
                continue
            try:
                address = parse(text)
            except InvalidEmailError as error:
                self._refuse(batch.first + index, text, Fault(error.reason, error.character))
                continue
            place: int | Fault = self._place(batch.groups[index]) if batch.groups else CHOSEN_GROUP
            if isinstance(place, Fault):
                self._refuse(batch.first + index, batch.groups[index] if batch.groups else "", place)
            elif address.key in self._keys:
                self.doubled += 1
                if batch.groups:
                    accepted.append(repeated_line(address.key, place))
            else:
                self._keys.add(address.key)
                self._unasked.append(address.key)
                accepted.append(line(address, place))
                domain = address.key.rpartition("@")[2]
                if suspicious.get(domain, True):
                    self._point_out(batch.first + index, address.text, domain)
        self.rows += len(batch)
        self._accepted.writelines(accepted)
        if len(self._unasked) >= limits.KEYS_PER_LOOK_UP:
            self.look_up_rest()

    def look_up_rest(self) -> None:
        """Count which of the addresses are in the book. A forecast: it holds no lock."""
        if self._unasked and self._edition.address_count:
            self.known += sql.count_known(edition_id=self._edition.pk, keys=self._unasked)
        self._unasked = []

    def groups(self) -> list[dict[str, Any]]:
        """The groups that rows refer to by their place, the first being place 1."""
        return [{"name": name} for name in self._names]

    def result(self) -> dict[str, Any]:
        """rows = new + already_there + doubled + invalid + blank, and what is shown of them."""
        new_groups = [name for name in self._names if name not in self._there]
        return {
            "rows": self.rows,
            "addresses": len(self._keys),
            "new": len(self._keys) - self.known,
            "already_there": self.known,
            "doubled": self.doubled,
            "invalid": self.invalid,
            "blank": self.blank,
            "invalid_listed": self._listed,
            "slips": self.slips,
            "slips_listed": self._slips,
            "group_count": len(self._names),
            "new_group_count": len(new_groups),
            "new_groups": new_groups[: limits.NEW_GROUPS_LISTED],
        }

    def _refuse(self, number: int, text: str, fault: Fault) -> None:
        self.invalid += 1
        if len(self._listed) < limits.INVALID_ENTRIES_LISTED:
            self._listed.append({"row": number, "value": _shown(text), **fault._asdict()})
        self._notes.write(json.dumps([number, *fault]) + "\n")

    def _place(self, name: str) -> int | Fault:
        place = self._places.get(name)
        if place is None:
            place = self._places[name] = self._new_place(name)
        return place

    def _new_place(self, name: str) -> int | Fault:
        if not name.strip():
            return CHOSEN_GROUP
        try:
            clean = groups.clean_name(name)
        except InvalidGroupNameError as error:
            return Fault(GroupFault.NAME, error.character, in_group=True)
        if clean != name:
            return self._place(clean)
        if len(self._names) >= workspace_limits.GROUPS_PER_BOOK:
            return Fault(GroupFault.TOO_MANY, in_group=True)
        self._names.append(clean)
        return len(self._names)

    def _point_out(self, number: int, text: str, domain: str) -> None:
        """Note an address that is valid and yet looks like a slip; whether it does, its domain decides."""
        suggestion = suggest(text)
        self._suspicious[domain] = suggestion is not None
        if suggestion is not None:
            self.slips += 1
            if len(self._slips) < limits.SLIPS_LISTED:
                self._slips.append({"row": number, "value": text, "suggestion": suggestion})


def _shown(text: str) -> str:
    """A value for the screen, cut, without what the database cannot hold."""
    return "".join("\ufffd" if c == "\0" or "\ud800" <= c <= "\udfff" else c for c in text[:_SHOWN_CHARACTERS])
