"""*Preview*, the frame in it, and *Send test mail*."""

from dataclasses import replace
from uuid import uuid4

from csp.decorators import csp_replace
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_http_methods

from libraries import email_addresses
from mailings import limits
from mailings.models import Mailing
from mailings.services import previewing, test_mails
from mailings.services.content.sanitising import for_preview
from mailings.services.drafts import DraftGoneError
from mailings.services.recipients.samples import LEAFED_MOST, Sample
from mailings.services.test_mails import NoSenderError, TooManyTestMailsError
from mailings.views.compose.draft import dialog, draft_context, draft_or_404
from workspace.forms.submission import SubmissionForm
from workspace.models import Role
from workspace.numbers import number
from workspace.views.books.masking import text_for
from workspace.views.pages.access import Access, to_book

# The frame's own policy: styles of the mail, pictures by https, and nothing else. `sandbox` gives it no origin.
FRAME_POLICY = {
    "default-src": ["'none'"],
    "style-src": ["'unsafe-inline'"],
    "img-src": ["https:"],
    "script-src": ["'none'"],
    "connect-src": ["'none'"],
    "font-src": ["'none'"],
    "form-action": ["'none'"],
    "frame-ancestors": ["'self'"],
    "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
}


@require_GET
@to_book(Role.MANAGER)
def preview_draft(request: HttpRequest, access: Access, mailing_id: int) -> HttpResponse:
    draft = draft_or_404(access, mailing_id)
    which = request.GET.get("which", "1")
    shown = previewing.render_for(draft, sample_for(access, draft, which))
    base = draft_context(access, draft)
    last = min(base["numbers"].recipients, LEAFED_MOST)
    here = shown.sample.number if which not in ("longest", "emptiest") else 0
    context = {
        **base,
        "shown": shown,
        "which": which if which in ("longest", "emptiest") else str(max(1, shown.sample.number)),
        "previous": here - 1 if here > 1 else 0,
        "following": here + 1 if 0 < here < last else 0,
        "last": last,
        "narrow": request.GET.get("width") == "narrow",
        "as_text": request.GET.get("as") == "text",
        "with_pictures": request.GET.get("pictures") == "1",
        "dialog_template": "mail/dialogs/preview.html",
    }
    return dialog(request, context)


@require_GET
@xframe_options_sameorigin
@csp_replace(FRAME_POLICY)  # type: ignore[arg-type]  # its type knows views without arguments only
@to_book(Role.MANAGER)
def preview_frame(request: HttpRequest, access: Access, mailing_id: int) -> HttpResponse:
    draft = draft_or_404(access, mailing_id)
    shown = previewing.render_for(draft, sample_for(access, draft, request.GET.get("which", "1")))
    return mail_frame(shown.html, with_pictures=request.GET.get("pictures") == "1")


def sample_for(access: Access, draft: Mailing, which: str) -> Sample:
    """A recipient as this member sees one: who sees addresses masked finds none in the values either."""
    sample = previewing.sample_of(draft, access.edition, which)
    return replace(sample, values={name: text_for(value, access) for name, value in sample.values.items()})


def mail_frame(html: str, *, with_pictures: bool) -> HttpResponse:
    """A mail for a sandboxed frame; the view sets its policy."""
    body = for_preview(html, with_pictures=with_pictures)
    page = (
        '<!DOCTYPE html><html><head><meta charset="utf-8"><title>Mail</title><base target="_blank">'
        '<meta name="color-scheme" content="light"></head>'
        f'<body style="margin:0;background:#fff;color:#1f2933">{body}</body></html>'
    )
    return HttpResponse(page)


@require_http_methods(["GET", "POST"])
@to_book(Role.MANAGER)
def send_test_mail(request: HttpRequest, access: Access, mailing_id: int) -> HttpResponse:
    draft = draft_or_404(access, mailing_id)
    own = access.by.user.email
    if request.method == "GET":
        return _test_dialog(request, access, draft, to=own)
    form = SubmissionForm(request.POST)
    if not form.is_valid():
        raise Http404
    to = request.POST.get("to", "")
    addresses, refused = _addresses(to)
    if refused or not addresses:
        problem = _("Type the address to send the test to.") if not refused else _wrong(refused)
        return _test_dialog(request, access, draft, to=to, problem=problem, status=422)
    sample = sample_for(access, draft, request.POST.get("which", "1"))
    if missing := previewing.render_for(draft, sample).missing:
        problem = _("There is no value for %(names)s yet.") % {"names": ", ".join(missing)}
        return _test_dialog(request, access, draft, to=to, problem=problem, status=422)
    try:
        test_mails.send_test(
            book=access.book,
            mailing_id=mailing_id,
            to=addresses,
            sample=sample,
            token=form.cleaned_data["token"],
            by=access.by,
        )
    except DraftGoneError as error:
        raise Http404 from error
    except NoSenderError:
        problem = _("Choose a sender. Senders are added in the settings.")
        return _test_dialog(request, access, draft, to=to, problem=problem, status=422)
    except TooManyTestMailsError:
        problem = _("A person can send %(count)s test mails an hour. Please wait a while.") % {
            "count": number(limits.TEST_MAILS_PER_HOUR)
        }
        return _test_dialog(request, access, draft, to=to, problem=problem, status=422)
    return _test_dialog(request, access, draft, to=to, sent=len(addresses))


def _test_dialog(
    request: HttpRequest,
    access: Access,
    draft: Mailing,
    *,
    to: str,
    problem: str = "",
    sent: int = 0,
    status: int = 200,
) -> HttpResponse:
    done = ngettext(
        "The test mail to %(count)s address is on its way.", "The test mail to %(count)s addresses is on its way.", sent
    ) % {"count": number(sent)}
    context = {
        **draft_context(access, draft),
        "to": to,
        "problem": problem,
        "done": done if sent else "",
        "which": request.POST.get("which") or request.GET.get("which", "1"),
        "token": uuid4(),
        "dialog_template": "mail/dialogs/test_mail.html",
    }
    return dialog(request, context, status=status)


def _addresses(text: str) -> tuple[list[email_addresses.EmailAddress], list[str]]:
    found: dict[str, email_addresses.EmailAddress] = {}
    refused = []
    for entry in email_addresses.split(text):
        try:
            address = email_addresses.parse(entry)
        except email_addresses.InvalidEmailError:
            refused.append(entry)
        else:
            found[address.key] = address
    return list(found.values()), refused


def _wrong(entries: list[str]) -> str:
    return _("This is no address: %(entries)s") % {"entries": ", ".join(entries[:5])}
