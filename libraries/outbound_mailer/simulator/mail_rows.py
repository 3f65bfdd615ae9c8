"""What the simulator shows of a mail request: its mails and their states, by the clock (section 10, behaviour
22).
"""

from typing import Any

from libraries.outbound_mailer.simulator.call import Call
from libraries.outbound_mailer.simulator.pages import Row, nes_date_time

_LABELS = {"P": "Preparing", "R": "Ready", "I": "Sending", "S": "Sent", "U": "Unsubscribed"}
FINAL = ("S", "U")
_RECIPIENT_LABELS = {"R": "To", "C": "Cc", "B": "Bcc"}


def recipient_status(call: Call, request: dict[str, Any], recipient: dict[str, Any]) -> str:
    """READY, SENDING and SENT follow each other by the clock, from the request or from its reservation on."""
    if request.get("confirmAndSend"):
        return "P"  # waits for a confirmation in the console, which the simulator does not have
    begins = (request.get("reservationUtc") or 0) / 1000 or request["requestedAt"]
    step = call.settings.mail_step_seconds
    if call.now < begins + step:
        return "R"
    if call.now < begins + 2 * step:
        return "I"
    return "U" if recipient["unsubscribed"] else "S"


def mail_status(call: Call, request: dict[str, Any], index: int) -> str:
    statuses = {recipient_status(call, request, recipient) for recipient in request["mails"][index]}
    return "S" if "S" in statuses else statuses.pop()


def status(call: Call, code: str) -> dict[str, str]:
    return call.labelled(code, _LABELS[code])


def recipient_type(call: Call, recipient: dict[str, Any]) -> dict[str, str]:
    code = recipient.get("type") or "R"
    return call.labelled(code, _RECIPIENT_LABELS[code])


def reservation(request: dict[str, Any]) -> Row | None:
    utc = request.get("reservationUtc")
    return nes_date_time(None if utc is None else utc / 1000)


def filled(request: dict[str, Any], index: int, field: str) -> str:
    """Title or body with the `${name}` marks filled in from the request's and the first recipient's
    parameters.
    """
    text: str = request.get(field) or ""
    parameters = {**(request.get("parameters") or {}), **(request["mails"][index][0].get("parameters") or {})}
    for name, value in parameters.items():
        text = text.replace(f"${{{name}}}", value)
    return text


def _common_row(call: Call, request_id: str, request: dict[str, Any], code: str) -> Row:
    return {
        "requestId": request_id,
        "requestDate": nes_date_time(request["requestedAt"]),
        "templateSid": request.get("templateSid"),
        "templateName": request.get("templateName"),
        "emailStatus": status(call, code),
        "senderAddress": request["senderAddress"],
        "senderName": request.get("senderName"),
        "sendDate": nes_date_time(call.now if code in FINAL else None),
    }


def mail_row(call: Call, request_id: str, request: dict[str, Any], index: int) -> Row:
    recipients = request["mails"][index]
    others = f"({len(recipients) - 1})" if len(recipients) > 1 else ""
    is_reserved = request.get("reservationUtc") is not None
    return {
        **_common_row(call, request_id, request, mail_status(call, request, index)),
        "mailId": f"{request_id}{index:04d}",
        "title": filled(request, index, "title"),
        "reservationStatus": call.labelled(*(("Y", "Reserved") if is_reserved else ("N", "Not reserved"))),
        "advertising": bool(request.get("advertising")),
        "representativeRecipient": recipients[0]["address"] + others,
    }


def request_row(call: Call, request_id: str, request: dict[str, Any]) -> Row:
    return {
        **_common_row(call, request_id, request, mail_status(call, request, 0)),
        "dispatchType": "API",
        "reservationDate": reservation(request),
        "requestCount": len(request["mails"]),
        "recipientCount": sum(map(len, request["mails"])),
    }
