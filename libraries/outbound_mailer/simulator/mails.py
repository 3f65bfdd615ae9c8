"""The simulated mail operations (section 10, behaviour 22).

A request is one document; its mails and their states are computed from it and the clock, so that a send to a
large group costs nothing until somebody looks.
"""

import random
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

from libraries.outbound_mailer.errors import InvalidRequestError
from libraries.outbound_mailer.mail_checks import check_request
from libraries.outbound_mailer.mail_types import MailRequest
from libraries.outbound_mailer.simulator.blocks import is_unsubscriber
from libraries.outbound_mailer.simulator.call import JSON_BODY, Call, Route
from libraries.outbound_mailer.simulator.files import attached_files
from libraries.outbound_mailer.simulator.mail_rows import (
    FINAL,
    filled,
    mail_row,
    mail_status,
    recipient_status,
    recipient_type,
    request_row,
    reservation,
    status,
)
from libraries.outbound_mailer.simulator.pages import KOREAN_TIME, Row, page_of
from libraries.outbound_mailer.simulator.replies import Reply, bad_request, json_reply, not_found
from libraries.outbound_mailer.wire import UndecodableError, decode

KIND = "mail request"
REQUEST_ID_DIGITS = 20
_DATE_FORMATS = ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M:%S %f")


def create(call: Call) -> Reply:
    content = _content(call)
    recipients = content.pop("recipients", None) or []
    group_filter = content.get("recipientGroupFilter")
    if group_filter is not None:
        recipients += [{"address": address} for address in _group_members(call, group_filter)]
    if not recipients:
        raise bad_request("recipients")
    mails = [[one] for one in recipients] if content.get("individual", True) else [recipients]
    for mail in mails:
        for recipient in mail:
            recipient["unsubscribed"] = is_unsubscriber(call, recipient["address"])
    document = {
        **content,
        "mails": mails,
        "requestedAt": call.now,
        "attachFiles": attached_files(call, content),
    }
    day = datetime.fromtimestamp(call.now, KOREAN_TIME)
    digits = REQUEST_ID_DIGITS - 8
    request_id = f"{day:%Y%m%d}{random.randrange(10**digits):0{digits}d}"
    call.database.add(KIND, call.place, document, key=request_id)
    return json_reply(201, {"requestId": request_id, "count": len(recipients)})


def _content(call: Call) -> dict[str, Any]:
    content = dict(call.payload)
    date_time = content.pop("reservationDateTime", None)
    if date_time is not None and content.get("reservationUtc") is None:
        content["reservationUtc"] = int(_korean_moment("reservationDateTime", str(date_time)) * 1000)
    try:
        check_request(decode(MailRequest, content), call.now)
    except (UndecodableError, InvalidRequestError) as error:
        raise bad_request(str(error)) from None
    if content.get("templateSid") is not None:
        template = call.database.document("template", call.place, str(content["templateSid"]))
        if template is None:
            raise not_found("templateSid")
        supplied = ("senderAddress", "senderName", "title", "body")
        content = {
            **{name: template.get(name) for name in supplied},
            "templateName": template["name"],
            **content,
        }
    return content


def _group_members(call: Call, group_filter: dict[str, Any]) -> list[str]:
    for name in group_filter["groups"]:
        if not call.book.has_group(name):
            raise not_found("recipientGroupFilter")
    members = [dict.fromkeys(call.book.members(name)) for name in group_filter["groups"]]
    first, *others = members
    if group_filter["andFilter"]:
        return [address for address in first if all(address in other for other in others)]
    return list(dict.fromkeys(address for group in members for address in group))


def get(call: Call) -> Reply:
    request_id, index = _split(call.ids["mail_id"])
    request = _request(call, request_id)
    if index >= len(request["mails"]):
        raise not_found("mailId")
    recipients = [
        {
            "address": recipient["address"],
            "name": recipient.get("name"),
            "type": recipient_type(call, recipient),
            "received": False,
            "receivedDate": None,
            "status": status(call, recipient_status(call, request, recipient)),
            "retryCount": 0,
            "sendResultMessage": None,
            "sendResultCode": None,
            "sendResultCodeMessage": None,
        }
        for recipient in request["mails"][index]
    ]
    row = {
        **mail_row(call, request_id, request, index),
        "emailStatus": status(call, mail_status(call, request, index)),
        "requesterIp": "127.0.0.1",
        "body": filled(request, index, "body"),
        "referencesHeader": request.get("referencesHeader"),
        "reservationDate": reservation(request),
        "attachFiles": request["attachFiles"],
        "recipients": recipients,
    }
    return json_reply(200, row)


