"""The line about a mailing that is under way, on every page of its book."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mailings.forms.draft import read_id
from mailings.models import Mailing
from mailings.services.sending.progress import SHOWN_EVERYWHERE, progress_of, shown_everywhere
from mailings.views.follow import sentences
from workspace.models import AddressBook, Role
from workspace.views.pages.access import Access, to_book


@require_safe
@to_book(Role.VIEWER)
def mailing_line(request: HttpRequest, access: Access) -> HttpResponse:
    """`of` is the mailing that the line was about: once it is over, the line says so, for the last time."""
    context = line_context(access.book)
    pk = read_id(request.GET.get("of", ""))
    if pk is not None and (context["line"] is None or context["line"].pk != pk):
        ended = Mailing.objects.without_content().filter(book=access.book, pk=pk).first()
        if ended is not None and not ended.is_draft and ended.state not in SHOWN_EVERYWHERE:
            context |= _told(ended) | {"more": 0 if context["line"] is None else context["more"] + 1, "has_ended": True}
    return render(request, "mail/line.html", context)


def line_context(book: AddressBook, *, besides: int | None = None) -> dict[str, Any]:
    """`line` is None where there is nothing to tell; `besides` a mailing whose own page this is."""
    found = [mailing for mailing in shown_everywhere(book) if mailing.pk != besides]
    context: dict[str, Any] = {"book": book, "line": None, "more": len(found) - 1, "has_ended": False}
    return context | _told(found[0]) if found else context


def _told(mailing: Mailing) -> dict[str, Any]:
    progress = progress_of(mailing)
    return {
        "line": mailing,
        "state": sentences.state(mailing),
        "progress": progress,
        "pace": sentences.pace(mailing, progress),
        "tab": sentences.tab(mailing, progress),
    }
