"""The simulated send blocks, unsubscribers and their settings (section 10, behaviour 23).

Two lists that know nothing of each other: the service itself blocks an address after a hard bounce, from all mail, for
7 days; unsubscribers get no advertising mail until they are taken off again.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from libraries.outbound_mailer import limits
from libraries.outbound_mailer.simulator.books import is_address
from libraries.outbound_mailer.simulator.call import JSON_BODY, Call, Route
from libraries.outbound_mailer.simulator.pages import nes_date_time, page_of
from libraries.outbound_mailer.simulator.replies import Reply, bad_request, json_reply

UNSUBSCRIBER = "unsubscriber"
CONFIG = "config"
_UNIT_SECONDS = {"HOUR": 3_600, "DAY": 86_400}


def unsubscribed(call: Call, addresses: Sequence[str]) -> frozenset[str]:
    """Those of the addresses that refuse advertising mail."""
    select = "SELECT key FROM documents WHERE kind = ? AND place = ? AND key IN (SELECT value FROM json_each(?))"
    return frozenset(key for (key,) in call.database.rows(select, UNSUBSCRIBER, call.place, json.dumps(addresses)))


def blocked(call: Call, addresses: Sequence[str]) -> frozenset[str]:
    """Those of the addresses that no mail is sent to now."""
    select = (
        "SELECT address FROM send_blocks WHERE place = ? AND since <= ? AND until > ? "
        "AND address IN (SELECT value FROM json_each(?))"
    )
    rows = call.database.rows(select, call.place, call.now, call.now, json.dumps(addresses))
    return frozenset(address for (address,) in rows)


def add_blocks(call: Call, bounced: Iterable[tuple[str, str, str | None, float]]) -> None:
    """Blocks each (address, code, message, since) after its hard bounce."""
    seconds = _block_seconds(call)
    rows = ((call.place, address, code, message, since, since + seconds) for address, code, message, since in bounced)
    insert = "INSERT INTO send_blocks (place, address, code, message, since, until) VALUES (?, ?, ?, ?, ?, ?)"
    call.database.run_many(insert, rows)


def get_send_block_list(call: Call) -> Reply:
    address = call.required("targetAddress")
    select = (
        "SELECT number, code, message, since, until FROM send_blocks WHERE place = ? AND address = ? AND since <= ?"
    )
    events: list[dict[str, Any]] = []
    until = None
    for number, code, message, since, ends in call.database.rows(select, call.place, address, call.now):
        events.append(_event(call, address, ("C", "Create"), since, 2 * number - 1, code, message))
        if ends <= call.now:
            events.append(_event(call, address, ("D", "Delete"), ends, 2 * number))
        else:
            until = ends
    events.sort(key=lambda event: event["requestDate"]["utc"])
    page = page_of(call, events, {"createUtc": lambda event: event["requestDate"]["utc"]}, default="createUtc")
    label = call.labelled("", "Not blocked" if until is None else "Blocked")["label"]
    return json_reply(200, {**page, "registerStatus": label, "expectedDeleteDate": nes_date_time(until)})


def _event(
    call: Call,
    address: str,
    action: tuple[str, str],
    at: float,
    sid: int,
    code: str | None = None,
    message: str | None = None,
) -> dict[str, Any]:
    return {
        "targetAddress": address,
        "actionType": call.labelled(*action),
        "actionRequesterType": call.labelled("SYSTEM", "System"),
        "requestDate": nes_date_time(at),
        "sendResultCode": code,
        "sendResultMessage": message,
        "historySid": sid,
    }


def register(call: Call) -> Reply:
    return _change(call, adds=True)


def delete(call: Call) -> Reply:
    return _change(call, adds=False)


def _change(call: Call, *, adds: bool) -> Reply:
    """Those that are already as asked for are counted as ignored."""
    receivers = call.payload.get("blockedReceivers")
    if not isinstance(receivers, list) or not receivers or not all(map(is_address, receivers)):
        raise bad_request("blockedReceivers")
    there = unsubscribed(call, receivers)
    changing = [one for one in dict.fromkeys(receivers) if (one in there) is not adds]
    for address in changing:
        if adds:
            call.database.add(UNSUBSCRIBER, call.place, {"at": call.now}, key=address)
        else:
            call.database.remove(UNSUBSCRIBER, call.place, address)
    ignored = len(receivers) - len(changing)
    counts = {"count": len(changing), "requestCount": len(receivers), "ignoreCount": ignored}
    return json_reply(201 if adds else 200, counts)


def get_unsubscribers(call: Call) -> Reply:
    wanted, by_manager = call.parameter("emailAddress"), call.parameter("isRegByManager")
    rows = [
        {"address": address, "blockDate": nes_date_time(content.get("at", 0)), "isRegByManager": True}
        for address, content in call.database.documents(UNSUBSCRIBER, call.place)
        if wanted in (None, address) and by_manager in (None, "true", "1")
    ]
    for name, keeps in (("startUtc", lambda utc, row: row >= utc), ("endUtc", lambda utc, row: row <= utc)):
        if (utc := call.parameter(name)) is not None:
            if not (utc.isascii() and utc.isdigit()):
                raise bad_request(name)
            rows = [row for row in rows if keeps(int(utc), row["blockDate"]["utc"])]  # type: ignore[index]
    return json_reply(200, page_of(call, rows, {"createUtc": lambda row: row["blockDate"]["utc"]}, default="createUtc"))


def get_config(call: Call) -> Reply:
    return json_reply(200, _config(call))


def create_config(call: Call) -> Reply:
    value, unit = call.payload.get("value"), call.payload.get("unit")
    is_number = isinstance(value, str) and value.isascii() and value.isdigit() and 0 < int(value) < 10_000
    if call.payload.get("type") != "SEND_BLOCK_TIME" or not is_number or unit not in _UNIT_SECONDS:
        raise bad_request("value")
    config = {"type": "SEND_BLOCK_TIME", "subType": None, "value": value, "unit": unit}
    call.database.remove(CONFIG, call.place, CONFIG)
    call.database.add(CONFIG, call.place, config, key=CONFIG)
    return json_reply(200, config)


def _config(call: Call) -> dict[str, Any]:
    usual = {"type": "SEND_BLOCK_TIME", "subType": None, "value": "168", "unit": "HOUR"}
    return call.database.document(CONFIG, call.place, CONFIG) or usual


def _block_seconds(call: Call) -> int:
    if not call.settings.undocumented_operations:
        return limits.SEND_BLOCK_SECONDS
    config = _config(call)
    return int(config["value"]) * _UNIT_SECONDS[config["unit"]]


ROUTES = (
    Route("GET", "send-block", "getSendBlockList", get_send_block_list),
    Route("POST", "unsubscribers", "registerUnsubscribers", register, JSON_BODY),
    Route("DELETE", "unsubscribers", "deleteUnsubscribers", delete, JSON_BODY),
    Route("GET", "unsubscribers", "getUnsubscribersList", get_unsubscribers, is_documented=False),
    Route("GET", "config", "getConfig", get_config, is_documented=False),
    Route("POST", "config", "createConfig", create_config, JSON_BODY, is_documented=False),
)