def get_list(call: Call) -> Reply:
    request_id = call.ids["request_id"]
    request = _request(call, request_id)
    rows = [mail_row(call, request_id, request, index) for index in range(len(request["mails"]))]
    filters: dict[str, Callable[[Row, str], bool]] = {
        "mailId": lambda row, value: row["mailId"] == value,
        "title": lambda row, value: value in row["title"],
        "recipientAddress": lambda row, value: value in row["representativeRecipient"],
    }
    for name, matches in filters.items():
        if (value := call.parameter(name)) is not None:
            rows = [row for row in rows if matches(row, value)]
    sort_keys = {
        "id": lambda row: row["mailId"],
        "createUtc": lambda row: row["requestDate"]["utc"],
        "statusCode": lambda row: row["emailStatus"]["code"],
    }
    return json_reply(200, page_of(call, _with_status(call, rows), sort_keys))


def get_request_list(call: Call) -> Reply:
    start, end = _moment(call, "start"), _moment(call, "end")
    rows = [
        request_row(call, request_id, request)
        for request_id, request in call.database.documents(KIND, call.place)
        if start <= request["requestedAt"] <= end and _request_matches(call, request_id, request)
    ]
    sort_keys = {
        "createUtc": lambda row: row["requestDate"]["utc"],
        "recipientCount": lambda row: row["recipientCount"],
        "reservationUtc": lambda row: (row["reservationDate"] or {"utc": 0})["utc"],
        "sendUtc": lambda row: (row["sendDate"] or {"utc": 0})["utc"],
        "statusCode": lambda row: row["emailStatus"]["code"],
    }
    return json_reply(200, page_of(call, _with_status(call, rows), sort_keys))


def get_request_status(call: Call) -> Reply:
    request_id = call.ids["request_id"]
    request = _request(call, request_id)
    counts = Counter(recipient_status(call, request, one) for mail in request["mails"] for one in mail)
    total = counts.total()
    finished = sum(counts[code] for code in FINAL)
    answer = {
        "requestId": request_id,
        "readyCompleted": "P" not in counts,
        "allSentSuccess": counts["S"] == total,
        "requestCount": total,
        "sentCount": counts["S"],
        "finishCount": finished,
        "readyCount": total - counts["P"],
        "reservationDate": reservation(request),
        "countsByStatus": [{"status": status(call, code), "count": count} for code, count in counts.items()],
    }
    return json_reply(200, answer)


def _request(call: Call, request_id: str) -> dict[str, Any]:
    request = call.database.document(KIND, call.place, request_id)
    if request is None:
        raise not_found("requestId")
    return request


def _split(mail_id: str) -> tuple[str, int]:
    request_id, index = mail_id[:REQUEST_ID_DIGITS], mail_id[REQUEST_ID_DIGITS:]
    if not index.isdecimal():
        raise not_found("mailId")
    return request_id, int(index)


def _request_matches(call: Call, request_id: str, request: dict[str, Any]) -> bool:
    addresses = {recipient["address"] for mail in request["mails"] for recipient in mail}
    tests: dict[str, Callable[[str], bool]] = {
        "requestId": lambda value: request_id == value,
        "mailId": lambda value: value.startswith(request_id),
        "dispatchType": lambda value: value == "API",
        "title": lambda value: value in (request.get("title") or ""),
        "templateSid": lambda value: str(request.get("templateSid")) == value,
        "senderAddress": lambda value: request["senderAddress"] == value,
        "recipientAddress": lambda value: value in addresses,
    }
    given = ((test, call.parameter(name)) for name, test in tests.items())
    return all(test(value) for test, value in given if value is not None)


def _with_status(call: Call, rows: list[Row]) -> list[Row]:
    codes = call.parameters("sendStatus")
    return [row for row in rows if not codes or row["emailStatus"]["code"] in codes]


def _moment(call: Call, name: str) -> float:
    """`startUtc` in milliseconds, or `startDateTime` in UTC+9; the first wins, one of them is required."""
    utc = call.parameter(f"{name}Utc")
    if utc is not None:
        if not utc.isdecimal():
            raise bad_request(f"{name}Utc")
        return int(utc) / 1000
    return _korean_moment(f"{name}DateTime", call.required(f"{name}DateTime"))


def _korean_moment(field: str, text: str) -> float:
    for date_format in _DATE_FORMATS:
        try:
            return datetime.strptime(text, date_format).replace(tzinfo=KOREAN_TIME).timestamp()
        except ValueError:
            continue
    raise bad_request(field)


ROUTES = (
    Route("POST", "mails", "createMailRequest", create, JSON_BODY),
    Route("GET", "mails/requests", "getMailRequestList", get_request_list),
    Route("GET", "mails/requests/{request_id}/mails", "getMailList", get_list),
    Route("GET", "mails/requests/{request_id}/status", "getMailRequestStatus", get_request_status),
    Route("GET", "mails/{mail_id}", "getMail", get),
)
