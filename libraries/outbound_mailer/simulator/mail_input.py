"""Reads the body of createMailRequest as the service does: null is absent, digits are a number, a template supplies."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from libraries.outbound_mailer import limits
from libraries.outbound_mailer.errors import InvalidRequestError
from libraries.outbound_mailer.mail_checks import check_content
from libraries.outbound_mailer.mail_types import MailRequest
from libraries.outbound_mailer.simulator.call import Call
from libraries.outbound_mailer.simulator.pages import KOREAN_TIME
from libraries.outbound_mailer.simulator.replies import bad_request, not_found
from libraries.outbound_mailer.validation import check_address, check_count, check_sender
from libraries.outbound_mailer.wire import UndecodableError, decode

_DATE_FORMATS = (
    "%Y-%m-%d",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M:%S.%f",
    "%Y-%m-%d %H:%M:%S %f",
)
_SUPPLIED = ("senderAddress", "senderName", "title", "body")


def read_request(call: Call) -> dict[str, Any]:
    """The request as a dictionary, checked and complete, with `recipients` as they came."""
    content = without_nulls(call.payload)
    if not isinstance(content.get("recipients", []), list):
        raise bad_request("recipients")
    template_sid = _integer("templateSid", content.get("templateSid"))
    if template_sid is not None:
        content["templateSid"] = template_sid
    if "parameters" in content:
        content["parameters"] = _parameters("parameters", content["parameters"])
    _read_reservation(call, content)
    given = {name: value for name, value in content.items() if name != "recipients"}
    try:
        check_content(decode(MailRequest, given))
    except (UndecodableError, InvalidRequestError) as error:
        raise bad_request(str(error)) from None
    return _with_template(call, content, template_sid)


def without_nulls(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Many clients write every field that they do not set as null."""
    return {name: value for name, value in payload.items() if value is not None}


def _with_template(call: Call, content: dict[str, Any], template_sid: int | None) -> dict[str, Any]:
    if template_sid is None:
        return content
    template = call.database.document("template", call.place, str(template_sid))
    if template is None:
        raise not_found("templateSid")
    supplied = {name: template.get(name) for name in _SUPPLIED}
    content = {**supplied, "templateName": template["name"], **content}
    try:
        check_sender(content["senderAddress"])
    except InvalidRequestError as error:
        raise bad_request(str(error)) from None
    return content


def _read_reservation(call: Call, content: dict[str, Any]) -> None:
    date_time = content.pop("reservationDateTime", None)
    utc = _integer("reservationUtc", content.get("reservationUtc"))
    if utc is None and date_time is not None:
        utc = int(korean_moment("reservationDateTime", str(date_time)) * 1000)
    if utc is None:
        return
    latest = call.now + limits.RESERVATION_DAYS * 86_400
    if not call.now - 1 <= utc / 1000 <= latest:
        raise bad_request("reservationUtc")
    content["reservationUtc"] = utc


def _integer(field: str, value: object) -> int | None:
    """A number that may come as a float or as digits: the swagger says Double, and JSON libraries convert."""
    if value is None:
        return None
    try:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise ValueError(field)
        return int(value)
    except (ValueError, OverflowError):
        raise bad_request(field) from None


def read_recipients(content: Mapping[str, Any], addresses: Iterable[str]) -> list[tuple[Any, ...]]:
    """(mail, address, name, type, parameters as JSON) of each recipient, those of groups (`addresses`) at the end."""
    is_individual = content.get("individual", True)
    rows: list[tuple[Any, ...]] = []
    copies = {"C": 0, "B": 0}
    for index, item in enumerate(content.get("recipients", [])):
        where = f"recipients[{index}]"
        if not isinstance(item, dict):
            raise bad_request(where)
        address, name, kind = item.get("address"), item.get("name"), item.get("type")
        kind = "R" if kind is None else kind
        if kind not in (("R",) if is_individual else ("R", "C", "B")):
            raise bad_request(f"{where}.type")
        if name is not None and not (isinstance(name, str) and len(name) <= limits.RECIPIENT_NAME_CHARACTERS):
            raise bad_request(f"{where}.name")
        try:
            check_address(f"{where}.address", address)  # type: ignore[arg-type]
        except InvalidRequestError as error:
            raise bad_request(str(error)) from None
        parameters = item.get("parameters")
        text = json.dumps(_parameters(where, parameters), ensure_ascii=False) if parameters else None
        if kind in copies:
            copies[kind] += 1
        rows.append((index if is_individual else 0, address, name, kind, text))
    _check_counts(len(rows), copies)
    for address in addresses:
        rows.append((len(rows) if is_individual else 0, address, None, "R", None))
    if not rows:
        raise bad_request("recipients")
    return rows


def _check_counts(recipients: int, copies: Mapping[str, int]) -> None:
    try:
        check_count("recipients", recipients, maximum=limits.RECIPIENTS_PER_REQUEST)
        for kind, count in copies.items():
            check_count(f"recipients of type {kind}", count, maximum=limits.COPIES_PER_MAIL)
    except InvalidRequestError as error:
        raise bad_request(str(error)) from None


def _parameters(where: str, given: object) -> dict[str, str]:
    if not isinstance(given, dict):
        raise bad_request(f"{where}.parameters")
    return {name: _value(where, value) for name, value in given.items() if value is not None}


def _value(where: str, value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    raise bad_request(f"{where}.parameters")


def group_members(call: Call, group_filter: object) -> list[str]:
    """The addresses of the book that a recipientGroupFilter means now."""
    if not isinstance(group_filter, dict):
        raise bad_request("recipientGroupFilter")
    names, is_and = group_filter.get("groups"), group_filter.get("andFilter")
    is_list = isinstance(names, list) and all(isinstance(name, str) for name in names)
    if not is_list or not 1 <= len(names) <= limits.GROUPS_PER_FILTER or not isinstance(is_and, bool):  # type: ignore[arg-type]
        raise bad_request("recipientGroupFilter")
    for name in names or ():
        if not call.book.has_group(name):
            raise not_found("recipientGroupFilter")
    members = [dict.fromkeys(call.book.members(name)) for name in names or ()]
    first, *others = members
    if is_and:
        return [address for address in first if all(address in other for other in others)]
    return list(dict.fromkeys(address for group in members for address in group))


def korean_moment(field: str, text: str) -> float:
    for date_format in _DATE_FORMATS:
        try:
            return datetime.strptime(text, date_format).replace(tzinfo=KOREAN_TIME).timestamp()
        except ValueError:
            continue
    raise bad_request(field)
