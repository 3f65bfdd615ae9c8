"""The attachments of a draft."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mailings import limits
from mailings.services import attachments
from mailings.services.attachments import (
    AttachmentTooLargeError,
    BlockedKindError,
    EmptyAttachmentError,
    TooManyAttachmentsError,
)
from mailings.services.drafts import DraftGoneError
from mailings.views.compose.draft import draft_context, draft_or_404, draft_page
from workspace.models import Role
from workspace.views.pages.access import Access, to_book
from workspace.views.pages.body_limits import takes_files


@takes_files
@require_POST
@to_book(Role.MANAGER)
def add_attachment(request: HttpRequest, access: Access, mailing_id: int) -> HttpResponse:
    files = request.FILES.getlist("file")
    if not files:
        return _answer(request, access, mailing_id, problem=_("Choose a file."))
    for file in files:
        try:
            attachments.add(book=access.book, mailing_id=mailing_id, file=file, name=file.name or "", by=access.by)
        except DraftGoneError as error:
            raise Http404 from error
        except (BlockedKindError, AttachmentTooLargeError, EmptyAttachmentError, TooManyAttachmentsError) as error:
            return _answer(request, access, mailing_id, problem=_problem(error, file.name or ""))
    return _answer(request, access, mailing_id)


@require_POST
@to_book(Role.MANAGER)
def remove_attachment(request: HttpRequest, access: Access, mailing_id: int, attachment_id: int) -> HttpResponse:
    try:
        attachments.remove(book=access.book, mailing_id=mailing_id, attachment_id=attachment_id, by=access.by)
    except DraftGoneError as error:
        raise Http404 from error
    return _answer(request, access, mailing_id)


def _answer(request: HttpRequest, access: Access, mailing_id: int, *, problem: str = "") -> HttpResponse:
    draft = draft_or_404(access, mailing_id)
    status = 422 if problem else 200
    if "HX-Request" in request.headers:
        context = {**draft_context(access, draft), "attachment_problem": problem}
        return render(request, "mail/attachments.html", context, status=status)
    if problem:
        return draft_page(request, access, draft, status=status)
    return redirect("mailing", slug=access.book.slug, mailing_id=mailing_id)


def _problem(error: Exception, name: str) -> str:
    if isinstance(error, BlockedKindError):
        return _("Mail programs do not hand over files ending in .%(ending)s. Pack it into a ZIP archive.") % {
            "ending": error.ending
        }
    if isinstance(error, AttachmentTooLargeError):
        most = limits.ATTACHMENTS_BYTES if error.together else limits.ATTACHMENT_BYTES
        if error.together:
            return _("With “%(name)s” the attachments are larger than %(most)s together.") % {
                "name": name,
                "most": filesizeformat(most),
            }
        return _("“%(name)s” is larger than %(most)s.") % {"name": name, "most": filesizeformat(most)}
    if isinstance(error, TooManyAttachmentsError):
        return _("A mail has at most %(limit)s attachments.") % {"limit": limits.ATTACHMENTS_MOST}
    return _("“%(name)s” is empty.") % {"name": name}
