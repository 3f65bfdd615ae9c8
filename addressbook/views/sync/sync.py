"""Sync: its line on the screen, its page, and what people may do about it."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from addressbook import limits
from addressbook.forms.listing import listing_from
from addressbook.models import Pause
from addressbook.services import sync
from addressbook.views.answers.answers import answer_dialog
from addressbook.views.sync.sync_comparison import comparison_of
from addressbook.views.sync.sync_line import sync_context
from addressbook.views.sync.sync_sentences import advice, line_of, parked_reason
from libraries.outbound_mailer import AddressBookCounts, MailerError
from workspace.forms.connection import ExistingForm
from workspace.forms.submission import SubmissionForm
from workspace.models import Role
from workspace.services.books import connection
from workspace.views.books.connection_sentences import verdict_on_failure
from workspace.views.pages.access import Access, to_book
from workspace.views.pages.answers import render_page


@require_GET
@to_book(Role.VIEWER)
def sync_line(request: HttpRequest, access: Access) -> HttpResponse:
    """The line alone, while something moves; without scripts its page."""
    if "HX-Request" not in request.headers:
        return redirect("sync", slug=access.book.slug)
    return render(request, "console.html#sync-line", {"access": access, "book": access.book, **sync_context(access)})


@require_GET
@to_book(Role.VIEWER)
def sync_page(request: HttpRequest, access: Access) -> HttpResponse:
    return _page(request, access)


@require_POST
@to_book(Role.MANAGER)
def compare_remote(request: HttpRequest, access: Access) -> HttpResponse:
    """The page with what the service holds at this moment: one call, which changes nothing there."""
    counts, problem = _look(access)
    return _page(request, access, counts=counts, problem=problem)


@require_POST
@to_book(Role.MANAGER)
def send_again(request: HttpRequest, access: Access) -> HttpResponse:
    again = partial(sync.send_again, token=_token_of(request))
    return _act(
        request, access, again, _("Syncing everything again. No mail is sent, and nothing is deleted at the service.")
    )


@require_POST
@to_book(Role.ADMIN)
def pause_sync(request: HttpRequest, access: Access) -> HttpResponse:
    return _act(request, access, sync.pause, _("Sync is paused."))


@require_POST
@to_book(Role.ADMIN)
def resume_sync(request: HttpRequest, access: Access) -> HttpResponse:
    return _act(request, access, sync.resume, _("Sync goes on."))


@require_http_methods(["GET", "POST"])
@to_book(Role.ADMIN)
def rebuild_remote(request: HttpRequest, access: Access) -> HttpResponse:
    """GET asks, with the numbers of both sides; POST does it."""
    if request.method == "POST":
        anew = partial(sync.rebuild, token=_token_of(request))
        return _act(request, access, anew, _("The service’s copy is deleted and replaced. No mail is sent."))
    if sync.status(access.book).state == sync.State.OFF:
        messages.error(request, _("Sync is off."))
        return redirect("sync", slug=access.book.slug)
    counts, problem = _look(access)
    context = {
        "access": access,
        "book": access.book,
        "counts": counts,
        "problem": problem,
        "group_count": access.edition.groups.count(),
        "token": uuid4(),
    }
    return render(request, "rebuild_remote.html", context)


@require_http_methods(["GET", "POST"])
@to_book(Role.ADMIN)
def choose_existing(request: HttpRequest, access: Access) -> HttpResponse:
    """What becomes of what the service held when the book was first connected."""
    if request.method == "POST":
        form = ExistingForm(request.POST)
        if not form.is_valid():
            messages.error(request, _("Choose one of the two."))
            return redirect("choose_existing", slug=access.book.slug)
        existing = sync.Existing(form.cleaned_data["existing"])

        def choose(**values: Any) -> None:
            sync.choose_existing(existing=existing, **values)

        return _act(request, access, choose, _("Everything is being synced."))
    status = sync.status(access.book)
    if status.pause != Pause.NOT_EMPTY:
        return redirect("sync", slug=access.book.slug)
    comparison = comparison_of(access.edition, status, None)
    return answer_dialog(
        request, access, listing_from(request.GET), "dialogs/choose_existing.html", {"comparison": comparison}
    )


@require_POST
@to_book(Role.ADMIN)
def turn_sync_on(request: HttpRequest, access: Access) -> HttpResponse:
    return _act(request, access, sync.turn_on, _("Sync is on."))


@require_http_methods(["GET", "POST"])
@to_book(Role.ADMIN)
def turn_sync_off(request: HttpRequest, access: Access) -> HttpResponse:
    if request.method == "POST":
        return _act(request, access, sync.turn_off, _("Sync is off."))
    return render(request, "turn_sync_off.html", {"access": access, "book": access.book})


def _token_of(request: HttpRequest) -> UUID | None:
    form = SubmissionForm(request.POST)
    return form.cleaned_data["token"] if form.is_valid() else None


def _act(request: HttpRequest, access: Access, act: Callable[..., None], sentence: str) -> HttpResponse:
    try:
        act(book=access.book, by=access.by)
    except sync.SyncOffError:
        messages.error(request, _("Sync is off."))
    else:
        messages.success(request, sentence)
    return redirect("sync", slug=access.book.slug)


def _look(access: Access) -> tuple[AddressBookCounts | None, str]:
    try:
        return connection.try_out(access.book), ""
    except (connection.NotConnectedError, MailerError) as error:
        return None, verdict_on_failure(error, access.book).sentence


def _page(
    request: HttpRequest, access: Access, *, counts: AddressBookCounts | None = None, problem: str = ""
) -> HttpResponse:
    context = sync_context(access)
    status = context["sync"]
    comparison = comparison_of(access.edition, status, counts)
    if counts is not None and comparison.differs and status.state == sync.State.IN_SYNC:
        # It was equal when the sync last looked. Let it look again, so that every page says so.
        sync.look_again(access.book)
        status = replace(status, state=sync.State.DIFFERS, at=comparison.at)
        context |= {"sync": status, "sync_line": line_of(status)}
    is_moving = status.state not in {sync.State.IN_SYNC, sync.State.SETTLED, sync.State.DIFFERS}
    context |= {
        "access": access,
        "book": access.book,
        "advice": advice(status),
        "comparison": comparison,
        "problem": problem,
        "is_practice": connection.is_practice(access.book),
        "target": connection.target_of(access.book),
        "waiting": max(0, status.total - status.sent) if is_moving else 0,
        "parked": [(entry, parked_reason(entry)) for entry in status.parked],
        "token": uuid4(),
        "parked_left_out": max(0, status.parked_count - limits.SYNC_PARKED_LISTED),
    }
    return render_page(request, "sync.html", context, partials=("sync-body",))
