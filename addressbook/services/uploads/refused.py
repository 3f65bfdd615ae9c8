"""The rows that a check refused: kept with all of their cells, to be given back with the reason of each."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from addressbook import actions, limits
from addressbook.models import Upload
from addressbook.services.uploads import files
from libraries import spreadsheets
from libraries.spreadsheets import Defect, Layout, RefusedRow
from workspace.services.history.audit import Actor, record

FILE_NAME: Final = "refused"

# There is nothing in such a cell that a person could mend in a line of text.
_NOTHING_TO_MEND: Final = frozenset({Defect.MISSING, Defect.UNREADABLE, Defect.TOO_LONG, Defect.FORMULA, Defect.ERROR})

# Says a fault in words: its code, the character at fault or None, and the cell.
Sentence = Callable[[str, str | None, str], str]


def write_cells(
    path: Path, name: str, layout: Layout, notes_path: Path, folder: Path, *, beat: Callable[[], None]
) -> None:
    """Read the file once more, and put the cells of the refused rows beside the notes on them. Memory stays flat.

    `beat` is called for each batch: reading takes as long as the check itself, longer than a lease.
    """
    with (
        notes_path.open(encoding="ascii") as notes,
        (folder / FILE_NAME).open("w", encoding="ascii") as kept,
        spreadsheets.read(path, name=name, choice=layout.as_choice(), with_cells=True) as reading,
    ):
        waiting = map(json.loads, notes)
        note = next(waiting, None)
        for batch in reading:
            beat()
            while note is not None and note[0] < batch.first + len(batch):
                cells = batch.cells[note[0] - batch.first] if batch.cells else []
                kept.write(json.dumps([*note, cells]) + "\n")
                note = next(waiting, None)
            if note is None:
                return


def refused_rows(upload: Upload, sentence: Sentence) -> Iterator[RefusedRow]:
    """The refused rows as `spreadsheets.write_refused` takes them. Raises FileNotFoundError when they have gone."""
    layout = upload.check_result["layout"]
    for _, code, character, in_group, cells in _kept(upload):
        column = layout["group_column"] if in_group else layout["email_column"]
        cell = cells[column] if column is not None and column < len(cells) else ""
        yield RefusedRow(cells, sentence(code, character, cell), column)


def texts_to_mend(upload: Upload) -> list[str]:
    """The refused addresses, for the field of "Register address": when they are few and all go to one group."""
    result: dict[str, Any] = upload.check_result
    if result.get("group_count") or not 0 < result.get("invalid", 0) <= limits.ROWS_MENDED_IN_POPUP:
        return []
    listed = result.get("invalid_listed", ())
    return [entry["value"] for entry in listed if entry["code"] not in _NOTHING_TO_MEND and not entry["in_group"]]


def record_fetch(*, upload: Upload, by: Actor) -> None:
    """Put into the history that the refused rows were fetched."""
    detail = {"upload": upload.pk, "rows": upload.check_result.get("invalid", 0)}
    record(by=by, action=actions.FETCH_REFUSED, book=upload.edition.book, detail=detail)


def _kept(upload: Upload) -> Iterator[list[Any]]:
    if not upload.refused_file:
        raise FileNotFoundError
    with files.local(upload.refused_file) as path, path.open(encoding="ascii") as kept:
        yield from map(json.loads, kept)
