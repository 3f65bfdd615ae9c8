"""The groups that a file names: several in a cell, renamed or left out as its owner decides."""

import re
from enum import StrEnum
from typing import Final

from addressbook.services.addresses import groups
from addressbook.services.addresses.groups import InvalidGroupNameError
from addressbook.services.uploads.findings import Findings
from workspace import limits
from workspace.models import Edition

CHOSEN_GROUP: Final = 0  # the place of rows that name no group
NO_GROUP: Final = -1  # the place of rows whose groups cannot be made or are left out

# None of these can be in a name. Our own downloads write "A, B".
_BETWEEN: Final = re.compile(r"[,;|，；、\n\r]+")


class GroupFault(StrEnum):
    """Why a row does not go into its group, although its address is taken."""

    NAME = groups.GROUP_NAME  # holds a character that a group name cannot have, or is too long
    TOO_MANY = "group-too-many"  # the book would have more than limits.GROUPS_PER_BOOK


class FileGroups:
    """`names` are the groups to register into; place 1 is the first. `places` has the cells known to be one name."""

    def __init__(self, edition: Edition, renamed: dict[str, str], findings: Findings) -> None:
        self.names: list[str] = []
        self.places: dict[str, int] = {"": CHOSEN_GROUP}
        self._there = set(edition.groups.values_list("name", flat=True))
        self._renamed = renamed
        self._findings = findings
        self._by_name: dict[str, int] = {}
        self._faults: dict[str, tuple[GroupFault, str | None]] = {}

    def places_of(self, cell: str) -> tuple[int, ...]:
        """Where a row with this cell goes, one place at least. Names that are none are noted, once a row."""
        known = self.places.get(cell)
        if known is not None:
            return (known,)
        names = [name for part in _BETWEEN.split(cell) if (name := part.strip())]
        if not names:
            return (CHOSEN_GROUP,)
        places = [place for name in dict.fromkeys(names) if (place := self._place(name)) is not None]
        if len(names) == 1 and places and names[0] not in self._renamed:
            self.places[cell] = places[0]
        return tuple(dict.fromkeys(places)) or (NO_GROUP,)

    def new_names(self) -> list[str]:
        return [name for name in self.names if name not in self._there]

    def _place(self, name: str) -> int | None:
        wanted = self._renamed.get(name, name)
        if not wanted:
            return None
        place = self._by_name.get(wanted)
        if place is not None:
            return place
        fault = self._faults.get(wanted)
        if fault is None:
            try:
                clean = groups.clean_name(wanted)
            except InvalidGroupNameError as error:
                fault = GroupFault.NAME, error.character
            else:
                if clean in self._by_name or len(self.names) < limits.GROUPS_PER_BOOK:
                    return self._new_place(wanted, clean)
                fault = GroupFault.TOO_MANY, None
            self._faults[wanted] = fault
        self._findings.add_group(name, *fault)
        return None

    def _new_place(self, wanted: str, clean: str) -> int:
        place = self._by_name.get(clean)
        if place is None:
            self.names.append(clean)
            place = self._by_name[clean] = len(self.names)
        self._by_name[wanted] = place
        return place
