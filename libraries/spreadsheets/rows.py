"""Rows as they are handed over: the address, the group, and what is wrong with a row before it is even judged."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final, NamedTuple

from libraries.spreadsheets import encodings, limits
from libraries.spreadsheets.errors import Defect, Refusal, RefusedFileError
from libraries.spreadsheets.layout import Layout
from libraries.spreadsheets.outside import Others, OutsideCell, cells_outside, other_sheets
from libraries.spreadsheets.sources import Table, Value, has_content, text_of

# An apostrophe that keeps a spreadsheet program from taking a text for a formula or a link. Ours and other people's
# exports have it, and it is no part of the address. Doubled, the first one is the guard: `writer` adds one where one
# is. One at the end as well makes it a quotation, which the reader of entries knows.
GUARDED: Final = re.compile(r"'+(?:[=+\-@\t\r\n＝＋－＠]|[^\s'@]+@[^\s'@]+\Z)")


class Row(NamedTuple):
    """`number` counts from 1, as a spreadsheet program shows it. A blank row has no `email` and no `defect`."""

    number: int
    email: str
    group: str
    defect: Defect | None
    cells: Sequence[str] | None
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that follow each other, by columns: that is several times as fast as an object a row.

    `defects` is by the index in the batch; a row in it shows in `emails` what stands there, and must not be taken.
    `groups` is None where the file has no such column, `cells` where they were not asked for.
    `hidden` has the indexes of rows that a filter or a person hides; `outside` the cells with an "@" in other columns,
    and, in a batch without rows, above the heading or on another sheet: then `sheet` is its name, and `is_unread` says
    that more may be there.
    """

    first: int
    emails: list[str]
    groups: list[str] | None
    defects: dict[int, Defect]
    cells: list[list[str]] | None
    hidden: Sequence[int] = ()
    outside: Sequence[OutsideCell] = ()
    sheet: str | None = None
    is_unread: bool = False

    def __len__(self) -> int:
        return len(self.emails)

    def __iter__(self) -> Iterator[Row]:
        hidden = frozenset(self.hidden)
        for index, email in enumerate(self.emails):
            yield Row(
                self.first + index,
                email,
                self.groups[index] if self.groups else "",
                self.defects.get(index),
                self.cells[index] if self.cells else None,
                index in hidden,
            )


def read_rows(table: Table, layout: Layout, *, with_cells: bool) -> Iterator[Batch]:
    """Every row below the heading, in batches of limits.READER_BATCH_ROWS at most. None where no column is known.

    Raises RefusedFileError beyond limits.SHEET_ROWS, or limits.READING_CHARACTERS of all texts together.
    """
    if layout.email_column is None:
        return
    reader = _Reader(table, layout.email_column, layout.group_column, with_cells=with_cells)
    start, number = layout.header_row or 0, 1
    for bulk in table.bulks:
        # Workbooks cannot hold more; of a text file, ten megabytes of line ends are five million rows.
        if number + len(bulk) - 1 > limits.SHEET_ROWS:
            raise RefusedFileError(Refusal.TOO_MANY_ROWS, limit=limits.SHEET_ROWS)
        skipped = max(start + 1 - number, 0)
        if skipped and (above := cells_outside(bulk[:skipped], None)):
            yield Batch(number, [], None, {}, None, outside=above)
        for offset in range(skipped, len(bulk), limits.READER_BATCH_ROWS):
            yield from _short(reader.batch(number + offset, bulk[offset : offset + limits.READER_BATCH_ROWS]))
        number += len(bulk)


def read_others(others: Others) -> Iterator[Batch]:
    """What the other sheets have, in batches without rows."""
    for found in other_sheets(others):
        yield Batch(1, [], None, {}, None, outside=found.cells or (), sheet=found.sheet, is_unread=found.cells is None)


def _short(batch: Batch) -> Iterator[Batch]:
    """The same rows, in halves of halves until none is long: a batch must fit into one message."""
    outside = (cell.text for cell in batch.outside)
    texts = chain(batch.emails, batch.groups or (), outside, *(batch.cells or ()))
    middle = len(batch) // 2
    if not middle or sum(map(len, texts)) <= limits.READER_BATCH_CHARACTERS:
        yield batch
        return
    for part in (slice(0, middle), slice(middle, None)):
        defects = {index - part.start: defect for index, defect in batch.defects.items()}
        yield from _short(
            Batch(
                batch.first + part.start,
                batch.emails[part],
                batch.groups[part] if batch.groups is not None else None,
                {index: defect for index, defect in defects.items() if 0 <= index < len(batch.emails[part])},
                batch.cells[part] if batch.cells is not None else None,
                [index - part.start for index in batch.hidden if 0 <= index - part.start < len(batch.emails[part])],
                [
                    cell._replace(index=cell.index - part.start)
                    for cell in batch.outside
                    if 0 <= cell.index - part.start < len(batch.emails[part])
                ],
            )
        )


