"""What the API documents as wrong in a mail request, or its successor does where the pages of v1 are silent."""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta

from libraries.outbound_mailer import limits
from libraries.outbound_mailer.errors import InvalidRequestError
from libraries.outbound_mailer.mail_types import MailRequest, Recipient
from libraries.outbound_mailer.shapes import check_shape
from libraries.outbound_mailer.types import Template
from libraries.outbound_mailer.validation import (
    check_address,
    check_bytes,
    check_count,
    check_given,
    check_line,
    check_sender,
    check_text,
)


def check_request(request: MailRequest, now_seconds: float, *, template: Template | None = None) -> None:
    """Raises InvalidRequestError for a mail request that should not be sent."""
    if not isinstance(request, MailRequest):
        raise InvalidRequestError("request", "A MailRequest is needed")
    check_shape(request)
    check_content(request)
    _check_sharing(request)
    if template is not None:
        _check_template(request, template)
    _check_reservation(request.reservation_utc, now_seconds)
    _check_recipients(request)


def check_content(request: MailRequest) -> None:
    """The part of `check_request` that is not about recipients and time."""
    if request.template_sid is None:
        check_given("senderAddress", request.sender_address)
        check_given("title", request.title)
        check_given("body", request.body)
    if request.sender_address is not None:
        check_sender(request.sender_address)
    check_line("senderName", request.sender_name)
    check_bytes("senderName", request.sender_name, limits.SENDER_NAME_BYTES)
    check_line("title", request.title)
    check_bytes("title", request.title, limits.TITLE_BYTES)
    check_text("unsubscribeMessage", request.unsubscribe_message)
    check_bytes("body", (request.body or "") + (request.unsubscribe_message or ""), limits.BODY_BYTES)
    if not request.use_basic_unsubscribe_msg:
        check_given("unsubscribeMessage", request.unsubscribe_message)
    check_line("referencesHeader", request.references_header)
    check_count("referencesHeader", len(request.references_header or ""), maximum=limits.REFERENCES_HEADER_CHARACTERS)
    check_text("attachFileIds", *(request.attach_file_ids or ()))
    _check_parameters("parameters", request.parameters)


def _check_sharing(request: MailRequest) -> None:
    """SENS mail v2 refuses both; v1 says nothing, and would show all recipients of an advertisement to each other."""
    if request.individual:
        return
    if request.advertising:
        raise InvalidRequestError("advertising", "Only with a mail for each recipient (individual)")
    if request.recipient_group_filter is not None:
        raise InvalidRequestError("recipientGroupFilter", "Only with a mail for each recipient (individual)")


def _check_template(request: MailRequest, template: Template) -> None:
    if request.template_sid != template.sid:
        raise InvalidRequestError("templateSid", "Not the template that was given")
    if request.sender_address is None:
        check_sender(template.sender_address)


def _check_parameters(field: str, parameters: Mapping[str, str] | None) -> None:
    if parameters:
        check_text(field, *parameters, *parameters.values())


def _check_reservation(reservation: int | None, now_seconds: float) -> None:
    if reservation is None:
        return
    latest = now_seconds + timedelta(days=limits.RESERVATION_DAYS).total_seconds()
    if reservation / 1000 < now_seconds:
        raise InvalidRequestError("reservationUtc", "In the past; milliseconds since 1970 are needed")
    if reservation / 1000 > latest:
        raise InvalidRequestError(
            "reservationUtc", f"At most {limits.RESERVATION_DAYS} days ahead", limit=limits.RESERVATION_DAYS
        )


def _check_recipients(request: MailRequest) -> None:
    recipients = request.recipients or ()
    if request.recipient_group_filter is not None:
        groups = request.recipient_group_filter.groups
        where = "recipientGroupFilter.groups"
        check_count(where, len(groups), minimum=1, maximum=limits.GROUPS_PER_FILTER)
        check_text(where, *groups)
    else:
        check_count("recipients", len(recipients), minimum=1)
    check_count("recipients", len(recipients), maximum=limits.RECIPIENTS_PER_REQUEST)
    for index, recipient in enumerate(recipients):
        _check_recipient(f"recipients[{index}]", recipient, individual=request.individual)
    types = Counter(recipient.type for recipient in recipients)
    for copy in ("C", "B"):
        check_count(f"recipients of type {copy}", types[copy], maximum=limits.COPIES_PER_MAIL)


def _check_recipient(where: str, recipient: Recipient, *, individual: bool) -> None:
    check_address(f"{where}.address", recipient.address)
    if recipient.name is not None:
        check_line(f"{where}.name", recipient.name)
        check_count(f"{where}.name", len(recipient.name), maximum=limits.RECIPIENT_NAME_CHARACTERS)
    _check_parameters(f"{where}.parameters", recipient.parameters)
    allowed = ("R",) if individual else ("R", "C", "B")
    if recipient.type not in allowed:
        raise InvalidRequestError(f"{where}.type", f"One of {', '.join(allowed)}", limit=", ".join(allowed))
