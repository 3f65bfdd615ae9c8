"""Where the addresses stand in a file: the sheet, the heading row, the columns. Found, and open to correction."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from itertools import chain, islice
from typing import Any, Final

from libraries.spreadsheets import encodings, limits
from libraries.spreadsheets.columns import find_columns, is_group_heading
from libraries.spreadsheets.errors import Refusal, RefusedFileError
from libraries.spreadsheets.kinds import Kind
from libraries.spreadsheets.outside import Others
from libraries.spreadsheets.sources import Sheet, Source, Table, Value, has_content, text_of

NO_HEADER: Final = 0
NO_COLUMN: Final = -1


@dataclass(frozen=True, slots=True)
class Choice:
    """What a user has decided. None leaves a part to be found.

    `header_row` counts from 1, NO_HEADER says that there is none; columns count from 0, NO_COLUMN says that there is
    no column of groups; a `delimiter` of "" says that there is one column. Raises ValueError for what no file can have.
    """

    sheet: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header_row: int | None = None
    email_column: int | None = None
    group_column: int | None = None

    def __post_init__(self) -> None:
        least = {"header_row": NO_HEADER, "email_column": 0, "group_column": NO_COLUMN}
        for part, number in least.items():
            chosen = getattr(self, part)
            if chosen is not None and not number <= chosen < limits.SHEET_ROWS:
                raise ValueError(f"{part} {chosen}")
        if self.delimiter and (len(self.delimiter) > 1 or self.delimiter in '"\r\n'):
            raise ValueError(f"delimiter {self.delimiter!r}")
        if self.encoding is not None and self.encoding not in encodings.ENCODINGS:
            raise ValueError(f"encoding {self.encoding!r}")


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is read. `email_column` is None when it was not found: then nothing can be read before a choice.

    `columns` has the headings, or blank texts for the columns that have none; `sample` the first rows with content
    below, with their numbers, limits.LAYOUT_COLUMNS cells of each at most. Texts in both are cut at
    limits.LAYOUT_CELL_CHARACTERS. `rival_columns` and `rival_sheets` could be meant as well; `readings` has (encoding,
    some lines) of each encoding in which the text can be read: ask. Everything survives `as_json` and `from_json`.
    """

    kind: Kind
    sheets: tuple[Sheet, ...]
    sheet: str | None
    encoding: str | None
    delimiter: str | None
    header_row: int | None
    email_column: int | None
    group_column: int | None
    columns: tuple[str, ...]
    sample: tuple[tuple[int, tuple[str, ...]], ...]
    rival_columns: tuple[int, ...] = ()
    rival_sheets: tuple[str, ...] = ()
    readings: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def as_choice(self) -> Choice:
        """Everything decided as it is here: what was checked is what is applied."""
        return Choice(
            self.sheet,
            self.encoding,
            self.delimiter,
            NO_HEADER if self.header_row is None else self.header_row,
            self.email_column,
            NO_COLUMN if self.group_column is None else self.group_column,
        )

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Layout":
        """The layout again. Raises TypeError, ValueError or KeyError for anything that `as_json` did not give."""
        return cls(
            **{
                **data,
                "kind": Kind(data["kind"]),
                "sheets": tuple(Sheet(name, hidden) for name, hidden in data["sheets"]),
                "columns": tuple(data["columns"]),
                "sample": tuple((number, tuple(cells)) for number, cells in data["sample"]),
                "rival_columns": tuple(data.get("rival_columns", ())),
                "rival_sheets": tuple(data.get("rival_sheets", ())),
                "readings": tuple((encoding, tuple(lines)) for encoding, lines in data.get("readings", ())),
            }
        )


@dataclass(frozen=True, slots=True)
class Found:
    """A layout, the table to read from its first row, and the other sheets: None for one that could not be opened."""

    layout: Layout
    table: Table
    others: Others = ()


