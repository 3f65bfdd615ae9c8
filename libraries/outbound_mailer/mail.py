"""The mail operations (fact sheet section 6.1)."""

from collections.abc import Callable, Sequence
from datetime import datetime

from libraries.outbound_mailer.errors import InvalidRequestError
from libraries.outbound_mailer.mail_checks import check_request
from libraries.outbound_mailer.mail_types import (
    AcceptedMailRequest,
    Mail,
    MailPage,
    MailRequest,
    MailRequestPage,
    MailRequestStatus,
)
from libraries.outbound_mailer.transport import Transport
from libraries.outbound_mailer.types import Template
from libraries.outbound_mailer.validation import check_count, check_id, check_text, size_of
from libraries.outbound_mailer.wire import encode


class MailOperations:
    """Sending, and what became of it. History goes back two months."""

    def __init__(self, transport: Transport, clock: Callable[[], float]) -> None:
        self._transport = transport
        self._clock = clock

    def create_request(self, request: MailRequest, *, template: Template | None = None) -> AcceptedMailRequest:
        """createMailRequest: accepts mails for sending, later; poll `get_request_status` [D].

        At most 100,000 recipients (more through address book groups), 30 CC and 30 BCC, a body of 500 KB, a
        title of 500 bytes, 30 days ahead; 1,000,000 mails a month by default [D]. A repeated call sends
        again: there is no idempotency key.

        `template` is what the request's `template_sid` was read as: what it supplies is then checked too.
        """
        check_request(request, self._clock(), template=template)
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
        query = _given([*filters, *_codes(send_status)])
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
        query = [*span, *_given([*filters, *_codes(send_status)])]
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
    size_of("sort", sort)
    check_text("sort", *sort)
    return [("size", str(size)), ("page", str(page)), *(("sort", order) for order in sort)]


def _milliseconds(field: str, moment: datetime) -> int:
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise InvalidRequestError(field, "Must be a moment with a time zone")
    return round(moment.timestamp() * 1000)


def _codes(codes: Sequence[str]) -> list[tuple[str, str | None]]:
    size_of("sendStatus", codes)
    return [("sendStatus", code) for code in codes]


def _given(filters: Sequence[tuple[str, str | None]]) -> list[tuple[str, str]]:
    for name, value in filters:
        check_text(name, value)
    return [(name, value) for name, value in filters if value is not None]
