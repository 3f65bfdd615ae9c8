"""Files of recipients: sent in, looked after while they are read, taken away; and a sample to fill in."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from addressbook.forms.uploads import ChoiceForm
from addressbook.services.uploads import CheckOutdatedError
from addressbook.services.uploads.files import scratch
from addressbook.views.uploads import upload_sentences
from addressbook.views.uploads.upload_dialog import masked_layout, reading_options
from addressbook.views.uploads.upload_findings import questions
from libraries import spreadsheets
from mailings.models import RecipientFile
from mailings.services.content.placeholders import names_in
from mailings.services.drafts import DraftGoneError
from mailings.services.recipients import files, refused
from mailings.services.recipients.counting import count
from mailings.services.recipients.files import FileGoneError
from mailings.services.recipients.sources import TooManySourcesError
from mailings.views.compose import file_sentences
from mailings.views.compose.draft import dialog, draft_context, draft_or_404, recipients_context
from mailings.views.compose.recipients import lines, recipients_dialog, too_many_sources
from workspace.forms.submission import SubmissionForm
from workspace.models import Role
from workspace.views.pages.access import Access, to_book
from workspace.views.pages.body_limits import takes_files
from workspace.views.pages.receiving import was_too_large

_WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@takes_files
@require_POST
@to_book(Role.MANAGER)
def add_file(request: HttpRequest, access: Access, mailing_id: int) -> HttpResponse:
    form = SubmissionForm(request.POST)
    if not form.is_valid():
        raise Http404
    file = request.FILES.get("file")
    if was_too_large(request) or file is None:
        problem = upload_sentences.file_too_large() if was_too_large(request) else _("Choose a file.")
        return recipients_dialog(request, access, mailing_id, tab="file", problem=problem, status=422)
    registers = request.POST.get("register") == "1"
    try:
        added = files.add(
            book=access.book,
            mailing_id=mailing_id,
            file=file,
            name=file.name or "",
            registers=registers,
            token=form.cleaned_data["token"],
            by=access.by,
        )
    except DraftGoneError as error:
        raise Http404 from error
    except TooManySourcesError:
        return recipients_dialog(request, access, mailing_id, tab="file", problem=too_many_sources(), status=422)
    if added is None or "HX-Request" not in request.headers:
        return lines(request, access, mailing_id)
    return _file_dialog(request, access, mailing_id, added, with_lines=True)


@require_GET
@to_book(Role.MANAGER)
def show_file(request: HttpRequest, access: Access, mailing_id: int, file_id: int) -> HttpResponse:
    """What was read of a file, and how: it asks for itself while a worker is at it."""
    return _file_dialog(request, access, mailing_id, _file_or_404(access, mailing_id, file_id))


@require_POST
@to_book(Role.MANAGER)
def choose_file(request: HttpRequest, access: Access, mailing_id: int, file_id: int) -> HttpResponse:
    """Another way to read it: a sheet, an encoding, a column."""
    file = _file_or_404(access, mailing_id, file_id)
    form = ChoiceForm(request.POST)
    if not form.is_valid():
        return _file_dialog(request, access, mailing_id, file, problem=_("This cannot be chosen."), status=422)
    choice, seen = form.choice(refused.layout_of_file(file)), form.cleaned_data["seen"]
    try:
        file = files.choose(
            book=access.book, mailing_id=mailing_id, file_id=file_id, choice=choice, seen=seen, by=access.by
        )
    except (DraftGoneError, FileGoneError) as error:
        raise Http404 from error
    except CheckOutdatedError:
        file = _file_or_404(access, mailing_id, file_id)
        problem = _("Somebody has just changed how this file is read. Look at it again.")
        return _file_dialog(request, access, mailing_id, file, problem=problem, status=409)
    if "HX-Request" not in request.headers:
        return redirect("show_recipient_file", slug=access.book.slug, mailing_id=mailing_id, file_id=file_id)
    return _file_dialog(request, access, mailing_id, file, with_lines=True)


@require_POST
@to_book(Role.MANAGER)
def remove_file(request: HttpRequest, access: Access, mailing_id: int, file_id: int) -> HttpResponse:
    try:
        files.remove(book=access.book, mailing_id=mailing_id, file_id=file_id, by=access.by)
    except DraftGoneError as error:
        raise Http404 from error
    return lines(request, access, mailing_id)


@require_GET
@to_book(Role.MANAGER)
def show_recipients(request: HttpRequest, access: Access, mailing_id: int) -> HttpResponse:
    """The region of recipients, asked for again and again while a file is read."""
    draft = draft_or_404(access, mailing_id)
    if "HX-Request" not in request.headers:
        return redirect("mailing", slug=access.book.slug, mailing_id=mailing_id)
    context = {"access": access, "book": access.book, "draft": draft}
    context |= recipients_context(draft, count(draft, access.edition))
    return render(request, "mail/recipients.html", context)


def _file_or_404(access: Access, mailing_id: int, file_id: int) -> RecipientFile:
    try:
        return files.find(draft_or_404(access, mailing_id), file_id)
    except FileGoneError as error:
        raise Http404 from error


def _file_dialog(
    request: HttpRequest,
    access: Access,
    mailing_id: int,
    file: RecipientFile,
    *,
    problem: str = "",
    with_lines: bool = False,
    status: int = 200,
) -> HttpResponse:
    layout = refused.layout_of_file(file)
    if access.sees_masked and file.added_by_id != access.by.user.pk:
        layout = masked_layout(layout, access)
    context = {
        **draft_context(access, draft_or_404(access, mailing_id)),
        "file": file,
        "problem": problem,
        "refusal": file_sentences.refusal(file),
        "counts": file_sentences.counts(file),
        "beside": file_sentences.beside(file.source) if file.is_read and file.source else [],
        "layout": layout,
        "needs_column": layout is not None and layout.email_column is None,
        "what_it_was": upload_sentences.what_it_was(layout.kind, file.name) if layout else "",
        "questions": questions(file.choice, layout) if layout else [],
        "may_choose": file_sentences.may_choose(file),
        "choose_url": reverse("choose_recipient_file", args=[access.book.slug, mailing_id, file.pk]),
        "seen": file.attempt,
        "body": "#dialog",
        "lines_too": with_lines,
        "dialog_template": "mail/dialogs/recipient_file.html",
        **reading_options(layout),
    }
    return dialog(request, context, status=status)


@require_GET
@to_book(Role.MANAGER)
def recipient_sample(request: HttpRequest, access: Access, mailing_id: int) -> HttpResponse:
    """A workbook with a column for the address and one for every placeholder of the draft, and a row to look at."""
    draft = draft_or_404(access, mailing_id)
    names = names_in(draft.subject, draft.body)
    headings = (_("Email address"), *names)
    with scratch() as folder:
        path = folder / "sample.xlsx"
        widths = (40, *[20] * len(names))
        with spreadsheets.Workbook(path, sheet=_("Recipients"), widths=widths, headings=headings) as workbook:
            workbook.append([("name@example.com", *[draft.common_values.get(name, "…") for name in names])])
        content = path.read_bytes()
    answer = HttpResponse(content, content_type=_WORKBOOK)
    answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=_("recipients") + ".xlsx")
    return answer