def find_layout(kind: Kind, source: Source, choice: Choice) -> Found:
    """Find what the choice leaves open.

    The sheet is the visible one whose column of addresses is the plainest, the first of equals; a hidden one only where
    no visible one has an address. Raises RefusedFileError with EMPTY, UNKNOWN_SHEET, or what reading a sheet raises.
    """
    names: list[str | None] = [sheet.name for sheet in source.sheets]
    if choice.sheet is not None and choice.sheet not in names and names:
        raise RefusedFileError(Refusal.UNKNOWN_SHEET, sheet=choice.sheet)
    if not names:
        names = [choice.sheet] if choice.sheet else []
    laid_out: dict[str | None, tuple[Layout, Table, int]] = {}
    opened: dict[str, Table | None] = {}
    failure: RefusedFileError | None = None
    for name in names or [None]:
        try:
            table = source.open(name)
            head, table.bulks = _peek(table.bulks)
        except RefusedFileError as error:
            failure = failure or error
            if name is None or name == choice.sheet:
                raise
            opened[name] = None
            continue
        if name is not None:
            opened[name] = table
        if any(map(has_content, head)) or name == choice.sheet is not None:
            layout, strength = _lay_out(kind, source, name, table, head, choice)
            laid_out[name] = layout, table, strength
    chosen = _chosen_sheet(source, laid_out, choice)
    if chosen is _NONE:
        raise failure or RefusedFileError(Refusal.EMPTY)
    layout, table, strength = laid_out[chosen]
    if choice.sheet is None:
        rivals = tuple(
            name
            for name, (_, _, other) in laid_out.items()
            if name is not None and name != chosen and other == strength > 0 and not _is_hidden(source, name)
        )
        layout = replace(layout, rival_sheets=rivals)
    others = tuple((name, opened[name]) for name in opened if name != chosen)
    return Found(layout, table, others)


_NONE: Final = object()


def _is_hidden(source: Source, name: str | None) -> bool:
    return any(sheet.hidden for sheet in source.sheets if sheet.name == name)


def _chosen_sheet(source: Source, laid_out: dict[str | None, tuple[Layout, Table, int]], choice: Choice) -> Any:
    """The name of the sheet to read, or _NONE where every sheet is blank."""
    if choice.sheet is not None and choice.sheet in laid_out:
        return choice.sheet
    visible = [name for name in laid_out if not _is_hidden(source, name)]
    for names in (visible, list(laid_out)):
        if names and laid_out[best := max(names, key=lambda name: laid_out[name][2])][2]:
            return best
    return next(iter(visible or laid_out), _NONE)


def _peek(bulks: Iterator[list[list[Value]]]) -> tuple[list[list[Value]], Iterator[list[list[Value]]]]:
    """Enough rows with content to judge the columns by, all rows before them, and the same bulks again."""
    seen: list[list[list[Value]]] = []
    rows_with_content = 0
    for bulk in bulks:
        seen.append(bulk)
        rows_with_content += sum(map(has_content, bulk))
        if rows_with_content > limits.HEADER_SEARCH_ROWS + limits.COLUMN_JUDGED_ROWS:
            break
    return list(chain.from_iterable(seen)), chain(seen, bulks)


def _lay_out(
    kind: Kind, source: Source, sheet: str | None, table: Table, head: list[list[Value]], choice: Choice
) -> tuple[Layout, int]:
    numbered = ((number, _texts(row)) for number, row in enumerate(head, start=1) if has_content(row))
    rows = list(islice(numbered, limits.HEADER_SEARCH_ROWS + limits.COLUMN_JUDGED_ROWS))
    columns = find_columns(rows, header_row=choice.header_row, email_column=choice.email_column)
    header_row, email_column = columns.header_row, columns.email_column
    headings = next((cells for number, cells in rows if number == header_row), ())
    group_column = choice.group_column
    if group_column is None:
        groups = (column for column, text in enumerate(headings) if is_group_heading(text) and column != email_column)
        group_column = next(groups, NO_COLUMN)
    body = [(number, cells) for number, cells in rows if number > (header_row or 0)]
    sample = body[: limits.LAYOUT_SAMPLE_ROWS]
    width = max(len(headings), *(min(len(cells), limits.LAYOUT_COLUMNS) for _, cells in sample), 0)
    layout = Layout(
        kind=kind,
        sheets=source.sheets,
        sheet=sheet,
        encoding=table.encoding,
        delimiter=table.delimiter,
        header_row=header_row,
        email_column=email_column,
        group_column=None if group_column == NO_COLUMN else group_column,
        columns=tuple(headings[:width]) + ("",) * (width - len(headings)),
        sample=tuple((number, cells[: limits.LAYOUT_COLUMNS]) for number, cells in sample),
        rival_columns=columns.rivals,
        readings=tuple((reading.encoding, tuple(map(encodings.shown, reading.lines))) for reading in table.readings),
    )
    return layout, columns.strength


def _texts(row: list[Value]) -> tuple[str, ...]:
    texts = (text_of(value)[: limits.LAYOUT_CELL_CHARACTERS] for value in row[: limits.LAYOUT_SEARCHED_COLUMNS])
    return tuple(map(encodings.shown, texts))
