"""Bulk registration: the popup from the sending of a file to the notification, and the line that stays on the page."""

from collections.abc import Iterable
from pathlib import Path

from django.core.files import File
from django.core.files.base import ContentFile
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import reswap, retarget

from addressbook import limits
from addressbook.forms.listing import Listing, listing_from
from addressbook.forms.uploads import ApplyUploadForm, ChoiceForm, UploadForm, WishForm
from addressbook.models import Upload
from addressbook.services import uploads
from addressbook.services.addresses.groups import GroupGoneError, TooManyGroupsError
from addressbook.services.uploads import files
from addressbook.services.uploads.checking import layout_of
from addressbook.views.answers.answers import Behind, OnScreen, answer_dialog
from addressbook.views.uploads import upload_sentences
from addressbook.views.uploads.popup_group import group_to_register_into
from addressbook.views.uploads.register_dialog import TEMPLATE as REGISTER_TEMPLATE
from addressbook.views.uploads.register_dialog import register_dialog
from addressbook.views.uploads.upload_dialog import is_result, is_shown_to, upload_dialog
from libraries import spreadsheets
from libraries.email_addresses import split
from libraries.spreadsheets import Layout, RefusedRow
from workspace.models import Role
from workspace.numbers import number
from workspace.services.work import owners
from workspace.views.pages import file_answers, sentences
from workspace.views.pages.access import Access, to_book
from workspace.views.pages.body_limits import takes_files
from workspace.views.pages.receiving import was_too_large
from workspace.views.work.jobs import answer_jobs
from workspace.views.work.strips import strips_context

_DIALOG = "dialogs/upload.html"


def has_file(request: HttpRequest) -> bool:
    """Whether a file came with this form, or would have."""
    return "file" in request.FILES or was_too_large(request)


@require_POST
@to_book(Role.MANAGER)
@takes_files
def send_upload(request: HttpRequest, access: Access) -> HttpResponse:
    return receive_file(request, access)


def receive_file(request: HttpRequest, access: Access, *, file: File | None = None) -> HttpResponse:
    """Take the file (of this request) and show its check; the popup stays with a sentence where that cannot be."""
    form = UploadForm(request.POST)
    file = file or request.FILES.get("file")
    is_valid = form.is_valid()
    into = form.cleaned_data.get("into")
    if was_too_large(request):
        return _register_again(request, access, into, upload_sentences.file_too_large())
    if file is None:
        return _register_again(request, access, into, _("Choose a file first."))
    if not is_valid:
        return _register_again(request, access, into, _("This page was too old. Please choose the file once more."))
    token, new_group = form.cleaned_data["token"], form.cleaned_data["new_group"]
    into, problem = group_to_register_into(access, into=into, new_group=new_group, token=token)
    if problem:
        return _register_again(request, access, into, problem)
    try:
        upload = uploads.receive(
            book=access.book,
            group_id=into,
            file=file,
            name=file.name or "",
            token=token,
            by=access.by,
        )
    except uploads.FileTooLargeError:
        return _register_again(request, access, into, upload_sentences.file_too_large())
    except GroupGoneError:
        problem = _("The group was deleted meanwhile. Nothing was registered; choose another group.")
        return _register_again(request, access, None, problem)
    except uploads.TooManyUploadsError:
        problem = _("%(limit)s files wait already. Press OK or Cancel for one of them first.")
        values = {"limit": number(limits.UPLOADS_PER_BOOK)}
        return _register_again(request, access, into, problem % values)
    except uploads.UploadGoneError:
        # The same form sent again, after a reset.
        problem = _("The address book was reset meanwhile. Please choose the file once more.")
        return _register_again(request, access, None, problem)
    return answer_upload(request, access, upload)


def as_file(text: str) -> File:
    """What was typed as a file of one column, an entry a row."""
    lines = "".join('"' + entry.replace('"', '""') + '"\r\n' for entry in split(text))
    # Translators: the name of a file made of what was pasted.
    return ContentFile(f"Email\r\n{lines}".encode("utf-8", "replace"), name=_("pasted addresses") + ".csv")


@require_GET
@to_book(Role.MANAGER)
def show_upload(request: HttpRequest, access: Access, upload_id: int) -> HttpResponse:
    """The popup as it is now: it asks for itself while a worker is at it, and becomes the notification at the end."""
    upload = upload_or_404(access, upload_id)
    return answer_upload(request, access, upload)


