"""A file of recipients is read: each entry becomes a row of its source, a doubled one or a refused one.

The rows go in while the file is read, to a source of no draft; the last transaction gives it to the draft. So nobody
ever counts half a file, and the memory does not grow with its values.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from django.db import transaction

from addressbook.services.uploads.checking import UNSTORABLE, storable
from addressbook.services.uploads.files import local
from libraries import spreadsheets
from libraries.email_addresses import EmailAddress, InvalidEmailError, is_plain, parse, read_cell
from libraries.spreadsheets import Batch, Layout, Refusal, RefusedFileError
from mailings import limits
from mailings.models import LeftOutEntry, RecipientFile, RecipientSource, SourceRow
from mailings.models.senders import ADDRESS_CHARACTERS
from mailings.services.drafts import DraftGoneError, find_draft
from mailings.services.recipients import files, registering, rows
from mailings.services.recipients.columns import FileColumns, RefusedRecipientsError, columns_of
from workspace.services.work import crash_points

_NAME_CHARACTERS: Final = 100
_ROW: Final = ("number", "email", "key", "name", "values")
_LEFT_OUT: Final = ("number", "text", "key", "is_doubled", "code", "character", "cells")
# What a person can mend by a choice although nothing was read.
_OPEN_TO_CHOICE: Final = frozenset({str(Refusal.UNKNOWN_ENCODING), str(Refusal.UNKNOWN_SHEET)})


class Collected:
    """What a file holds so far: entries = accepted + doubled + invalid; hidden rows are not read.

    `rows` and `left_out` are those that are not stored yet, as `rows.insert` takes them.
    """

    def __init__(self, columns: FileColumns, source: RecipientSource) -> None:
        self.source = source
        self.rows: list[tuple[Any, ...]] = []
        self.left_out: list[tuple[Any, ...]] = []
        self.doubled = self.invalid = self.hidden = 0
        self._columns = tuple(columns.placeholders.items())
        self._name = columns.name
        self._keys: set[str] = set()
        self._empty: Counter[str] = Counter()
        self._longest = dict.fromkeys(columns.placeholders.values(), "")
        self._longest_bytes = dict.fromkeys(columns.placeholders.values(), 0)
        self._last_refused = 0

    def add(self, batch: Batch) -> None:
        hidden = frozenset(batch.hidden)
        all_cells: Sequence[Sequence[str]] = batch.cells or [()] * len(batch)
        for index, (text, cells) in enumerate(zip(batch.emails, all_cells, strict=True)):
            number = batch.first + index
            if index in hidden:
                self.hidden += 1
            elif index in batch.defects:
                self._refuse(number, cells, text, str(batch.defects[index]))
            elif text and not text.isspace():
                self._add_row(number, text, cells)

    def parameters(self, name: str) -> dict[str, Any]:
        return {
            "name": name,
            "columns": [name for _column, name in self._columns],
            "empty": dict(self._empty),
            "longest": self._longest,
            "doubled": self.doubled,
            "invalid": self.invalid,
            "hidden": self.hidden,
        }

    @property
    def count(self) -> int:
        return len(self._keys)

    @property
    def waiting(self) -> int:
        """Rows that are not stored yet."""
        return len(self.rows) + len(self.left_out)

    def _add_row(self, number: int, text: str, cells: Sequence[str]) -> None:
        """A row of the file: a cell may have several addresses, all with the same values."""
        values = self._values(cells)
        is_too_long = any(len(value) > limits.VALUE_CHARACTERS for value in values.values())
        for address in self._addresses(number, text, cells):
            if is_too_long:
                self._refuse(number, cells, address.text, "value_too_long", key=address.key)
            elif address.key in self._keys:
                self.doubled += 1
                self.left_out.append((number, address.text, address.key, True, "", "", None))
            else:
                self._accept(address, values)

    def _addresses(self, number: int, text: str, cells: Sequence[str]) -> Sequence[EmailAddress]:
        """Those of a cell; what is none is refused."""
        try:
            address = parse(text)
        except InvalidEmailError:
            pass
        else:
            # Almost every cell of almost every file.
            if is_plain(address):
                return (address,)
        found = read_cell(text)
        for refused in found.refused:
            self._refuse(number, cells, refused.text, str(refused.error.reason), refused.error.character)
        return found.addresses

    def _values(self, cells: Sequence[str]) -> dict[str, str]:
        width = len(cells)
        texts = {name: text for column, name in self._columns if column < width and (text := cells[column].strip())}
        if UNSTORABLE.search("".join(texts.values())):
            return {name: kept for name, text in texts.items() if (kept := storable(text).strip())}
        return texts

    def _accept(self, address: EmailAddress, values: dict[str, str]) -> None:
        self._keys.add(address.key)
        for _column, name in self._columns:
            value = values.get(name, "")
            if not value:
                self._empty[name] += 1
            elif len(value) > self._longest_bytes[name] or len(value.encode()) > self._longest_bytes[name]:
                self._longest[name], self._longest_bytes[name] = value, len(value.encode())
        name = values.get(self._name, "")[:_NAME_CHARACTERS]
        self.rows.append((len(self._keys), address.text, address.key, name, values))

    def _refuse(
        self, number: int, cells: Sequence[str], text: str, code: str, character: str | None = None, *, key: str = ""
    ) -> None:
        self.invalid += 1
        # The row once, though several of its entries are refused: it is given back as a whole.
        kept = storable(list(cells)) if self._last_refused != number else None
        self._last_refused = number
        written = storable(text)[:ADDRESS_CHARACTERS]
        self.left_out.append((number, written, key, False, code, storable(character or ""), kept))


def read_file(file_id: int) -> None:
    """Repeats safely: nothing counts until the last transaction. Raises FileLostError."""
    waiting = files.claim(file_id)
    if waiting is None:
        return
    if waiting.tries > limits.RECIPIENT_FILE_ATTEMPTS:
        _refuse(waiting, "reader_failed", {}, None)
        return
    crash_points.reached("recipient file: begin")
    choice = files.choice_of(waiting)
    layout = None
    try:
        with local(waiting.stored_file) as path:
            source = _begin(waiting)
            with spreadsheets.read(path, name=waiting.name, choice=choice, with_cells=True) as reading:
                layout = reading.layout
                collected = Collected(columns_of(layout, choice), source)
                for batch in reading:
                    collected.add(batch)
                    if collected.waiting >= limits.RECIPIENT_FILE_BATCH_ROWS:
                        _store(waiting, collected)
                _store(waiting, collected)
        if not collected.count:
            raise RefusedRecipientsError("no_addresses")
        crash_points.reached("recipient file: rows stored")
        _finish(waiting, source, collected, layout)
    except RefusedFileError as error:
        _refuse(waiting, str(error.code), error.detail, layout)
    except RefusedRecipientsError as error:
        _refuse(waiting, error.code, error.detail, layout)
    except FileNotFoundError:
        _refuse(waiting, "reader_failed", {}, None)


def _begin(waiting: RecipientFile) -> RecipientSource:
    """A source of nobody. One that an earlier attempt has left has no file any more, and is swept."""
    with transaction.atomic():
        now = files.owned(waiting)
        now.source = RecipientSource.objects.create(mailing=None, kind=RecipientSource.Kind.FILE)
        now.save(update_fields=["source"])
        return now.source


def _store(waiting: RecipientFile, collected: Collected) -> None:
    made, left_out = rows.as_batch(collected.rows), rows.as_batch(collected.left_out)
    with transaction.atomic():
        files.owned(waiting)
        for model, names, found in ((SourceRow, _ROW, made), (LeftOutEntry, _LEFT_OUT, left_out)):
            rows.insert(model, names, found, same={"source": collected.source.pk})
    collected.rows, collected.left_out = [], []


def _finish(waiting: RecipientFile, source: RecipientSource, collected: Collected, layout: Layout) -> None:
    parameters = {**collected.parameters(waiting.name), "layout": layout.as_json()}
    with registering.rows_of(waiting, source) as accepted, transaction.atomic():
        now = files.owned(waiting)
        try:
            draft = find_draft(waiting.mailing.book, now.mailing_id)
        except DraftGoneError:
            files.discard(now)
            now.delete()
            return
        source.mailing, source.parameters, source.created_at = draft, storable(parameters), now.created_at
        source.save()
        now.is_read, now.lease_until = True, None
        now.save(update_fields=["is_read", "lease_until"])
        registering.begin(now, accepted, collected.count)
        crash_points.reached("recipient file: before commit")


def _refuse(waiting: RecipientFile, code: str, detail: dict[str, Any], layout: Layout | None) -> None:
    """Keep the file where another way to read it may help."""
    with transaction.atomic():
        now = files.owned(waiting)
        refusal = {"code": code, "detail": detail, "layout": layout.as_json() if layout else None}
        if layout is None and code not in _OPEN_TO_CHOICE:
            files.discard(now)
            now.stored_file = ""
        now.source, now.lease_until, now.refusal = None, None, storable(refusal)
        now.save()
