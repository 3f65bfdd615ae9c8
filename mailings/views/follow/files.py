"""*Download requests/list* on the pages of mail: what can be asked for there, and the book's list of files."""

from typing import Any
from uuid import uuid4

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from addressbook.models import Download
from addressbook.services import downloads
from addressbook.views.downloads.download_dialog import download_list, too_many
from mailings.forms.listing import LIST_PARAMETERS, filters_from, sort_from
from mailings.models import Mailing, RecipientState
from mailings.services.results import export
from mailings.views.follow.mailing import mailing_context, mailing_or_404
from mailings.views.follow.mailings import list_context
from mailings.views.follow.recipients import may_search
from workspace import limits as workspace_limits
from workspace.forms.submission import SubmissionForm
from workspace.models import Role
from workspace.views.pages.access import Access, to_book

_FORMATS = [
    (str(Download.Format.XLSX), Download.Format.XLSX.label),
    (str(Download.Format.CSV), Download.Format.CSV.label),
]
_NOT_REACHED = "not_reached"


@require_http_methods(["GET", "POST"])
@to_book(Role.VIEWER)
def mailing_files(request: HttpRequest, access: Access, mailing_id: int) -> HttpResponse:
    """Of the recipients of a mailing: all, those not reached, or those with one result."""
    mailing = mailing_or_404(access, mailing_id)
    if mailing.is_draft:
        raise Http404
    problem = ""
    if request.method == "POST":
        which = request.POST.get("which", "")
        wanted: dict[str, Any] = {"mailing": mailing.pk, "subject": mailing.subject[:100]}
        wanted |= {_NOT_REACHED: which == _NOT_REACHED, "state": which if which in RecipientState.values else ""}
        problem = _request(request, access, Download.Scope.MAIL, wanted)
    context = {"mailing": mailing, "choices": _choices(mailing), "which": request.POST.get("which", "")}
    page = {} if "HX-Request" in request.headers else mailing_context(request, access, mailing)
    return _answer(request, access, "mail/mailing.html", page, context, problem)


@require_http_methods(["GET", "POST"])
@to_book(Role.VIEWER)
def mailings_files(request: HttpRequest, access: Access) -> HttpResponse:
    """Of the list as it is filtered, or of the mails to one address, which comes by POST."""
    data = request.POST if request.method == "POST" else request.GET
    query = request.POST.get("query", "").strip().lower() if may_search(access) else ""
    problem = ""
    if "token" in request.POST:
        scope = Download.Scope.PERSON if query else Download.Scope.MAILS
        wanted = {} if query else export.parameters_of(filters_from(data), sort_from(data))
        problem = _request(request, access, scope, wanted, query=query)
    kept = {name: data[name][:100] for name in LIST_PARAMETERS if data.get(name)}
    page = {} if "HX-Request" in request.headers else list_context(request, access)
    return _answer(request, access, "mail/mailings.html", page, {"kept": kept, "searched": query}, problem)


def _choices(mailing: Mailing) -> list[tuple[str, str, int]]:
    counted = [(str(state), str(state.label), getattr(mailing, state.value)) for state in RecipientState]
    missed = mailing.planned - mailing.sent - mailing.open
    return [
        ("", _("All recipients"), mailing.planned),
        (_NOT_REACHED, _("Not reached"), missed),
        *(choice for choice in counted if choice[2]),
    ]


def _request(
    request: HttpRequest, access: Access, scope: Download.Scope, parameters: dict[str, Any], *, query: str = ""
) -> str:
    """Ask for the file; why it was not asked for, or "". Raises PermissionDenied."""
    if not access.may_edit:
        raise PermissionDenied
    form = SubmissionForm(request.POST)
    file_format = request.POST.get("format", "")
    if not form.is_valid() or file_format not in dict(_FORMATS):
        return _("This page was too old. Please choose once more.")
    try:
        downloads.request(
            book=access.book,
            scope=scope,
            format=Download.Format(file_format),
            group_id=None,
            query=query,
            parameters=parameters,
            reason=request.POST.get("reason", "").strip()[: workspace_limits.REASON_CHARACTERS],
            language=get_language() or "en",
            token=form.cleaned_data["token"],
            by=access.by,
        )
    except downloads.ReasonRequiredError:
        return _("Say what the file is for: this address book asks for a reason.")
    except downloads.TooManyDownloadsError:
        return too_many()
    return ""


def _answer(
    request: HttpRequest, access: Access, template: str, page: dict[str, Any], context: dict[str, Any], problem: str
) -> HttpResponse:
    """The dialog alone for htmx; without scripts the page with it, and the book's own list after a request."""
    is_htmx = "HX-Request" in request.headers
    if "token" in request.POST and not problem and not is_htmx:
        return redirect("downloads", slug=access.book.slug)
    context |= {
        "access": access,
        "book": access.book,
        "formats": _FORMATS,
        "file_format": request.POST.get("format", ""),
        "reason": request.POST.get("reason", ""),
        "problem": problem,
        "token": uuid4(),
        "dialog_template": "mail/dialogs/files.html",
        **download_list(access),
    }
    status = 422 if problem else 200
    return render(request, "dialogs/alone.html" if is_htmx else template, {**page, **context}, status=status)
