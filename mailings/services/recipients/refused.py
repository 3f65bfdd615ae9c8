"""The refused rows of a recipient file, to be given back with the reason of each."""

from collections.abc import Callable, Iterator

from addressbook import actions
from libraries.spreadsheets import Layout, RefusedRow
from mailings.models import Mailing, RecipientFile, RecipientSource
from workspace.services.history.audit import Actor, record

# Says a fault in words: its code, and the character at fault or "".
Sentence = Callable[[str, str], str]


def layout_of(source: RecipientSource) -> Layout | None:
    """How the file was read; None for another source, and once a person was forgotten whom its first rows may name."""
    kept = source.parameters.get("layout")
    return Layout.from_json(kept) if kept else None


def layout_of_file(file: RecipientFile) -> Layout | None:
    """How a file was read the last time, also where it was refused then."""
    if file.is_read:
        return layout_of(file.source) if file.source else None
    kept = file.refusal.get("layout")
    return Layout.from_json(kept) if kept else None


def rows(source: RecipientSource, layout: Layout, sentence: Sentence) -> Iterator[RefusedRow]:
    """As `spreadsheets.write_refused` takes them: a row once, with the reason of its first fault."""
    refused = source.left_out.filter(is_doubled=False, cells__isnull=False).order_by("pk")
    for entry in refused.iterator():
        yield RefusedRow(entry.cells or [], sentence(entry.code, entry.character), layout.email_column)


def record_fetch(*, draft: Mailing, source: RecipientSource, by: Actor) -> None:
    """Put into the history that the refused rows were fetched."""
    detail = {"mailing": draft.pk, "rows": source.parameters.get("invalid", 0)}
    record(by=by, action=actions.FETCH_REFUSED, book=draft.book, detail=detail)
