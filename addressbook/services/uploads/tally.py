"""Counting the entries of a file, each into exactly one of: address, doubled, invalid, blank, outside."""

import json
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from addressbook import limits
from addressbook.services.uploads import sql
from addressbook.services.uploads.file_groups import CHOSEN_GROUP, FileGroups
from addressbook.services.uploads.findings import Findings, shown, slip_key
from addressbook.services.uploads.mending import HIDDEN_ROWS, Mending, finding_key
from addressbook.services.uploads.outside import Outside
from addressbook.services.uploads.rows import line, repeated_line
from libraries.email_addresses import EmailAddress, InvalidEmailError, is_plain, parse, read_cell, suggest
from libraries.spreadsheets import Batch, Defect
from workspace.models import Edition

_NO_MENDING: Final = Mending({}, frozenset(), frozenset())


class Fault(NamedTuple):
    """What is wrong with an entry: a code, and the character at fault if one is."""

    code: str
    character: str | None = None
    in_group: bool = False


class Tally:
    """Takes the batches of a reading in their order; writes accepted rows and notes of refused ones into `folder`."""

    def __init__(
        self, edition: Edition, folder: Path, mending: Mending = _NO_MENDING, *, looks_up: bool = True
    ) -> None:
        self.rows_path = folder / "rows"
        self.notes_path = folder / "notes"
        # rows + extra = addresses + doubled + invalid + blank: a cell can have several entries.
        self.rows = self.extra = self.doubled = self.invalid = self.blank = self.known = self.hidden = self.mended = 0
        self._edition = edition
        self._looks_up = looks_up
        self._mending = mending
        self._keys: set[str] = set()
        self._unasked: list[str] = []
        self._listed: list[dict[str, Any]] = []
        self._suspicious: dict[str, bool] = {}
        self._findings = Findings()
        self._outside = Outside()
        self._groups = FileGroups(edition, mending.groups, self._findings)
        self._noted = 0
        self._lines: list[str] = []
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
        taken = self._sort_outside(batch) if batch.outside or batch.is_unread else {}
        hidden = self._sort_hidden(batch) if batch.hidden else ()
        lines, keys, suspicious, places = self._lines, self._keys, self._suspicious, self._groups.places
        groups, defects = batch.groups, batch.defects
        for index, text in enumerate(batch.emails):
            # Almost every row of almost every file goes this way, so it is written out.
            if index not in defects and index not in taken and index not in hidden:
                if not text or text.isspace():
                    self.blank += 1
                    continue
                try:
                    address = parse(text)
                except InvalidEmailError:
                    self._add_row(batch.first + index, [text], groups[index] if groups else None)
                    continue
                place = places.get(groups[index]) if groups else CHOSEN_GROUP
                domain = address.key.rpartition("@")[2]
                if place is not None and is_plain(address) and suspicious.get(domain) is False:
                    if address.key in keys:
                        self.doubled += 1
                        if groups:
                            lines.append(repeated_line(address.key, place))
                    else:
                        keys.add(address.key)
                        self._unasked.append(address.key)
                        lines.append(line(address, place))
                    continue
            if index in hidden:
                continue
            self._add_unusual(batch, index, taken.get(index, []))
        self.rows += len(batch) - len(hidden)
        self._accepted.writelines(lines)
        lines.clear()
        if len(self._unasked) >= limits.KEYS_PER_LOOK_UP:
            self.look_up_rest()

    def look_up_rest(self) -> None:
        """Count which of the addresses are in the book. A forecast: it holds no lock."""
        if self._looks_up and self._unasked and self._edition.address_count:
            self.known += sql.count_known(edition_id=self._edition.pk, keys=self._unasked)
        self._unasked = []

    def groups(self) -> list[dict[str, Any]]:
        """The groups that rows refer to by their place, the first being place 1."""
        return [{"name": name} for name in self._groups.names]

    def result(self) -> dict[str, Any]:
        """rows + extra = new + already_there + doubled + invalid + blank, and what is shown of them."""
        new_groups = self._groups.new_names()
        return {
            "rows": self.rows,
            "extra": self.extra,
            "addresses": len(self._keys),
            "new": len(self._keys) - self.known,
            "already_there": self.known,
            "doubled": self.doubled,
            "invalid": self.invalid,
            "blank": self.blank,
            "hidden_rows": self.hidden,
            "mended": self.mended,
            "invalid_listed": self._listed,
            "group_count": len(self._groups.names),
            "new_group_count": len(new_groups),
            "new_groups": new_groups[: limits.NEW_GROUPS_LISTED],
            **self._findings.result(),
            **self._outside.result(self._keys),
        }

    def _add_unusual(self, batch: Batch, index: int, taken: list[str]) -> None:
        """A row with a defect, with addresses of another column, or whose address needs a closer look."""
        number, text = batch.first + index, batch.emails[index]
        defect = batch.defects.get(index)
        if defect is not None and not (taken and defect is Defect.MISSING):
            self._refuse(number, text, Fault(defect))
            texts = taken
            if not taken:
                return
            self.extra += 1  # _add_row counts what is beyond one entry
        else:
            texts = [text, *taken] if text and not text.isspace() else taken
        self._add_row(number, texts, batch.groups[index] if batch.groups else None)

    def _add_row(self, number: int, texts: list[str], group: str | None) -> None:
        """All entries of a row, into its group (None: the file has no groups)."""
        places = self._groups.places_of(group) if group is not None else (CHOSEN_GROUP,)
        entries = 0
        for text in texts:
            found = read_cell(text)
            entries += len(found.addresses) + len(found.refused)
            for address in found.addresses:
                self._accept(number, self._meant(number, address), places, has_groups=group is not None)
            for refused in found.refused:
                suggestion = refused.suggestion
                key = finding_key(refused.error.reason, refused.error.character)
                if suggestion is not None and key in self._mending.suggestions:
                    self.mended += 1
                    self._accept(number, parse(suggestion), places, has_groups=group is not None)
                else:
                    self._refuse(number, refused.text, Fault(refused.error.reason, refused.error.character), suggestion)
        self.extra += entries - 1

    def _accept(self, number: int, address: EmailAddress, places: tuple[int, ...], *, has_groups: bool) -> None:
        if address.key in self._keys:
            self.doubled += 1
            if has_groups:
                self._lines += [repeated_line(address.key, place) for place in places]
            return
        self._keys.add(address.key)
        self._unasked.append(address.key)
        self._lines.append(line(address, places[0]))
        self._lines += [repeated_line(address.key, place) for place in places[1:]]

    def _meant(self, number: int, address: EmailAddress) -> EmailAddress:
        """The address, or what was probably meant where the owner takes that. A plain one is judged by its domain."""
        domain = address.key.rpartition("@")[2]
        plain = is_plain(address)
        if plain and self._suspicious.get(domain) is False:
            return address
        suggestion = suggest(address.text)
        if plain:
            self._suspicious[domain] = suggestion is not None
        if suggestion is None:
            return address
        if slip_key(address.text, suggestion) in self._mending.suggestions:
            self.mended += 1
            return parse(suggestion)
        if address.key not in self._keys:
            self._findings.add_slip(number, address.text, suggestion)
        return address

    def _refuse(self, number: int, text: str, fault: Fault, suggestion: str | None = None) -> None:
        self.invalid += 1
        self._findings.add_refused(number, text, fault.code, fault.character, suggestion)
        if len(self._listed) < limits.INVALID_ENTRIES_LISTED:
            self._listed.append({"row": number, "value": shown(text), **fault._asdict()})
        if number > self._noted:  # a row with several is given back once
            self._notes.write(json.dumps([number, *fault]) + "\n")
            self._noted = number

    def _sort_outside(self, batch: Batch) -> dict[int, list[str]]:
        """Count what is outside; returns what is taken too, by the index of its row."""
        taken: dict[int, list[str]] = {}
        if batch.is_unread and batch.sheet is not None:
            self._outside.add_unread(batch.sheet)
        hidden = frozenset() if HIDDEN_ROWS in self._mending.places else frozenset(batch.hidden)
        for index, column, text in batch.outside:
            place = HIDDEN_ROWS if index in hidden else (batch.sheet, column, False)
            if place not in self._mending.places:
                self._outside.add(place, text)
            elif batch.emails and index < len(batch.emails):
                taken.setdefault(index, []).append(text)
            else:
                self._add_from_elsewhere(text)
        return taken

    def _add_from_elsewhere(self, text: str) -> None:
        """A cell of another sheet or above the heading: addresses of no row and no group."""
        for address in read_cell(text).addresses:
            self.extra += 1
            self._accept(0, address, (CHOSEN_GROUP,), has_groups=False)

    def _sort_hidden(self, batch: Batch) -> frozenset[int]:
        """The hidden rows that are not taken; their addresses are counted as outside."""
        self.hidden += len(batch.hidden)
        if HIDDEN_ROWS in self._mending.places:
            return frozenset()
        for index in batch.hidden:
            if batch.emails[index] and index not in batch.defects:
                self._outside.add(HIDDEN_ROWS, batch.emails[index])
        return frozenset(batch.hidden)