@require_POST
@to_book(Role.MANAGER)
def choose_upload(request: HttpRequest, access: Access, upload_id: int) -> HttpResponse:
    upload = upload_or_404(access, upload_id)
    form = ChoiceForm(request.POST)
    if not form.is_valid():
        return answer_upload(request, access, upload, problem=_("This cannot be chosen."), status=422)
    try:
        choice, seen = form.choice(layout_of(upload)), form.cleaned_data["seen"]
        upload = uploads.choose(book=access.book, upload_id=upload_id, choice=choice, seen=seen, by=access.by)
    except (uploads.CheckOutdatedError, uploads.UploadGoneError):
        return answer_outdated(request, access, upload_id)
    return answer_upload(request, access, upload)


@require_POST
@to_book(Role.MANAGER)
def decide_upload(request: HttpRequest, access: Access, upload_id: int) -> HttpResponse:
    """One click on a finding of the check: the file is checked again with that decision."""
    upload = upload_or_404(access, upload_id)
    form = WishForm(request.POST)
    if not form.is_valid():
        raise Http404
    wish, seen = form.cleaned_data["wish"], form.cleaned_data["seen"]
    try:
        upload = uploads.mend(book=access.book, upload_id=upload_id, wish=wish, seen=seen, by=access.by)
    except (uploads.CheckOutdatedError, uploads.UploadGoneError):
        return answer_outdated(request, access, upload_id)
    except uploads.UnknownFindingError:
        return answer_upload(request, access, upload, problem=_("This cannot be chosen."), status=422)
    return answer_upload(request, access, upload)


@require_POST
@to_book(Role.MANAGER)
def apply_upload(request: HttpRequest, access: Access, upload_id: int) -> HttpResponse:
    """OK."""
    upload = upload_or_404(access, upload_id)
    form = ApplyUploadForm(request.POST)
    if not form.is_valid():
        raise Http404
    into, seen = form.cleaned_data["into"], form.cleaned_data["seen"]
    try:
        upload = uploads.apply(book=access.book, upload_id=upload_id, group_id=into, seen=seen, by=access.by)
    except (uploads.CheckOutdatedError, uploads.UploadGoneError):
        return answer_outdated(request, access, upload_id)
    except uploads.NothingToApplyError:
        return answer_upload(request, access, upload, problem=_("There is no address to register."), status=422)
    except GroupGoneError:
        problem = _("The group was deleted meanwhile. Nothing was registered; choose another group.")
        return answer_upload(request, access, upload, problem=problem, status=422)
    except TooManyGroupsError:
        return answer_upload(request, access, upload, problem=sentences.too_many_groups(), status=422)
    return answer_upload(request, access, upload)


@require_POST
@to_book(Role.MANAGER)
def cancel_upload(request: HttpRequest, access: Access, upload_id: int) -> HttpResponse:
    owners.cancel(Upload, book=access.book, work_id=upload_id, by=access.by)
    owners.dismiss_cancelled(Upload, book=access.book, work_id=upload_id, by=access.by)
    if request.headers.get("HX-Target") != "upload-body":
        return answer_jobs(request, access)
    upload = upload_or_404(access, upload_id)
    if upload.is_working or is_result(upload):
        return answer_upload(request, access, upload)
    # It was cancelled before anything was registered: nothing is left to be said.
    owners.dismiss(Upload, book=access.book, work_id=upload_id, by=access.by)
    return _close(request, access)


@require_GET
@to_book(Role.MANAGER)
def download_refused(request: HttpRequest, access: Access, upload_id: int) -> HttpResponse:
    """The refused rows in the file's own columns, each with its reason."""
    upload = upload_or_404(access, upload_id)
    layout = layout_of(upload)
    if layout is None or not upload.refused_file:
        raise Http404
    rows = uploads.refused_rows(upload, upload_sentences.row_fault)
    answer = refused_answer(layout, rows, count=upload.check_result.get("invalid", 0), stem=Path(upload.name).stem)
    uploads.record_fetch(upload=upload, by=access.by)
    return answer


