"""The mail operations (fact sheet section 6.1)."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from libraries.outbound_mailer import limits
from libraries.outbound_mailer.errors import InvalidRequestError
from libraries.outbound_mailer.mail_types import (
    AcceptedMailRequest,
    Mail,
    MailPage,
    MailRequest,
    MailRequestPage,
    MailRequestStatus,
    Recipient,
)
from libraries.outbound_mailer.transport import Transport
from libraries.outbound_mailer.validation import (
    check_address,
    check_bytes,
    check_count,
    check_given,
    check_id,
    check_text,
)
from libraries.outbound_mailer.wire import encode

# The page names these and adds "etc.": those that are known are refused here, the service refuses the others.
_REFUSED_SENDER_DOMAINS = ("naver.com", "navercorp.com", "ncloud.com")


class MailOperations:
    """Sending, and what became of it. History goes back two months."""

    def __init__(self, transport: Transport, clock: Callable[[], float]) -> None:
        self._transport = transport
        self._clock = clock

    def create_request(self, request: MailRequest) -> AcceptedMailRequest:
        """createMailRequest: accepts mails for sending, later; poll `get_request_status` [D].

        At most 100,000 recipients (more through address book groups), 30 CC and 30 BCC, a body of 500 KB, a
        title of 500 bytes, 30 days ahead; 1,000,000 mails a month by default [D]. A repeated call sends
        again: there is no idempotency key.
        """
        check_request(request, self._clock())
        return self._transport.call(AcceptedMailRequest, "POST", "mails", payload=encode(request))

    def get(self, mail_id: str) -> Mail:
        """getMail: one mail with its recipients and their results [D]."""
        return self._transport.call(Mail, "GET", "mails", check_id("mailId", mail_id))

    def get_list(
        self,
        request_id: str,
        *,
        mail_id: str | None = None,
        recipient_address: str | None = None,
        title: str | None = None,
        send_status: Sequence[str] = (),
        page: int = 0,
        size: int = 10,
        sort: Sequence[str] = (),
    ) -> MailPage:
        """getMailList: the mails of a request [D].

        `title` finds parts; `send_status` takes R, I, S, F, U, C, PF; `sort` takes `id`, `createUtc`,
        `statusCode`, each with `,asc` or `,desc`.
        """
        filters = [("mailId", mail_id), ("recipientAddress", recipient_address), ("title", title)]
        query = _given([*filters, *(("sendStatus", code) for code in send_status)])
        path = ("mails", "requests", check_id("requestId", request_id), "mails")
        return self._transport.call(MailPage, "GET", *path, query=query + page_query(page, size, sort))

    def get_request_list(
        self,
        start: datetime,
        end: datetime,
        *,
        request_id: str | None = None,
        mail_id: str | None = None,
        dispatch_type: str | None = None,
        title: str | None = None,
        template_sid: int | None = None,
        sender_address: str | None = None,
        recipient_address: str | None = None,
        send_status: Sequence[str] = (),
        page: int = 0,
        size: int = 10,
        sort: Sequence[str] = (),
    ) -> MailRequestPage:
        """getMailRequestList: the requests made between two moments, which must know their time zone [D].

        `dispatch_type` is CONSOLE or API; `sort` takes `createUtc`, `recipientCount`, `reservationUtc`,
        `sendUtc`, `statusCode`.
        """
        filters = [
            ("requestId", request_id),
            ("mailId", mail_id),
            ("dispatchType", dispatch_type),
            ("title", title),
            ("templateSid", None if template_sid is None else str(template_sid)),
            ("senderAddress", sender_address),
            ("recipientAddress", recipient_address),
        ]
        span = [
            ("startUtc", str(_milliseconds("startUtc", start))),
            ("endUtc", str(_milliseconds("endUtc", end))),
        ]
        query = [*span, *_given([*filters, *(("sendStatus", code) for code in send_status)])]
        query += page_query(page, size, sort)
        return self._transport.call(MailRequestPage, "GET", "mails", "requests", query=query)

    def get_request_status(self, request_id: str) -> MailRequestStatus:
        """getMailRequestStatus: how far a request is, by counts [D]."""
        path = ("mails", "requests", check_id("requestId", request_id), "status")
        return self._transport.call(MailRequestStatus, "GET", *path)


def page_query(page: int, size: int, sort: Sequence[str]) -> list[tuple[str, str]]:
    """The paging part of a query: `page` counts from 0; `sort` is `property` or `property,desc`, several
    allowed [D].
    """
    check_count("page", page)
    check_count("size", size, minimum=1)
    check_text("sort", *sort)
    return [("size", str(size)), ("page", str(page)), *(("sort", order) for order in sort)]


def _milliseconds(field: str, moment: datetime) -> int:
    if moment.tzinfo is None:
        raise InvalidRequestError(field, "The moment needs a time zone")
    return round(moment.timestamp() * 1000)


def _given(filters: Sequence[tuple[str, str | None]]) -> list[tuple[str, str]]:
    for name, value in filters:
        check_text(name, value)
    return [(name, value) for name, value in filters if value is not None]


def check_request(request: MailRequest, now_seconds: float) -> None:
    """Raises InvalidRequestError for a mail request that the API documents as wrong."""
    _check_content(request)
    _check_reservation(request.reservation_utc, now_seconds)
    _check_recipients(request)


def _check_content(request: MailRequest) -> None:
    if request.template_sid is None:
        for field, value in (
            ("senderAddress", request.sender_address),
            ("title", request.title),
            ("body", request.body),
        ):
            check_given(field, value)
    if request.sender_address is not None:
        check_address("senderAddress", request.sender_address)
        if request.sender_address.rpartition("@")[2].lower() in _REFUSED_SENDER_DOMAINS:
            refused = ", ".join(_REFUSED_SENDER_DOMAINS)
            raise InvalidRequestError("senderAddress", f"Not from {refused}", limit=refused)
    check_bytes("senderName", request.sender_name, limits.SENDER_NAME_BYTES)
    check_bytes("title", request.title, limits.TITLE_BYTES)
    check_text("unsubscribeMessage", request.unsubscribe_message)
    check_bytes("body", (request.body or "") + (request.unsubscribe_message or ""), limits.BODY_BYTES)
    if not request.use_basic_unsubscribe_msg:
        check_given("unsubscribeMessage", request.unsubscribe_message)
    if request.references_header is not None:
        check_count(
            "referencesHeader",
            len(request.references_header),
            minimum=limits.REFERENCES_HEADER_MINIMUM_CHARACTERS,
            maximum=limits.REFERENCES_HEADER_CHARACTERS,
        )
    check_text("referencesHeader", request.references_header)
    check_text("attachFileIds", *(request.attach_file_ids or ()))
    _check_parameters("parameters", request.parameters)


def _check_parameters(field: str, parameters: Mapping[str, str] | None) -> None:
    check_text(field, *(parameters or {}), *(parameters or {}).values())


def _check_reservation(reservation: int | None, now_seconds: float) -> None:
    latest = now_seconds + timedelta(days=limits.RESERVATION_DAYS).total_seconds()
    if reservation is not None and reservation / 1000 > latest:
        raise InvalidRequestError(
            "reservationUtc",
            f"At most {limits.RESERVATION_DAYS} days ahead",
            limit=limits.RESERVATION_DAYS,
        )


def _check_recipients(request: MailRequest) -> None:
    recipients = request.recipients or ()
    if request.recipient_group_filter is not None:
        check_count(
            "recipientGroupFilter.groups",
            len(request.recipient_group_filter.groups),
            minimum=1,
            maximum=limits.GROUPS_PER_FILTER,
        )
        check_text("recipientGroupFilter.groups", *request.recipient_group_filter.groups)
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
    check_bytes(f"{where}.name", recipient.name, limits.RECIPIENT_NAME_CHARACTERS)
    _check_parameters(f"{where}.parameters", recipient.parameters)
    allowed = ("R",) if individual else ("R", "C", "B")
    if recipient.type not in allowed:
        raise InvalidRequestError(f"{where}.type", f"One of {', '.join(allowed)}", limit=", ".join(allowed))
