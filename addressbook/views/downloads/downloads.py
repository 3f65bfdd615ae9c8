"""The popup "Excel download list", and the files themselves."""

from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from addressbook import limits
from addressbook.forms.downloads import DownloadForm
from addressbook.forms.listing import Listing, listing_from
from addressbook.forms.selection import picked_ids
from addressbook.models import Download
from addressbook.services import downloads
from addressbook.services.addresses.groups import GroupGoneError
from addressbook.views.answers.answers import answer_dialog
from addressbook.views.downloads.download_dialog import TEMPLATE, download_dialog, download_list, file_name, too_many
from workspace.models import Role
from workspace.services.work import owners
from workspace.views.pages import file_answers
from workspace.views.pages.access import Access, to_book
from workspace.views.pages.answers import asked_part
from workspace.views.pages.errors import error_page
from workspace.views.people.step_up import is_fresh, to_fresh_sign_in
from workspace.views.work.strips import strips_context

_CONTENT_TYPES: Final = {
    Download.Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Download.Format.CSV: "text/csv; charset=utf-8",
    Download.Format.CONSOLE: "application/zip",
}


@require_http_methods(["GET", "HEAD", "POST"])
@to_book(Role.VIEWER)
def show_downloads(request: HttpRequest, access: Access) -> HttpResponse:
    """POST brings what was searched for along, since an address must not stand in a URL."""
    listing = listing_from(request.POST if request.method == "POST" else request.GET)
    picked = picked_ids(request.POST)
    scope = request.GET.get("scope", "")
    chosen = {"scope": scope} if scope in Download.Scope.values else {}
    context = download_dialog(access, listing, picked=picked, chosen=chosen)
    return answer_dialog(request, access, listing, TEMPLATE, context)


@require_GET
@to_book(Role.VIEWER)
def show_download_list(request: HttpRequest, access: Access) -> HttpResponse:
    """The requests alone; as long as something is being made, the page asks for them again."""
    return _answer_list(request, access)


@require_POST
@to_book(Role.MANAGER)
def request_download(request: HttpRequest, access: Access) -> HttpResponse:
    listing = listing_from(request.POST)
    form = DownloadForm(request.POST)
    if not form.is_valid():
        for problems in (form.non_field_errors(), form.errors.get("reason")):
            if problems:
                return _refuse(request, access, listing, str(problems[0]))
        return _refuse(request, access, listing, _("This page was too old. Please choose once more."))
    values = form.cleaned_data
    try:
        downloads.request(
            book=access.book,
            scope=values["scope"],
            format=values["format"],
            group_id=form.group_id(),
            query=form.query(),
            address_ids=form.address_ids(),
            reason=values["reason"],
            language=get_language() or "en",
            token=values["token"],
            by=access.by,
        )
    except GroupGoneError:
        return _refuse(request, access, Listing(), _("The group was deleted meanwhile. Choose again."))
    except downloads.ReasonRequiredError:
        return _refuse(request, access, listing, _("Say what the file is for: this address book asks for a reason."))
    except downloads.TooManyDownloadsError:
        return _refuse(request, access, listing, too_many())
    except downloads.DownloadGoneError:
        # The same form as before, and what it asked for went with a reset.
        return _refuse(request, access, listing, _("This page was too old. Please choose once more."))
    if "HX-Request" not in request.headers:
        return redirect("downloads", slug=access.book.slug)
    context = download_dialog(access, listing, picked=picked_ids(request.POST), chosen={"scope": str(values["scope"])})
    return _answer_body(request, access, listing, context)


@require_POST
@to_book(Role.MANAGER)
def cancel_download(request: HttpRequest, access: Access, download_id: int) -> HttpResponse:
    try:
        downloads.find(access.edition, download_id)
    except downloads.DownloadGoneError as error:
        raise Http404 from error
    owners.cancel(Download, book=access.book, work_id=download_id, by=access.by)
    owners.dismiss_cancelled(Download, book=access.book, work_id=download_id, by=access.by)
    return _answer_list(request, access)


