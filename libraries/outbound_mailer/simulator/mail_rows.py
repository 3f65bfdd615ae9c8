"""What the simulator shows of a mail request, its mails and their recipients (section 10, behaviour 22)."""

import re
from collections.abc import Mapping
from typing import Any

from libraries.outbound_mailer.simulator.call import Call
from libraries.outbound_mailer.simulator.mail_store import FINAL, Delivery, StoredRequest, combined
from libraries.outbound_mailer.simulator.pages import Row, nes_date_time

_LABELS = {
    "P": "Preparing to send",
    "R": "Ready to send",
    "I": "Sending",
    "S": "Sent successfully",
    "F": "Failed to send",
    "U": "Unsubscribe",
    "C": "Cancel sending",
    "PF": "Partial failure",
}
_RECIPIENT_LABELS = {"R": "To", "C": "Cc", "B": "Bcc"}
_MARK = re.compile(r"\$\{([^{}]+)\}")


def status(call: Call, code: str) -> dict[str, str]:
    return call.labelled(code, _LABELS[code])


def reservation(request: StoredRequest) -> Row | None:
    utc = request.head.get("reservationUtc")
    return nes_date_time(None if utc is None else utc / 1000)


def filled(text: str, common: Mapping[str, str] | None, own: Mapping[str, str]) -> str:
    """Title or body with the `${name}` marks filled in; a mark without a value stays as it is."""
    values = {**(common or {}), **own}
    return _MARK.sub(lambda mark: values.get(mark[1], mark[0]), text)


def _common_row(call: Call, request: StoredRequest, code: str, done_at: float) -> Row:
    return {
        "requestId": request.request_id,
        "requestDate": nes_date_time(request.times.requested_at),
        "templateSid": request.head.get("templateSid"),
        "templateName": request.head.get("templateName"),
        "emailStatus": status(call, code),
        "senderAddress": request.head["senderAddress"],
        "senderName": request.head.get("senderName"),
        "sendDate": nes_date_time(done_at if code in FINAL else None),
    }


def mail_row(call: Call, request: StoredRequest, index: int, first: Delivery, code: str) -> Row:
    """A mail of the list, whose first recipient is `first` and whose status is `code`."""
    others = request.recipient_count - 1 if request.is_common else 0
    is_reserved = request.head.get("reservationUtc") is not None
    return {
        **_common_row(call, request, code, request.finished_at(index)),
        "mailId": request.mail_id(index),
        "title": filled(request.title, request.head.get("parameters"), first.parameters),
        "reservationStatus": call.labelled(*(("Y", "Reserved") if is_reserved else ("N", "Not reserved"))),
        "advertising": bool(request.head.get("advertising")),
        "representativeRecipient": first.address + (f"({others})" if others else ""),
    }


def whole_mail(call: Call, request: StoredRequest, index: int, body: str, deliveries: list[Delivery]) -> Row:
    """The answer of getMail."""
    code = request.status_of(index, combined(one.status for one in deliveries), call.now)
    first, common = deliveries[0], request.head.get("parameters")
    return {
        **_common_row(call, request, code, request.finished_at(index)),
        "mailId": request.mail_id(index),
        "title": filled(request.title, common, first.parameters),
        "advertising": bool(request.head.get("advertising")),
        "requesterIp": "127.0.0.1",
        "body": filled(body, common, first.parameters),
        "referencesHeader": request.head.get("referencesHeader"),
        "reservationDate": reservation(request),
        "attachFiles": request.head["attachFiles"],
        "recipients": [_recipient_row(call, request, index, one) for one in deliveries],
    }


def _recipient_row(call: Call, request: StoredRequest, index: int, one: Delivery) -> Row:
    code = request.status_of(index, one.status, call.now)
    is_final = code in FINAL
    is_received = is_final and one.is_received
    result: dict[str, Any] = {
        "received": is_received,
        "receivedDate": nes_date_time(request.finished_at(index) if is_received else None),
        "status": status(call, code),
        "retryCount": one.retries if is_final else 0,
        "sendResultMessage": one.message if is_final else None,
        "sendResultCode": one.code if is_final else None,
        "sendResultCodeMessage": one.code.replace("_", " ").capitalize() if is_final and one.code else None,
    }
    kind = call.labelled(one.type, _RECIPIENT_LABELS[one.type])
    return {"address": one.address, "name": one.name, "type": kind, **result}


def request_row(call: Call, request: StoredRequest, code: str) -> Row:
    return {
        **_common_row(call, request, code, request.finished_at(request.mail_count - 1)),
        "dispatchType": "API",
        "reservationDate": reservation(request),
        "requestCount": request.mail_count,
        "recipientCount": request.recipient_count,
    }
