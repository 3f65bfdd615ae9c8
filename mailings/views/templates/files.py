"""Templates out of a file, and into one."""

import hashlib

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.http import content_disposition_header
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from addressbook.views.uploads import upload_sentences
from mailings.forms.draft import read_id
from mailings.services.rules import NotAllowedError
from mailings.services.templates import exporting, importing
from mailings.services.templates.documents import RefusedDocumentError
from mailings.views.templates import sentences
from mailings.views.templates.page import category_or_404, dialog, done
from workspace.forms.submission import SubmissionForm
from workspace.models import Role
from workspace.views.pages.access import Access, to_book
from workspace.views.pages.body_limits import takes_files
from workspace.views.pages.receiving import was_too_large


@takes_files
@require_http_methods(["GET", "POST"])
@to_book(Role.MANAGER)
def import_templates(request: HttpRequest, access: Access) -> HttpResponse:
    context = {"dialog_template": "mail/dialogs/import_templates.html"}
    if request.method == "GET":
        return dialog(request, access, context)
    form = SubmissionForm(request.POST)
    if not form.is_valid():
        raise Http404
    file = request.FILES.get("file")
    if was_too_large(request) or file is None:
        problem = upload_sentences.file_too_large() if was_too_large(request) else _("Choose a file.")
        return dialog(request, access, {**context, "problem": problem}, status=422)
    data = file.read()
    try:
        importing.begin(
            book=access.book,
            data=data,
            name=file.name or "",
            digest=hashlib.sha256(data).hexdigest(),
            token=form.cleaned_data["token"],
            by=access.by,
        )
    except RefusedDocumentError as error:
        return dialog(request, access, {**context, "problem": sentences.document(error)}, status=422)
    except sentences.REFUSALS as error:
        return dialog(request, access, {**context, "problem": sentences.refusal(error, access.book)}, status=409)
    except NotAllowedError as error:
        raise PermissionDenied from error
    return done(request, access)


@require_POST
@to_book(Role.MANAGER)
def stop_template_import(request: HttpRequest, access: Access, import_id: int) -> HttpResponse:
    importing.stop(book=access.book, import_id=import_id, by=access.by)
    return done(request, access)


@require_POST
@to_book(Role.MANAGER)
def dismiss_template_import(request: HttpRequest, access: Access, import_id: int) -> HttpResponse:
    importing.dismiss(book=access.book, import_id=import_id, by=access.by)
    return done(request, access)


@require_POST
@to_book(Role.VIEWER)
def export_templates(request: HttpRequest, access: Access) -> HttpResponse:
    """Of the category that is open, with what is below it. POST, since the history has a line of it."""
    category = category_or_404(access, read_id(request.POST.get("category", "")))
    category_id = category.pk if category else None
    try:
        pieces = exporting.export(book=access.book, category_id=category_id, by=access.by)
    except sentences.REFUSALS as error:
        messages.error(request, sentences.refusal(error, access.book))
        return done(request, access, category_id=category_id)
    name = f"{_('templates')}-{localdate():%Y-%m-%d}.json"
    answer = StreamingHttpResponse(pieces, content_type="application/json")
    answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    # Streamed, which the types of Django keep apart from other answers.
    return answer  # type: ignore[return-value]
