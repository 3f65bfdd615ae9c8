"""The page *Mailing list*."""

from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from mailings.forms.listing import LIST_PARAMETERS, filters_from, number_from, place_from, sort_from, text_of
from mailings.models import MailingState, MailKind, OutsideRequest, Recipient, RecipientState
from mailings.services.results import listing, outside
from mailings.services.results.listing import MAILINGS_A_PAGE, Place, Row, Sort, Tool
from mailings.services.rules import NotAllowedError, may_send, rules_of
from mailings.views.follow import sentences
from workspace.models import Role
from workspace.views.pages.access import Access, to_book


@require_http_methods(["GET", "HEAD", "POST"])
@to_book(Role.VIEWER)
def mailings(request: HttpRequest, access: Access) -> HttpResponse:
    """POST searches for a recipient, since an address must not be in a URL."""
    return render(request, "mail/mailings.html", list_context(request, access))


def list_context(request: HttpRequest, access: Access) -> dict[str, Any]:
    by_recipient = request.GET.get("by") == "recipient"
    context: dict[str, Any] = {
        "access": access,
        "book": access.book,
        "may_send": may_send(access.role, rules_of(access.book)),
        "by_recipient": by_recipient,
        "token": uuid4(),
    }
    context |= _by_recipient(request, access) if by_recipient else _by_request(request, access)
    return context


def _by_request(request: HttpRequest, access: Access) -> dict[str, Any]:
    filters, sort = filters_from(request.GET), sort_from(request.GET)
    place = place_from(request.GET)
    page = listing.page_of(access.book, filters, sort, place=place, with_drafts=access.may_edit)
    asked = {name: value for name in LIST_PARAMETERS if (value := request.GET.get(name, "")[:100])}
    return {
        "rows": [_shown(row) for row in page.rows],
        "tools": Tool.choices,
        "reading_problem": sentences.reading_problem(access.book),
        "previous_page": _url(asked, page.previous),
        "next_page": _url(asked, page.following),
        "files_query": urlencode(asked),
        "filters": filters,
        "asked": asked,
        "is_filtered": any(name != "sort" for name in asked),
        "sort": sort,
        "sorts": Sort.choices,
        "states": MailingState.choices,
        "kinds": MailKind.choices,
        "senders": [(listing.sender_id(address), address) for address in listing.senders_of(access.book)],
        "templates": listing.templates_of(access.book),
    }


def _shown(row: Row) -> tuple[Row, str, bool]:
    """The row, its state in words, and whether it is from elsewhere."""
    if isinstance(row, OutsideRequest):
        return row, sentences.service_status(row.status), True
    return row, sentences.state(row), False


@require_POST
@to_book(Role.MANAGER)
def refresh_mailings(request: HttpRequest, access: Access) -> HttpResponse:
    """Ask the service for what was sent elsewhere; a worker does it."""
    try:
        outside.read_now(book=access.book, by=access.by)
    except NotAllowedError as error:
        raise PermissionDenied from error
    messages.success(request, _("The service is asked. What was sent elsewhere appears here in a moment."))
    return redirect("mailings", slug=access.book.slug)


def _url(asked: dict[str, str], place: Place | None) -> str:
    """The same list at another place."""
    if place is None:
        return ""
    return "?" + urlencode({**asked, "before" if place.is_before else "after": text_of(place)})


def _by_recipient(request: HttpRequest, access: Access) -> dict[str, Any]:
    # Who sees addresses masked must not find out by a search what is hidden.
    may_search = not access.sees_masked or access.may_edit
    query = request.POST.get("query", "").strip().lower() if may_search else ""
    state = request.POST.get("result", "")
    rows = Recipient.objects.none()
    if query:
        # Rows of a draft are left from a confirmation that was undone.
        rows = Recipient.objects.filter(key=query, mailing__book=access.book).exclude(mailing__state=MailingState.DRAFT)
        rows = rows.select_related("mailing")
        rows = rows.defer("mailing__body", "mailing__common_values", "mailing__fallbacks")
    if state in RecipientState.values:
        rows = rows.filter(state=state)
    if (before := number_from(request.POST.get("before", ""))) is not None:
        rows = rows.filter(mailing__lt=before)
    page = list(rows.order_by("-mailing")[: MAILINGS_A_PAGE + 1])
    found = page[:MAILINGS_A_PAGE]
    return {
        "query": query,
        "result": state,
        "results": RecipientState.choices,
        "found": [(row, *sentences.result(row)) for row in found],
        "older_than": found[-1].mailing_id if len(page) > MAILINGS_A_PAGE else None,
        "may_search": may_search,
    }
