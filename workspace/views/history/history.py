"""The history of a book: the page with its filters, and the download of it."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from libraries.spreadsheets.writer import guarded
from workspace import limits
from workspace.forms.history import HistoryForm
from workspace.models import AddressBook, AuditEvent, Role
from workspace.models.actions import ACTIONS
from workspace.services import history
from workspace.services.history import Filters
from workspace.views.history import history_sentences
from workspace.views.history.offers import Offered, offered
from workspace.views.pages.access import Access, to_book


@dataclass(frozen=True, slots=True)
class Line:
    """A line as the page shows it."""

    event: AuditEvent
    title: str
    sentence: str
    facts: list[tuple[str, str]]
    notes: list[str]
    offered: Offered | None

    @property
    def name(self) -> str:
        """The action by the name that the provider's console gives it."""
        return history_sentences.console_name(self.event.action)


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
        "kinds": sorted(_kinds(), key=lambda kind: kind[1]),
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


def _kinds() -> Iterator[tuple[str, str]]:
    """Code and title of what can stand in the history of a book."""
    return ((code, str(action.heading)) for code, action in ACTIONS.items() if not action.is_personal)


def _lines(access: Access, events: list[AuditEvent]) -> list[Line]:
    beside = offered(access, events)
    return [
        Line(
            event,
            history_sentences.title(event.action),
            history_sentences.sentence(event),
            history_sentences.facts(event),
            history_sentences.notes(event.detail),
            beside.get(event.pk),
        )
        for event in events
    ]


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
    text = " ".join(filter(None, [history_sentences.sentence(event), facts, *history_sentences.notes(event.detail)]))
    action = history_sentences.console_name(event.action)
    at = timezone.localtime(event.at).isoformat(sep=" ", timespec="seconds")
    title = history_sentences.title(event.action)
    return [event.number, at, event.username, event.ip_address or "", action, title, text, event.reason, event.hash]
