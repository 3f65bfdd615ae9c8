"""The history of a book: the page with its filters, and the download of it."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from addressbook.models import Act
from addressbook.services import undo
from addressbook.services.reset import restoring
from libraries.spreadsheets.writer import guarded
from workspace import limits
from workspace.forms.history import HistoryForm
from workspace.models import Action, AddressBook, AuditEvent, Role
from workspace.models.audit import PERSONAL
from workspace.services import history
from workspace.services.history import Filters
from workspace.views.history import history_sentences
from workspace.views.pages.access import Access, to_book

# What belongs to a person stands in the history of no book.
_KINDS: Final = [action.value for action in Action if action not in PERSONAL]


@dataclass(frozen=True, slots=True)
class Line:
    """A line as the page shows it. `undoable`: its act, where that can be undone now; `is_undone`: it was."""

    event: AuditEvent
    title: str
    sentence: str
    facts: list[tuple[str, str]]
    notes: list[str]
    undoable: Act | None
    is_undone: bool
    # The number of the edition that a reset closed, where it can be brought back now.
    copy_number: int | None = None

    @property
    def name(self) -> str:
        """The action by the name that the provider's console gives it."""
        return str(Action(self.event.action).label) if self.event.action in Action.values else self.event.action


@require_GET
@to_book(Role.MANAGER)
def show_history(request: HttpRequest, access: Access) -> HttpResponse:
    """A page of the history, newest first, through the filters."""
    wanted = HistoryForm(request.GET).wanted()
    page = history.page_of(access.book, wanted.filters, before=wanted.before, size=limits.HISTORY_PAGE_LINES)
    context = {
        "access": access,
        "book": access.book,
        "lines": _lines(access, page.lines),
        "before": page.before,
        "wanted": wanted,
        "people": history.people_in(access.book),
        "kinds": sorted(((name, history_sentences.title(name)) for name in _KINDS), key=lambda kind: kind[1]),
    }
    return render(request, "history.html", context)


@require_GET
@to_book(Role.ADMIN)
def download_history(request: HttpRequest, access: Access) -> HttpResponse:
    """What the filters let through as CSV, newest first: written as it is read, whatever its size."""
    filters = HistoryForm(request.GET).wanted().filters
    history.record_fetch(book=access.book, filters=filters, by=access.by)
    rows = _rows(access.book, filters, translation.get_language())
    answer = StreamingHttpResponse(rows, content_type="text/csv; charset=utf-8")
    name = f"history-{access.book.slug}-{timezone.localdate():%Y%m%d}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    # Streamed, which the types of Django keep apart from other answers.
    return answer  # type: ignore[return-value]


def _lines(access: Access, events: list[AuditEvent]) -> list[Line]:
    ids = [event.act_id for event in events if event.act_id is not None]
    undoable = undo.undoable_acts(access.edition, ids)
    undone = set(Act.objects.filter(pk__in=ids, undone_at__isnull=False).values_list("pk", flat=True))
    # A reset is no act of its edition: its undo is that of the copy.
    may_restore = access.may_manage and any(map(_is_reset, events))
    copies = {copy.number for copy in restoring.copies(access.book)} if may_restore else set()
    return [
        Line(
            event,
            history_sentences.title(event.action),
            history_sentences.sentence(event),
            history_sentences.facts(event),
            history_sentences.notes(event),
            undoable.get(event.act_id) if event.act_id is not None else None,
            event.act_id in undone,
            event.detail["edition"] if event.detail.get("edition") in copies and _is_reset(event) else None,
        )
        for event in events
    ]


def _is_reset(event: AuditEvent) -> bool:
    return event.action == Action.RESET_BOOK


class _Echo:
    """A file that gives back what is written to it, for csv.writer."""

    def write(self, text: str) -> str:
        return text


def _rows(book: AddressBook, filters: Filters, language: str | None) -> Iterator[str]:
    writer = csv.writer(_Echo(), quoting=csv.QUOTE_ALL)
    # Written after the view has returned, when the language of the request is no longer set.
    with translation.override(language):
        # The mark by which Excel takes the file for UTF-8.
        yield "\ufeff" + str(writer.writerow(_headings()))
    for event in history.all_lines(book, filters):
        with translation.override(language):
            yield str(writer.writerow([guarded(str(value)) for value in _cells(event)]))


def _headings() -> list[str]:
    return [
        _("Line"),
        _("Time"),
        _("User"),
        _("From"),
        _("Action"),
        _("What"),
        _("Details"),
        _("Reason"),
        _("Hash"),
    ]


def _cells(event: AuditEvent) -> list[Any]:
    facts = "; ".join(f"{label}: {value}" for label, value in history_sentences.facts(event))
    text = " ".join(filter(None, [history_sentences.sentence(event), facts, *history_sentences.notes(event)]))
    action = Action(event.action).label if event.action in Action.values else event.action
    at = timezone.localtime(event.at).isoformat(sep=" ", timespec="seconds")
    title = history_sentences.title(event.action)
    return [event.number, at, event.username, event.ip_address or "", action, title, text, event.reason, event.hash]