class _Reader:
    def __init__(self, table: Table, email_column: int, group_column: int | None, *, with_cells: bool) -> None:
        self._table = table
        self._email_column = email_column
        self._group_column = group_column
        self._with_cells = with_cells
        self._characters = 0
        self._lost: dict[int, dict[int, tuple[Defect, str]]] = {}
        for (row, column), what in table.lost.items():
            self._lost.setdefault(row + 1, {})[column] = what

    def batch(self, first: int, rows: list[list[Value]]) -> Batch:
        emails = self._column(rows, self._email_column)
        groups = None if self._group_column is None else self._column(rows, self._group_column)
        cells = [list(map(text_of, row)) for row in rows] if self._with_cells else None
        hidden = self._table.hidden_rows
        hidden_here = [index for index in range(len(rows)) if first + index in hidden] if hidden else ()
        outside = [] if self._with_cells else cells_outside(rows, self._email_column)
        if self._table.has_unreadable:
            outside = [cell._replace(text=encodings.shown(cell.text)) for cell in outside]
        batch = Batch(first, emails, groups, self._defects(rows, emails), cells, hidden_here, outside)
        if self._lost:
            for index in range(len(rows)):
                for column, (defect, text) in self._lost.get(first + index, {}).items():
                    self._restore(batch, index, column, defect, text)
        for texts in (emails, groups, *(cells or ())):
            if texts:
                self._tidy(texts)
        return batch

    def _column(self, rows: list[list[Value]], column: int) -> list[str]:
        values = [row[column] if column < len(row) else "" for row in rows]
        return [value if value.__class__ is str else text_of(value) for value in values]

    def _defects(self, rows: list[list[Value]], emails: list[str]) -> dict[int, Defect]:
        """What is wrong with each row. Addresses of nothing but spaces become blank on the way."""
        defects: dict[int, Defect] = {}
        for index, email in enumerate(emails):
            if not email or email.isspace():
                emails[index] = ""
                if has_content(rows[index]):
                    defects[index] = Defect.MISSING
        if len(max(emails, key=len, default="")) > limits.CELL_CHARACTERS:
            for index, email in enumerate(emails):
                if len(email) > limits.CELL_CHARACTERS:
                    defects[index] = Defect.TOO_LONG
        if self._table.has_unreadable:
            # In another column it costs no address: that text is not kept.
            for index, email in enumerate(emails):
                if not encodings.readable(email):
                    defects[index] = Defect.UNREADABLE
        return defects

    def _restore(self, batch: Batch, index: int, column: int, defect: Defect, text: str) -> None:
        """Show a cell that the parser dropped. In the address it makes its row invalid, in the group it is no name."""
        if column == self._email_column:
            batch.emails[index] = text
            batch.defects[index] = defect
        elif batch.groups is not None and column == self._group_column:
            batch.groups[index] = text
        elif not batch.emails[index]:
            batch.defects.setdefault(index, Defect.MISSING)
        if batch.cells is not None:
            cells = batch.cells[index]
            cells += [""] * (column + 1 - len(cells))
            cells[column] = text

    def _tidy(self, texts: list[str]) -> None:
        """Take off the apostrophes that only guard, cut what is too long, and make the unreadable visible."""
        joined_length = sum(map(len, texts))
        if joined_length > limits.CELL_CHARACTERS:
            texts[:] = [text[: limits.CELL_CHARACTERS] for text in texts]
            joined_length = sum(map(len, texts))
        self._characters += joined_length
        if self._characters > limits.READING_CHARACTERS:
            raise RefusedFileError(Refusal.UNPACKED_TOO_LARGE, limit=limits.READING_CHARACTERS)
        if self._table.is_text:
            for index, text in enumerate(texts):
                if text[:1] == "'" and GUARDED.match(text):
                    texts[index] = text[1:]
        if self._table.has_unreadable:
            texts[:] = map(encodings.shown, texts)