@require_POST
@to_book(Role.MANAGER)
def retry_download(request: HttpRequest, access: Access, download_id: int) -> HttpResponse:
    problem = ""
    try:
        downloads.retry(book=access.book, download_id=download_id, by=access.by)
    except downloads.DownloadGoneError as error:
        raise Http404 from error
    except downloads.TooManyDownloadsError:
        problem = too_many()
    return _answer_list(request, access, problem=problem)


@require_POST
@to_book(Role.VIEWER)
def dismiss_download(request: HttpRequest, access: Access, download_id: int) -> HttpResponse:
    owners.dismiss(Download, book=access.book, work_id=download_id, by=access.by)
    if "HX-Request" not in request.headers:
        return redirect("console", slug=access.book.slug)
    return _answer_list(request, access)


@require_http_methods(["GET", "HEAD"])
@to_book(Role.MANAGER)
def fetch_download(request: HttpRequest, access: Access, download_id: int) -> HttpResponse:
    if access.book.download_sign_in_required and not is_fresh(request):
        # Back to the list: a file answers no page that could take the place of the question.
        return to_fresh_sign_in(request, back=reverse("downloads", args=[access.book.slug]))
    try:
        download = downloads.fetchable(access.edition, download_id)
        return _file(request, access, download)
    except downloads.DownloadExpiredError:
        advice = _("Files are kept for %(days)s days. Request a new one.") % {"days": limits.DOWNLOAD_KEPT_DAYS}
        back = reverse("downloads", args=[access.book.slug])
        return error_page(request, 410, _("This file has expired"), advice, back=back)
    except downloads.DownloadGoneError as error:
        raise Http404 from error


def _file(request: HttpRequest, access: Access, download: Download) -> HttpResponse:
    described: dict[str, Any] = {
        "name": file_name(download),
        "content_type": _CONTENT_TYPES[Download.Format(download.format)],
        "size": download.size,
        "etag": f'"{download.sha256}"',
    }
    if request.method == "HEAD":
        return file_answers.head_answer(**described)
    headers = request.headers
    try:
        part = file_answers.wanted_part(
            headers.get("Range", ""), headers.get("If-Range", ""), size=download.size, etag=described["etag"]
        )
    except file_answers.UnsatisfiableRangeError:
        return file_answers.unsatisfiable(download.size)
    with file_answers.place() as place:
        file = downloads.open_file(download, whole=part is None, by=access.by)
    # Streamed, which the types of Django keep apart from other answers.
    return file_answers.file_answer(file, place=place, part=part, **described)  # type: ignore[return-value]


def _refuse(request: HttpRequest, access: Access, listing: Listing, problem: str) -> HttpResponse:
    chosen = {name: request.POST.get(name, "") for name in ("scope", "format", "reason") if name in request.POST}
    picked = picked_ids(request.POST)
    context = download_dialog(access, listing, picked=picked, chosen=chosen, problem=problem)
    return _answer_body(request, access, listing, context, status=422)


def _answer_body(
    request: HttpRequest, access: Access, listing: Listing, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    if "HX-Request" in request.headers:
        own = {**context, "access": access, "book": access.book, **strips_context(access)}
        return render(request, "dialogs/downloads_answer.html", own, status=status)
    return answer_dialog(request, access, listing, TEMPLATE, context, status=status)


def _answer_list(request: HttpRequest, access: Access, *, problem: str = "") -> HttpResponse:
    if "HX-Request" not in request.headers:
        return redirect("downloads", slug=access.book.slug)
    own = {"access": access, "book": access.book}
    if request.method == "GET":  # the line on the page asks for itself
        return render(request, "dialogs/download_list.html", {**own, **download_list(access)})
    if asked_part(request, ("jobs",)):
        return render(request, "console.html#jobs", {**own, **strips_context(access)})
    context = {**own, "list_problem": problem, **download_list(access), **strips_context(access)}
    return render(request, "dialogs/download_list_answer.html", context)
