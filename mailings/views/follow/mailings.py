"""The page *Mailing list*."""

from datetime import date
from typing import Any, Final
from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from mailings.models import Mailing, MailingState, Recipient
from mailings.services.rules import may_send, rules_of
from mailings.views.follow import sentences
from workspace.models import Role
from workspace.views.pages.access import Access, to_book

MAILINGS_A_PAGE: Final = 30


@require_http_methods(["GET", "HEAD", "POST"])
@to_book(Role.VIEWER)
def mailings(request: HttpRequest, access: Access) -> HttpResponse:
    """POST searches for a recipient, since an address must not be in a URL."""
    by_recipient = request.GET.get("by") == "recipient"
    context: dict[str, Any] = {
        "access": access,
        "book": access.book,
        "may_send": may_send(access.role, rules_of(access.book)),
        "by_recipient": by_recipient,
        "states": MailingState.choices,
        "token": uuid4(),
    }
    context |= _by_recipient(request, access) if by_recipient else _by_request(request, access)
    return render(request, "mail/mailings.html", context)


def _by_request(request: HttpRequest, access: Access) -> dict[str, Any]:
    data = request.GET
    rows = Mailing.objects.without_content().filter(book=access.book).order_by("-pk")
    if not access.may_edit:
        rows = rows.confirmed()
    chosen = {"state": data.get("state", ""), "search": data.get("search", "").strip()[:100]}
    chosen |= {name: data.get(name, "") for name in ("from", "to")}
    if chosen["state"] in MailingState.values:
        rows = rows.filter(state=chosen["state"])
    if chosen["search"]:
        rows = rows.filter(subject__icontains=chosen["search"])
    rows = rows.created_between(*map(_day, (chosen["from"], chosen["to"])))
    before = data.get("before", "")
    if before.isascii() and before.isdigit():
        rows = rows.filter(pk__lt=int(before[:18]))
    page = list(rows[: MAILINGS_A_PAGE + 1])
    return {
        "rows": [(row, sentences.state(row)) for row in page[:MAILINGS_A_PAGE]],
        "more_before": page[MAILINGS_A_PAGE - 1].pk if len(page) > MAILINGS_A_PAGE else None,
        "chosen": chosen,
        "is_filtered": any(chosen.values()),
    }


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _by_recipient(request: HttpRequest, access: Access) -> dict[str, Any]:
    # Who sees addresses masked must not find out by a search what is hidden.
    may_search = not access.sees_masked or access.may_edit
    query = request.POST.get("query", "").strip().lower() if may_search else ""
    rows = Recipient.objects.none()
    if query:
        # Rows of a draft are left from a confirmation that was undone.
        rows = Recipient.objects.filter(key=query, mailing__book=access.book).exclude(mailing__state=MailingState.DRAFT)
        rows = rows.select_related("mailing")
    found = [(row, *sentences.result(row)) for row in rows.order_by("-mailing")[:MAILINGS_A_PAGE]]
    return {"query": query, "found": found, "may_search": may_search}