def refused_answer(layout: Layout, rows: Iterable[RefusedRow], *, count: int, stem: str) -> HttpResponse:
    """A file of `count` refused rows, named after the one that they come from."""
    extension = spreadsheets.refused_extension(layout.kind, count)
    with file_answers.place() as place, files.scratch() as folder:
        path = folder / f"refused{extension}"
        spreadsheets.write_refused(path, layout=layout, headings=_headings(), rows=rows)
        # Its folder goes at once; the content lives as long as the answer reads it.
        content = file_answers.Held(path.open("rb"), place)
    name = _("%(name)s – refused") % {"name": stem or "list"} + extension
    # Streamed, which the types of Django keep apart from other answers.
    return FileResponse(content, as_attachment=True, filename=name)  # type: ignore[return-value]


@require_GET
@to_book(Role.MANAGER)
def download_template(request: HttpRequest, access: Access) -> HttpResponse:
    """An empty workbook with the headings by which an upload finds the columns."""
    headings = _headings()
    with files.scratch() as folder:
        path = folder / "template.xlsx"
        names = (headings.email, headings.group)
        with spreadsheets.Workbook(path, sheet=_("Addresses"), widths=(40, 30), headings=names):
            pass
        content = path.read_bytes()
    answer = HttpResponse(content, content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=_("address list") + ".xlsx")
    return answer


@require_GET
@to_book(Role.MANAGER)
def mend_upload(request: HttpRequest, access: Access, upload_id: int) -> HttpResponse:
    """The popup "Register address" with the refused addresses in its field, to be mended there."""
    upload = upload_or_404(access, upload_id)
    texts = [] if upload.is_list else uploads.texts_to_mend(upload)
    if not texts or not is_shown_to(upload, access):
        raise Http404
    values = register_dialog(access, text="\n".join(texts), into=upload.group_id)
    return answer_dialog(request, access, listing_from(request.GET), REGISTER_TEMPLATE, values)


def upload_or_404(access: Access, upload_id: int) -> Upload:
    try:
        return uploads.find(access.edition, upload_id)
    except uploads.UploadGoneError as error:
        raise Http404 from error


def _register_again(request: HttpRequest, access: Access, into: int | None, problem: str) -> HttpResponse:
    values = register_dialog(access, text=request.POST.get("text", ""), into=into)
    listing = listing_from(request.POST)
    return answer_dialog(request, access, listing, REGISTER_TEMPLATE, {**values, "file_problem": problem}, status=422)


def answer_upload(
    request: HttpRequest, access: Access, upload: Upload, *, problem: str = "", status: int = 200
) -> HttpResponse:
    """The popup with the upload as it is: all of it, or for htmx its body; at the end the notification in its place."""
    own = {**upload_dialog(access, upload), "problem": problem, "access": access, "book": access.book}
    if "HX-Request" not in request.headers:
        if request.method == "POST" and status == 200:
            return redirect("show_upload", slug=access.book.slug, upload_id=upload.pk)
        context = {**own, "dialog_template": _DIALOG}
        return OnScreen(request, "console.html", context, Behind(access, Listing()), status=status)
    if is_result(upload):
        # The list is asked to refresh itself, for it alone knows what it shows.
        response = render(
            request, "upload_outcome.html", {**own, **strips_context(access), "puts_away": not upload.refused_file}
        )
        response["HX-Trigger"] = "book-changed"
        return _in_place_of_dialog(response)
    template = "upload_body.html" if request.headers.get("HX-Target") == "upload-body" else "upload_alone.html"
    return render(request, f"dialogs/{template}", {**own, **strips_context(access)}, status=status)


def _close(request: HttpRequest, access: Access) -> HttpResponse:
    context = {"access": access, "book": access.book, **strips_context(access)}
    return _in_place_of_dialog(render(request, "upload_outcome.html", context))


def _in_place_of_dialog(response: HttpResponse) -> HttpResponse:
    return reswap(retarget(response, "#dialog"), "outerHTML")


def answer_outdated(request: HttpRequest, access: Access, upload_id: int) -> HttpResponse:
    """The check as it is now, which is not the one that was seen."""
    problem = _("Somebody has just changed how this file is read. Look at the check again.")
    return answer_upload(request, access, upload_or_404(access, upload_id), problem=problem, status=409)


def _headings() -> spreadsheets.Headings:
    return spreadsheets.Headings(
        reason=_("Reason"),
        # Translators: a heading by which an upload finds the column; one of Email, 이메일, メール.
        email=_("Email"),
        # Translators: a heading by which an upload finds the column; one of Group, 그룹, グループ.
        group=_("Group"),
        sheet=_("Refused rows"),
    )
