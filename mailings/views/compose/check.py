"""*Check before sending*, and the confirmation."""

from uuid import uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRedirect

from mailings.forms.draft import read_id
from mailings.models import Mailing
from mailings.services import checks
from mailings.services.drafts import DraftGoneError, StaleDraftError
from mailings.services.rules import NotAllowedError, rules_of
from mailings.services.sending import confirming
from mailings.views.compose import sentences
from mailings.views.compose.draft import dialog, draft_context, draft_or_404
from workspace.forms.submission import SubmissionForm
from workspace.models import Role
from workspace.views.pages.access import Access, to_book


@require_GET
@to_book(Role.MANAGER)
def ask_send(request: HttpRequest, access: Access, mailing_id: int) -> HttpResponse:
    return _check_dialog(request, access, draft_or_404(access, mailing_id))


@require_POST
@to_book(Role.MANAGER)
def confirm_mailing(request: HttpRequest, access: Access, mailing_id: int) -> HttpResponse:
    form = SubmissionForm(request.POST)
    seen_version, seen_count = read_id(request.POST.get("version", "")), read_id(request.POST.get("count", ""))
    if not form.is_valid() or seen_version is None or seen_count is None:
        raise Http404
    page = redirect("mailing", slug=access.book.slug, mailing_id=mailing_id)
    draft = Mailing.objects.drafts().filter(book=access.book, pk=mailing_id).first()
    if draft is not None:
        report = checks.check(draft, access.edition)
        moved = (
            "" if report.numbers.recipients == seen_count else sentences.moved(report.numbers.recipients, seen_count)
        )
        if report.blocking or moved:
            return _check_dialog(request, access, draft, problem=moved, status=409)
    try:
        confirming.confirm(
            book=access.book,
            mailing_id=mailing_id,
            seen_version=seen_version,
            seen_count=seen_count,
            token=form.cleaned_data["token"],
            by=access.by,
        )
    except NotAllowedError as error:
        raise PermissionDenied from error
    except DraftGoneError:
        messages.info(request, _("This mail was confirmed or deleted in the meantime."))
    except StaleDraftError as stale:
        problem = _("The draft was changed in the meantime. This is what would be sent now.")
        return _check_dialog(request, access, stale.now, problem=problem, status=409)
    return HttpResponseClientRedirect(page.url) if "HX-Request" in request.headers else page


def _check_dialog(
    request: HttpRequest, access: Access, draft: Mailing, *, problem: str = "", status: int = 200
) -> HttpResponse:
    report = checks.check(draft, access.edition)
    context = {
        **draft_context(access, draft),
        "report": report,
        "monthly_quota": rules_of(access.book).monthly_quota,
        "must_be_fixed": [(found, sentences.finding(found)) for found in report.blocking],
        "please_look": [(found, sentences.finding(found)) for found in report.warnings],
        "problem": problem,
        "token": uuid4(),
        "dialog_template": "mail/dialogs/check.html",
    }
    return dialog(request, context, status=status)
