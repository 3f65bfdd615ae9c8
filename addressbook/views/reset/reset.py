"""Reset and its undo: the dialogs, the banner, and what stands in the settings of recovery copies."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import push_url

from addressbook import limits
from addressbook.forms.listing import Listing, listing_from
from addressbook.forms.reset import ResetForm, UndoResetForm
from addressbook.services.addresses.groups import TooManyGroupsError
from addressbook.services.reset import editions, reset, restoring
from addressbook.services.reset.editions import Contents, ContentsChangedError
from addressbook.services.reset.restoring import CopyGoneError, Newcomers, Restored
from addressbook.views.answers.answers import Notification, answer_changed_meanwhile, answer_dialog, answer_done
from addressbook.views.reset import recovery
from workspace.models import Edition, Role
from workspace.views.pages import sentences
from workspace.views.pages.access import Access, to_book
from workspace.views.people.step_up import with_fresh_sign_in


@require_http_methods(["GET", "POST"])
@to_book(Role.ADMIN)
@with_fresh_sign_in
def reset_book(request: HttpRequest, access: Access) -> HttpResponse:
    """GET asks, naming groups and addresses; POST does it to exactly those, or asks again when they have changed."""
    if request.method == "GET":
        return _ask_reset(request, access, editions.contents(access.edition))
    form = ResetForm(request.POST)
    if not form.is_valid():
        raise Http404
    values = form.cleaned_data
    keep = values["copy"] == "keep"
    if not keep and not form.names(access.book):
        problem = _("Type the name of the address book to erase it at once.")
        return _ask_reset(request, access, form.seen, keep=False, problem=problem)
    try:
        done = reset.reset(book=access.book, seen=form.seen, keep_copy=keep, token=values["token"], by=access.by)
    except ContentsChangedError as change:
        return _ask_reset(request, access, change.now, keep=keep, changed=True)
    except reset.NothingToResetError:
        return answer_changed_meanwhile(request, access, Listing(), _("The address book is empty already."))
    counts = ((_("Groups"), done.groups), (_("Addresses"), done.addresses))
    if keep:
        sentence = ngettext(
            "The address book is empty. What was in it can be brought back for %(days)s day.",
            "The address book is empty. What was in it can be brought back for %(days)s days.",
            limits.RECOVERY_COPY_DAYS,
        ) % {"days": limits.RECOVERY_COPY_DAYS}
    else:
        sentence = _("The address book is empty. What was in it is being erased.")
    return _answer_in_new_edition(request, access, Notification(sentence, counts))


def _ask_reset(
    request: HttpRequest, access: Access, seen: Contents, *, keep: bool = True, changed: bool = False, problem: str = ""
) -> HttpResponse:
    context = {"seen": seen, "keep": keep, "token": uuid4(), "changed": changed, "problem": problem}
    listing = listing_from(request.POST if request.method == "POST" else request.GET)
    status = 422 if problem else 409 if changed else 200
    return answer_dialog(request, access, listing, "dialogs/reset.html", context, status=status)


@require_http_methods(["GET", "POST"])
@to_book(Role.ADMIN)
def undo_reset(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """GET shows what would come back and what becomes of what is there now; POST does it."""
    if request.method == "GET":
        return _ask_undo(request, access, number)
    form = UndoResetForm(request.POST)
    if not form.is_valid():
        raise Http404
    values = form.cleaned_data
    try:
        done = restoring.undo_reset(
            book=access.book,
            number=number,
            seen=form.seen,
            newcomers=values["newcomers"],
            token=values["token"],
            by=access.by,
        )
    except CopyGoneError:
        return _copy_gone(request, access)
    except ContentsChangedError:
        changed = _("The address book has changed meanwhile. Look at the numbers again.")
        return _ask_undo(request, access, number, problem=changed, newcomers=values["newcomers"], status=409)
    except TooManyGroupsError:
        return _ask_undo(request, access, number, problem=sentences.too_many_groups(), status=422)
    return _answer_in_new_edition(request, access, _restored(done))


def _ask_undo(
    request: HttpRequest,
    access: Access,
    number: int,
    *,
    problem: str = "",
    newcomers: Newcomers = Newcomers.MERGE,
    status: int = 200,
) -> HttpResponse:
    try:
        preview = restoring.preview(access.book, number)
    except CopyGoneError:
        return _copy_gone(request, access)
    context: dict[str, Any] = {
        "number": number,
        "copy": preview.copy,
        "seen": preview.now,
        "known": preview.known,
        "total": None if preview.known is None else preview.copy.addresses + preview.now.addresses - preview.known,
        "newcomers": newcomers,
        "problem": problem,
        "token": uuid4(),
    }
    listing = listing_from(request.POST if request.method == "POST" else request.GET)
    return answer_dialog(request, access, listing, "dialogs/undo_reset.html", context, status=status)


def _restored(done: Restored) -> Notification:
    counts = [(_("Groups"), done.groups), (_("Addresses"), done.addresses)]
    if done.job_id is not None:
        sentence = _("The address book is back. What was registered since is being merged into it.")
    elif done.merged:
        sentence = _("The address book is back, together with what was registered since.")
        counts += [(_("Registered since, merged"), done.merged["registered"])]
        counts += [(_("Already there"), done.merged["already_there"])]
    else:
        sentence = _("The address book is back.")
    return Notification(sentence, tuple(counts))


@require_http_methods(["GET", "POST"])
@to_book(Role.ADMIN)
@with_fresh_sign_in
def erase_copy(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Erase a recovery copy before its time."""
    if request.method == "GET":
        try:
            copy = restoring.find_copy(access.book, number)
        except CopyGoneError:
            return _copy_gone(request, access)
        context = {"number": number, "copy": editions.contents(copy)}
        return answer_dialog(request, access, listing_from(request.GET), "dialogs/erase_copy.html", context)
    try:
        restoring.erase_copy(book=access.book, number=number, by=access.by)
    except CopyGoneError:
        return _copy_gone(request, access)
    return answer_done(request, access, listing_from(request.POST), Notification(_("The copy is being erased.")))


@require_POST
@to_book(Role.ADMIN)
def hide_copy(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Put the banner away until this user signs in again; the copy stays in the settings."""
    recovery.hide(request, access.book, number)
    if "HX-Request" in request.headers:
        return answer_done(request, access, listing_from(request.POST), None)
    return redirect("console", slug=access.book.slug)


def _copy_gone(request: HttpRequest, access: Access) -> HttpResponse:
    sentence = _("There is no such copy any more: its time is over, or somebody has restored or erased it.")
    return answer_changed_meanwhile(request, access, Listing(), sentence)


def _answer_in_new_edition(request: HttpRequest, access: Access, notification: Notification) -> HttpResponse:
    """The screen, of the edition that the book has from now on; groups of the other one are not in its address."""
    now = replace(access, edition=Edition.objects.get(current_of=access.book))
    return push_url(answer_done(request, now, Listing(), notification), recovery.screen_of(access))
