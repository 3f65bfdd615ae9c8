"""Files of recipients: sent in, looked after while they are read, taken away; and a sample to fill in."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from addressbook.services.uploads.files import scratch
from addressbook.views.uploads import upload_sentences
from libraries import spreadsheets
from mailings.services.content.placeholders import names_in
from mailings.services.drafts import DraftGoneError
from mailings.services.recipients import files
from mailings.services.recipients.counting import count
from mailings.services.recipients.sources import TooManySourcesError
from mailings.views.compose.draft import draft_or_404, recipients_context
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
    token = form.cleaned_data["token"]
    try:
        files.add(book=access.book, mailing_id=mailing_id, file=file, name=file.name or "", token=token, by=access.by)
    except DraftGoneError as error:
        raise Http404 from error
    except TooManySourcesError:
        return recipients_dialog(request, access, mailing_id, tab="file", problem=too_many_sources(), status=422)
    return lines(request, access, mailing_id)


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
