"""A file of recipients is read: each entry becomes a row of its source, a doubled one or a refused one.

The rows go in while the file is read, to a source of no draft; the last transaction gives it to the draft. So nobody
ever counts half a file, and the memory does not grow with its values.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from django.db import transaction

from addressbook.services.uploads.checking import storable
from addressbook.services.uploads.files import local
from libraries import spreadsheets
from libraries.email_addresses import EmailAddress, read_cell
from libraries.spreadsheets import RefusedFileError, Row
from mailings import limits
from mailings.models import RecipientFile, RecipientSource, SourceRow
from mailings.services.drafts import DraftGoneError, find_draft
from mailings.services.recipients import files
from mailings.services.recipients.columns import FileColumns, RefusedRecipientsError, columns_of
from workspace.services.work import crash_points

# What a column of PostgreSQL has no way to hold.
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
_NAME_CHARACTERS: Final = 100


class Collected:
    """What a file holds so far: rows = accepted + doubled + invalid entries; hidden rows are not read."""

    def __init__(self, columns: FileColumns) -> None:
        self.doubled = self.invalid = self.hidden = 0
        self._columns = columns
        self._keys: set[str] = set()
        self._empty: Counter[str] = Counter()
        self._longest = dict.fromkeys(columns.placeholders.values(), "")
        self._refused: list[dict[str, Any]] = []

    def rows_of(self, row: Row, source: RecipientSource) -> Iterator[SourceRow]:
        """A row of the file: a cell may have several addresses, all with the same values."""
        if row.hidden:
            self.hidden += 1
            return
        if row.defect is not None:
            self._refuse(row.number, str(row.defect))
            return
        found = read_cell(row.email)
        for refused in found.refused:
            self._refuse(row.number, str(refused.error.reason), refused.error.character)
        if not found.addresses:
            return
        values = self._values(row)
        if any(len(value) > limits.VALUE_CHARACTERS for value in values.values()):
            for _address in found.addresses:
                self._refuse(row.number, "value_too_long")
            return
        for address in found.addresses:
            if address.key in self._keys:
                self.doubled += 1
            else:
                yield self._accepted(address, row, values, source)

    def parameters(self, name: str) -> dict[str, Any]:
        return {
            "name": name,
            "columns": list(self._columns.placeholders.values()),
            "empty": dict(self._empty),
            "longest": self._longest,
            "doubled": self.doubled,
            "invalid": self.invalid,
            "hidden": self.hidden,
            "refused": self._refused,
        }

    @property
    def count(self) -> int:
        return len(self._keys)

    def _values(self, row: Row) -> dict[str, str]:
        cells = row.cells or ()
        texts = {name: cells[column] for column, name in self._columns.placeholders.items() if column < len(cells)}
        return {name: kept for name, text in texts.items() if (kept := _UNSTORABLE.sub("\ufffd", text).strip())}

    def _accepted(self, address: EmailAddress, row: Row, values: dict[str, str], source: RecipientSource) -> SourceRow:
        self._keys.add(address.key)
        for name, longest in self._longest.items():
            value = values.get(name, "")
            if not value:
                self._empty[name] += 1
            elif len(value.encode()) > len(longest.encode()):
                self._longest[name] = value
        return SourceRow(
            source=source,
            number=len(self._keys),
            email=address.text,
            key=address.key,
            name=values.get(self._columns.name, "")[:_NAME_CHARACTERS],
            values=values,
        )

    def _refuse(self, number: int, code: str, character: str | None = None) -> None:
        self.invalid += 1
        if len(self._refused) < limits.RECIPIENT_FILE_REFUSED_LISTED:
            self._refused.append(storable({"row": number, "code": code, "character": character}))


def read_file(file_id: int) -> None:
    """Repeats safely: nothing counts until the last transaction. Raises FileLostError."""
    waiting = files.claim(file_id)
    if waiting is None:
        return
    if waiting.attempt > limits.RECIPIENT_FILE_ATTEMPTS:
        _refuse(waiting, "reader_failed", {})
        return
    crash_points.reached("recipient file: begin")
    try:
        with local(waiting.stored_file) as path:
            source = _begin(waiting)
            with spreadsheets.read(path, name=waiting.name, with_cells=True) as reading:
                collected = Collected(columns_of(reading.layout))
                _collect(waiting, source, (row for batch in reading for row in batch), collected)
        if not collected.count:
            raise RefusedRecipientsError("no_addresses")
        crash_points.reached("recipient file: rows stored")
        _finish(waiting, source, collected)
    except RefusedFileError as error:
        _refuse(waiting, str(error.code), error.detail)
    except RefusedRecipientsError as error:
        _refuse(waiting, error.code, error.detail)
    except FileNotFoundError:
        _refuse(waiting, "reader_failed", {})


def _begin(waiting: RecipientFile) -> RecipientSource:
    """A source of nobody. One that an earlier attempt has left has no file any more, and is swept."""
    with transaction.atomic():
        now = files.owned(waiting)
        now.source = RecipientSource.objects.create(mailing=None, kind=RecipientSource.Kind.FILE)
        now.save(update_fields=["source"])
        return now.source


def _collect(waiting: RecipientFile, source: RecipientSource, rows: Iterator[Row], collected: Collected) -> None:
    made: list[SourceRow] = []
    for row in rows:
        made += collected.rows_of(row, source)
        if len(made) >= limits.RECIPIENT_FILE_BATCH_ROWS:
            _store(waiting, made)
            made = []
    _store(waiting, made)


def _store(waiting: RecipientFile, rows: list[SourceRow]) -> None:
    with transaction.atomic():
        files.owned(waiting)
        SourceRow.objects.bulk_create(rows)


def _finish(waiting: RecipientFile, source: RecipientSource, collected: Collected) -> None:
    with transaction.atomic():
        now = files.owned(waiting)
        try:
            draft = find_draft(waiting.mailing.book, now.mailing_id)
        except DraftGoneError:
            files.discard(now)
            now.delete()
            return
        source.mailing, source.parameters = draft, storable(collected.parameters(now.name))
        source.save()
        files.discard(now)
        now.delete()
        crash_points.reached("recipient file: before commit")


def _refuse(waiting: RecipientFile, code: str, detail: dict[str, Any]) -> None:
    with transaction.atomic():
        now = files.owned(waiting)
        files.discard(now)
        now.stored_file, now.source, now.lease_until = "", None, None
        now.refusal = storable({"code": code, "detail": detail})
        now.save()
