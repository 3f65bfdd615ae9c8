"""Lists of addresses: sent, shown with what is known of them, and acted on."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.core.files import File
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from addressbook import limits
from addressbook.forms.listing import listing_from
from addressbook.forms.uploads import ListActForm, ListForm
from addressbook.models import Address, Upload
from addressbook.services import uploads
from addressbook.services.addresses.groups import GroupGoneError
from addressbook.services.uploads import lists
from addressbook.views.answers.answers import answer_dialog
from addressbook.views.screen.listing import rows_of
from addressbook.views.uploads import upload_sentences
from addressbook.views.uploads.upload_dialog import is_shown_to
from addressbook.views.uploads.uploads import answer_outdated, answer_upload, as_file, upload_or_404
from libraries.spreadsheets import EXTENSIONS
from workspace.models import Role
from workspace.numbers import number
from workspace.views.books.masking import text_for
from workspace.views.pages.access import Access, to_book
from workspace.views.pages.body_limits import takes_files
from workspace.views.pages.receiving import was_too_large

_DIALOG = "dialogs/list.html"


@dataclass(frozen=True, slots=True)
class Listed:
    """An address of a list, with what the book holds of it; `groups` is None where it is not there."""

    email: str
    key: str
    groups: list[str] | None


@require_http_methods(["GET", "POST"])
@to_book(Role.MANAGER)
@takes_files
def find_list(request: HttpRequest, access: Access) -> HttpResponse:
    """The dialog that takes a list, pasted or as a file; POST shows its check."""
    if request.method == "GET":
        return _ask(request, access, act=request.GET.get("act", ""))
    form = ListForm(request.POST)
    is_valid = form.is_valid()
    text, act = form.cleaned_data.get("text", ""), form.cleaned_data.get("act", "")
    file: File | None = request.FILES.get("file")
    if file is None and text.strip():
        file = as_file(text)
    problem = ""
    if was_too_large(request):
        problem = upload_sentences.file_too_large()
    elif file is None:
        problem = _("Paste addresses or choose a file first.")
    elif not is_valid:
        problem = _("This page was too old. Please send the list once more.")
    if problem or file is None:
        return _ask(request, access, act=act, text=text, problem=problem, status=422)
    try:
        upload = uploads.receive(
            book=access.book,
            group_id=None,
            file=file,
            name=file.name or "",
            token=form.cleaned_data["token"],
            by=access.by,
            purpose=Upload.Purpose.LIST,
            action=_known(act),
        )
    except uploads.FileTooLargeError:
        problem = upload_sentences.file_too_large()
    except uploads.TooManyUploadsError:
        problem = _("%(limit)s files wait already. Finish or cancel one of them first.") % {
            "limit": number(limits.UPLOADS_PER_BOOK)
        }
    except uploads.UploadGoneError:
        problem = _("The address book was reset meanwhile. Please send the list once more.")
    else:
        return answer_upload(request, access, upload)
    return _ask(request, access, act=act, text=text, problem=problem, status=422)


@require_POST
@to_book(Role.MANAGER)
def apply_list(request: HttpRequest, access: Access, upload_id: int) -> HttpResponse:
    upload = upload_or_404(access, upload_id)
    form = ListActForm(request.POST)
    if not form.is_valid():
        if "reason" in form.errors:
            return answer_upload(request, access, upload, problem=_("The reason is too long."), status=422)
        return answer_upload(request, access, upload, problem=_("Choose first what to do."), status=422)
    values = form.cleaned_data
    try:
        upload = uploads.apply_list(
            book=access.book,
            upload_id=upload_id,
            action=values["action"],
            group_id=form.group_id,
            reason=values["reason"],
            seen=values["seen"],
            by=access.by,
        )
    except (uploads.CheckOutdatedError, uploads.UploadGoneError):
        return answer_outdated(request, access, upload_id)
    except (lists.UnknownActError, uploads.NothingToApplyError):
        return answer_upload(request, access, upload, problem=_("This cannot be chosen."), status=422)
    except lists.NoReasonError:
        problem = _("Say why they may get advertising again.")
        return answer_upload(request, access, upload, problem=problem, status=422)
    except GroupGoneError:
        problem = _("Choose a group that is there. Nothing was changed.")
        return answer_upload(request, access, upload, problem=problem, status=422)
    return answer_upload(request, access, upload)


@require_GET
@to_book(Role.MANAGER)
def list_addresses(request: HttpRequest, access: Access, upload_id: int) -> HttpResponse:
    """The addresses of a checked list, a page at a time: those in the book, or those that are not."""
    upload = upload_or_404(access, upload_id)
    if not upload.is_list or not upload.rows_file:
        raise Http404
    missing = request.GET.get("part") == "missing"
    start, first = (_number(request, name) for name in ("start", "first"))
    try:
        page = lists.page(upload, missing=missing, start=start, size=limits.ROWS_PER_LIST_PAGE)
    except FileNotFoundError as error:
        raise Http404 from error
    context = {
        "access": access,
        "book": access.book,
        "upload": upload,
        "result": upload.check_result,
        "missing": missing,
        "rows": _listed(access, upload, page),
        "keys": [key for _email, key in page.pairs],
        "after": page.after,
        "first_row": first + 1,
        "last_row": first + len(page.pairs),
        "total": upload.check_result["new" if missing else "already_there"],
    }
    return render(request, "list_addresses.html", context)


def _listed(access: Access, upload: Upload, page: lists.ListPage) -> list[Listed]:
    found = Address.objects.filter(edition=access.edition, key__in=[key for _email, key in page.pairs])
    groups = {row.address.key: row.groups for row in rows_of(found.values_list("pk", flat=True))}
    masked = not is_shown_to(upload, access)
    return [Listed(text_for(email, access) if masked else email, key, groups.get(key)) for email, key in page.pairs]


def _ask(
    request: HttpRequest, access: Access, *, act: str, text: str = "", problem: str = "", status: int = 200
) -> HttpResponse:
    context: dict[str, Any] = {
        "act": _known(act),
        "text": text,
        "problem": problem,
        "token": uuid4(),
        "extensions": EXTENSIONS,
    }
    data = request.POST if request.method == "POST" else request.GET
    return answer_dialog(request, access, listing_from(data), _DIALOG, context, status=status)


def _known(act: str) -> str:
    try:
        lists.act_of(act)
    except lists.UnknownActError:
        return ""
    return act


def _number(request: HttpRequest, name: str) -> int:
    """A place in the list; what is none is its beginning."""
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
