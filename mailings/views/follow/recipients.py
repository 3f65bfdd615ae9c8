"""The recipients of a mailing: the table, searched and filtered, and the mail that one of them got."""

from typing import Any

from csp.decorators import csp_replace
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from libraries.outbound_mailer import InvalidRequestError, PermanentError
from mailings.forms.listing import number_from
from mailings.models import Mailing, MailingState, Recipient, RecipientState
from mailings.services.results import recipients
from mailings.services.results.reasons import Reason
from mailings.services.results.received import NotKeptError, Received, received
from mailings.services.results.recipients import Filters
from mailings.views.compose.preview import FRAME_POLICY, mail_frame
from mailings.views.follow import sentences
from workspace.models import Role
from workspace.services.books.connection import MailerError, NotConnectedError
from workspace.views.books.connection_sentences import verdict_on_failure
from workspace.views.pages.access import Access, to_book


def may_search(access: Access) -> bool:
    """Who sees addresses masked must not find out by a search what is hidden."""
    return not access.sees_masked or access.may_edit


def recipients_context(request: HttpRequest, access: Access, mailing: Mailing, reasons: list[Reason]) -> dict[str, Any]:
    """`result` is a state, or the name of one of the `reasons`."""
    data = request.POST if request.method == "POST" else request.GET
    result = data.get("result", "")
    query = request.POST.get("query", "").strip().lower() if may_search(access) else ""
    reason = next((reason for reason in reasons if reason.name == result), None)
    state = reason.state if reason else result if result in RecipientState.values else ""
    is_before = "before" in data
    number = number_from(data.get("before" if is_before else "after", ""))
    filters = Filters(state=state, code=reason.code if reason else None, beginning=query)
    page = recipients.page_of(mailing, filters, number=number, is_before=is_before)
    return {
        "recipients": [(row, sentences.result(row)) for row in page.rows],
        "previous_number": page.previous,
        "next_number": page.following,
        # Until then, that there are no rows says nothing about the filter.
        "is_prepared": mailing.state != MailingState.FREEZING,
        "result": result,
        "query": query,
        "after": "" if is_before or number is None else number,
        "before": number if is_before and number is not None else "",
        "may_search": may_search(access),
        "results": RecipientState.choices,
        "reason_results": [(reason.name, sentences.reason_line(reason)) for reason in reasons if reason.code],
    }


def mail_dialog(access: Access, mailing: Mailing, number: int) -> dict[str, Any]:
    """What this person got; what was confirmed for them where the service does not have it (any more)."""
    recipient = _recipient_or_404(access, mailing, number)
    found: Received | None = None
    problem = ""
    try:
        found = received(book=access.book, mailing=mailing, recipient=recipient)
    except (NotKeptError, InvalidRequestError):
        problem = _not_kept()
    except (NotConnectedError, MailerError) as error:
        is_gone = isinstance(error, PermanentError) and error.does_not_exist
        problem = _not_kept() if is_gone else verdict_on_failure(error, access.book).sentence
    return {
        "recipient": recipient,
        "received": found,
        "received_status": sentences.service_status(found.status) if found else "",
        "problem": problem,
        "dialog_template": "mail/dialogs/received.html",
    }


def _not_kept() -> str:
    return _("The service does not have this mail: it was not sent, or more than two months ago.")


@require_safe
@xframe_options_sameorigin
@csp_replace(FRAME_POLICY)  # type: ignore[arg-type]  # its type knows views without arguments only
@to_book(Role.VIEWER)
def received_frame(request: HttpRequest, access: Access, mailing_id: int, number: int) -> HttpResponse:
    mailing = Mailing.objects.filter(book=access.book, pk=mailing_id).first()
    if mailing is None:
        raise Http404
    recipient = _recipient_or_404(access, mailing, number)
    mail_id = request.GET.get("mail", "")[:40]
    try:
        found = received(book=access.book, mailing=mailing, recipient=recipient, mail_id=mail_id)
    except (NotKeptError, NotConnectedError, MailerError, InvalidRequestError) as error:
        raise Http404 from error
    return mail_frame(found.body, with_pictures=request.GET.get("pictures") == "1")


def _recipient_or_404(access: Access, mailing: Mailing, number: int) -> Recipient:
    if not may_search(access):
        # A mail may hold the address that they see masked.
        raise PermissionDenied
    recipient = Recipient.objects.filter(mailing=mailing, number=number).exclude(email="").first()
    if recipient is None:
        raise Http404
    return recipient
