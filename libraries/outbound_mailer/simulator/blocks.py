"""The simulated send blocks and unsubscribers (section 10, behaviour 23)."""

from libraries.outbound_mailer.simulator.books import is_address
from libraries.outbound_mailer.simulator.call import JSON_BODY, Call, Route
from libraries.outbound_mailer.simulator.pages import nes_date_time, page_of
from libraries.outbound_mailer.simulator.replies import Reply, bad_request, json_reply

UNSUBSCRIBER = "unsubscriber"
EVENT = "block event"


def is_unsubscriber(call: Call, address: str) -> bool:
    return call.database.document(UNSUBSCRIBER, call.place, address) is not None


def get_send_block_list(call: Call) -> Reply:
    address = call.required("targetAddress")
    events = [
        {
            "targetAddress": address,
            "actionType": call.labelled(event["action"], "Blocked" if event["action"] == "C" else "Released"),
            "actionRequestType": call.labelled("CUSTOMER", "Customer"),
            "requestDate": nes_date_time(event["at"]),
            "sendResultCode": None,
            "sendResultMessage": None,
            "historySid": int(number),
        }
        for number, event in call.database.documents(EVENT, call.place)
        if event["address"] == address
    ]
    page = page_of(call, events, {"createUtc": lambda row: row["requestDate"]["utc"]})
    status = call.labelled("", "Registered" if is_unsubscriber(call, address) else "Not registered")["label"]
    return json_reply(200, {**page, "registerStatus": status, "expectedDeleteDate": None})


def register(call: Call) -> Reply:
    return _change(call, blocks=True)


def delete(call: Call) -> Reply:
    return _change(call, blocks=False)


def _change(call: Call, *, blocks: bool) -> Reply:
    """Those that are already as asked for are counted as ignored."""
    receivers = call.payload.get("blockedReceivers")
    if not isinstance(receivers, list) or not receivers or not all(map(is_address, receivers)):
        raise bad_request("blockedReceivers")
    changed = 0
    with call.database.transaction():
        for address in receivers:
            if is_unsubscriber(call, address) is blocks:
                continue
            changed += 1
            if blocks:
                call.database.add(UNSUBSCRIBER, call.place, {}, key=address)
            else:
                call.database.remove(UNSUBSCRIBER, call.place, address)
            event = {"address": address, "action": "C" if blocks else "D", "at": call.now}
            call.database.add(EVENT, call.place, event)
    counts = {"count": changed, "requestCount": len(receivers), "ignoreCount": len(receivers) - changed}
    return json_reply(201 if blocks else 200, counts)


ROUTES = (
    Route("GET", "send-block", "getSendBlockList", get_send_block_list),
    Route("POST", "unsubscribers", "registerUnsubscribers", register, JSON_BODY),
    Route("DELETE", "unsubscribers", "deleteUnsubscribers", delete, JSON_BODY),
)
