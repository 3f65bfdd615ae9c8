"""The page *Unsubscribe mail list*."""

from typing import Any
from uuid import uuid4

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from addressbook.services.addresses import registration
from mailings.forms.draft import read_id
from mailings.forms.suppressions import RegisterUnsubscribesForm, RemoveUnsubscribesForm
from mailings.services.rules import NotAllowedError
from mailings.services.suppressions import of_lists, reading, telling, unsubscribes
from mailings.services.suppressions.unsubscribes import NoAddressesError, NoReasonError, TooManyAddressesError
from mailings.views.suppressions import sentences
from workspace import limits as workspace_limits
from workspace.models import Role
from workspace.views.pages.access import Access, to_book
from workspace.views.pages.body_limits import takes_large_forms
from workspace.views.work.strips import strips_context


@require_http_methods(["GET", "HEAD", "POST"])
@to_book(Role.VIEWER)
def unsubscribe_list(request: HttpRequest, access: Access) -> HttpResponse:
    """POST searches and turns pages of what was found, since an address must not be in a URL."""
    query = request.POST.get("query", "").strip()[:254]
    before = read_id((request.POST if query else request.GET).get("before", ""))
    return render(request, "mail/unsubscribes.html", _page(access, query=query, before=before))


@takes_large_forms
@require_http_methods(["GET", "POST"])
@to_book(Role.MANAGER)
def register_unsubscribes(request: HttpRequest, access: Access) -> HttpResponse:
    template = "mail/dialogs/register_unsubscribes.html"
    if request.method == "GET":
        return _dialog(request, access, template)
    form = RegisterUnsubscribesForm(request.POST)
    text = request.POST.get("text", "")
    if not form.is_valid():
        return _dialog(request, access, template, text=text, problem=_too_old(), status=422)
    try:
        report = unsubscribes.register_typed(
            book=access.book, text=text, token=form.cleaned_data["token"], by=access.by
        )
    except NoAddressesError:
        return _dialog(request, access, template, problem=_none_typed(), status=422)
    except TooManyAddressesError as error:
        problem = sentences.too_many(error.count)
        return _dialog(request, access, template, text=text, problem=problem, status=422)
    except NotAllowedError as error:
        raise PermissionDenied from error
    counts = sentences.registered(report)
    if report.invalid:
        problem = _("What is no address was not registered. It is still in the field, to be corrected.")
        rest = registration.left_over(registration.sort(text))
        return _done(request, access, dialog_template=template, text=rest, counts=counts, problem=problem)
    sentence = _("These addresses get no advertising from here from now on.")
    return _done(request, access, counts=counts, sentence=sentence)


@takes_large_forms
@require_http_methods(["GET", "POST"])
@to_book(Role.MANAGER)
def remove_unsubscribes(request: HttpRequest, access: Access) -> HttpResponse:
    template = "mail/dialogs/remove_unsubscribes.html"
    if request.method == "GET":
        return _dialog(request, access, template)
    form = RemoveUnsubscribesForm(request.POST)
    typed = {"text": request.POST.get("text", ""), "reason": request.POST.get("reason", "")}
    if not form.is_valid():
        too_long = "reason" in form.errors
        problem = {"reason_problem": _("The reason is too long.")} if too_long else {"problem": _too_old()}
        return _dialog(request, access, template, **typed, **problem, status=422)
    try:
        report = unsubscribes.remove_typed(
            book=access.book,
            text=typed["text"],
            reason=form.cleaned_data["reason"],
            token=form.cleaned_data["token"],
            by=access.by,
        )
    except NoReasonError:
        problem = {"reason_problem": _("Say why they may get advertising again.")}
        return _dialog(request, access, template, **typed, **problem, status=422)
    except NoAddressesError:
        return _dialog(request, access, template, **typed, problem=_none_typed(), status=422)
    except TooManyAddressesError as error:
        return _dialog(request, access, template, **typed, problem=sentences.too_many(error.count), status=422)
    except NotAllowedError as error:
        raise PermissionDenied from error
    sentence = _("Advertising is sent to the removed addresses again. The reason is kept in the history.")
    return _done(request, access, counts=sentences.removed(report), sentence=sentence)


@require_POST
@to_book(Role.MANAGER)
def read_unsubscribes(request: HttpRequest, access: Access) -> HttpResponse:
    """Have the service's own list read now."""
    try:
        telling.read_now(book=access.book, by=access.by)
    except NotAllowedError as error:
        raise PermissionDenied from error
    return redirect("unsubscribes", slug=access.book.slug)


@require_POST
@to_book(Role.MANAGER)
def tell_unsubscribes(request: HttpRequest, access: Access) -> HttpResponse:
    """Not to wait for the next time that it is tried by itself."""
    try:
        telling.tell_now(book=access.book, by=access.by)
    except NotAllowedError as error:
        raise PermissionDenied from error
    return redirect("unsubscribes", slug=access.book.slug)


def _page(access: Access, *, query: str = "", before: int | None = None) -> dict[str, Any]:
    # Who sees addresses masked must not find out by a search what is hidden.
    may_search = not access.sees_masked or access.may_edit
    query = query if may_search else ""
    standing = reading.standing(access.book)
    page = reading.unsubscribed(access.book, query=query, before=before)
    return {
        "access": access,
        "book": access.book,
        "may_search": may_search,
        "query": query,
        "page": page,
        "rows": [(row, sentences.at_service(row, standing)) for row in page.rows],
        "listed": sentences.listed(standing),
        "is_later_page": before is not None,
        "standing": standing,
        "told": sentences.told(standing),
        "answered": sentences.answered(standing),
        "waiting": sentences.waiting(standing),
        "problem_of_telling": sentences.problem(standing),
        "refused": sentences.refused(standing),
        "recent_lists": of_lists.recent(access.book) if access.may_edit else [],
        **strips_context(access),
    }


def _dialog(request: HttpRequest, access: Access, template: str, *, status: int = 200, **values: Any) -> HttpResponse:
    """Alone for htmx; without scripts the whole page with the dialog open."""
    context = {"text": "", "reason": "", **values, "token": uuid4(), "dialog_template": template}
    context |= {"access": access, "book": access.book, "limits": workspace_limits}
    if "HX-Request" in request.headers:
        return render(request, "dialogs/alone.html", context, status=status)
    return render(request, "mail/unsubscribes.html", {**_page(access), **context}, status=status)


def _done(request: HttpRequest, access: Access, **values: Any) -> HttpResponse:
    """The numbers, or what is left to be mended, in a dialog; and behind it the list as it is now."""
    context = {"text": "", "reason": "", "dialog_template": "mail/dialogs/counted.html", "token": uuid4(), **values}
    context |= {**_page(access), "limits": workspace_limits}
    template = "mail/unsubscribes_changed.html" if "HX-Request" in request.headers else "mail/unsubscribes.html"
    return render(request, template, context)


def _none_typed() -> str:
    return _("Type or paste at least one address.")


def _too_old() -> str:
    return _("This page was too old. Please press OK once more.")
