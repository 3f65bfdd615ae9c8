"""The way into a book, and its settings."""

from collections.abc import Collection
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from workspace.forms.books import AdoptForm, BookSettingsForm
from workspace.models import AddressBook, Role
from workspace.services.books import books
from workspace.services.books.connection import target_of
from workspace.views.books.connection_sentences import Verdict
from workspace.views.pages.access import LAST_BOOK, Access, actor, to_book, to_sign_in, to_superusers
from workspace.views.people.step_up import with_fresh_sign_in


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """To the book that the user has opened last, else to their first, or to a page that says that there is none."""
    if not request.user.is_authenticated:
        return to_sign_in(request)
    own = AddressBook.objects.filter(members__user=request.user)
    book = own.filter(pk=request.session.get(LAST_BOOK, 0)).first() or own.order_by("pk").first()
    if book is None:
        return render(request, "no_books.html", {"orphans": books_without_admin_for(request)})
    return redirect("console", slug=book.slug)


@require_POST
@to_superusers
def adopt_book(request: HttpRequest) -> HttpResponse:
    """Superusers become admin of a book that has lost its own."""
    form = AdoptForm(request.POST)
    book = AddressBook.objects.filter(pk=form.cleaned_data["book"]).first() if form.is_valid() else None
    if book is None:
        raise Http404
    try:
        books.adopt_book(book=book, by=actor(request))
    except books.HasAdminError:
        messages.error(request, _("“%(name)s” has an admin again. Ask them to add you.") % {"name": book.name})
        return redirect("create_book")
    messages.success(request, _("You are an admin of “%(name)s” now.") % {"name": book.name})
    return redirect("console", slug=book.slug)


@require_http_methods(["GET", "POST"])
@to_book(Role.ADMIN)
def book_settings(request: HttpRequest, access: Access) -> HttpResponse:
    book = access.book
    if request.method == "GET":
        return settings_page(request, access)
    form = BookSettingsForm(request.POST)
    if not form.is_valid():
        if {"token", "version"} & set(form.errors):
            # Not what was typed: nobody knows over which settings it would be saved.
            messages.error(request, too_old())
            return settings_page(request, access, status=422)
        return settings_page(request, access, form=form, status=422)
    names = ("name", "zone", "region", "download_reason_required", "download_sign_in_required", "masking")
    values = {name: form.cleaned_data[name] for name in names}
    # As a reset does: it opens the book to a session that was left open.
    save = with_fresh_sign_in(_save) if books.lowers_protection(book, values) else _save
    return save(request, access, form.cleaned_data["version"], values)


def _save(request: HttpRequest, access: Access, version: int, values: dict[str, Any]) -> HttpResponse:
    book = access.book
    try:
        books.change_settings(book=book, seen_version=version, **values, by=access.by)
    except books.SettingsChangedMeanwhileError:
        messages.error(request, _("Somebody else has just changed these settings. Look at them and save again."))
        book.refresh_from_db()
        return settings_page(request, access, status=409)
    messages.success(request, _("The settings are saved."))
    return redirect("book_settings", slug=book.slug)


def books_without_admin_for(request: HttpRequest) -> Collection[AddressBook]:
    return books.books_without_admin() if request.user.is_superuser else ()


def too_old() -> str:
    return _("This page was too old. Please check the fields and send them again.")


def settings_page(
    request: HttpRequest,
    access: Access,
    *,
    form: BookSettingsForm | None = None,
    verdict: Verdict | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page with its forms as they were sent where something in them was wrong."""
    book = access.book
    fields = ("name", "zone", "region", "download_reason_required", "download_sign_in_required", "masking", "version")
    initial = {name: getattr(book, name) for name in fields}
    context = {
        "access": access,
        "book": book,
        "form": form or BookSettingsForm(initial=initial),
        "target": target_of(book),
        "verdict": verdict,
        "member_count": book.members.count(),
        "token": uuid4(),
    }
    return render(request, "book_settings.html", context, status=status)
