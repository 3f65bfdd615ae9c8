"""The simulated mail operations (section 10, behaviour 22)."""

import random
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from libraries.outbound_mailer.simulator import outcomes
from libraries.outbound_mailer.simulator.blocks import add_blocks, blocked, unsubscribed
from libraries.outbound_mailer.simulator.call import JSON_BODY, Call, Route
from libraries.outbound_mailer.simulator.files import attached_files
from libraries.outbound_mailer.simulator.mail_input import group_members, korean_moment, read_recipients, read_request
from libraries.outbound_mailer.simulator.mail_rows import filled, mail_row, request_row, reservation, status, whole_mail
from libraries.outbound_mailer.simulator.mail_store import FINAL, MailStore, StoredRequest, Timeline, combined
from libraries.outbound_mailer.simulator.pages import KOREAN_TIME, page_of
from libraries.outbound_mailer.simulator.replies import Reply, bad_request, json_reply, not_found
from libraries.outbound_mailer.simulator.settings import ListOrder

REQUEST_ID_DIGITS = 20


def create(call: Call) -> Reply:
    content = read_request(call)
    group_filter = content.get("recipientGroupFilter")
    recipients = read_recipients(content, group_members(call, group_filter) if group_filter is not None else ())
    recipients = recipients[: max(1, len(recipients) - call.settings.dropped_recipients)]
    head = {name: value for name, value in content.items() if name not in ("title", "body", "recipients")}
    head["attachFiles"] = attached_files(call, content)
    times = _timeline(call, content)
    rows = _with_results(call, recipients, times, is_advertising=bool(content.get("advertising")))
    day = datetime.fromtimestamp(call.now, KOREAN_TIME)
    digits = REQUEST_ID_DIGITS - 8
    request_id = f"{day:%Y%m%d}{random.randrange(10**digits):0{digits}d}"
    MailStore(call.database, call.place).add(request_id, times, head, (content["title"], content["body"]), rows)
    return json_reply(201, {"requestId": request_id, "count": len(rows)})


def _timeline(call: Call, content: dict[str, Any]) -> Timeline:
    settings, now = call.settings, call.now
    ready_at = now + settings.preparing_seconds
    begins_at = max(ready_at, (content.get("reservationUtc") or 0) / 1000)
    # A mail to be confirmed waits for a person at the console, which the simulator does not have.
    waits = bool(content.get("confirmAndSend"))
    delay = settings.listing_delay_seconds
    return Timeline(
        requested_at=now,
        listed_at=None if delay is None else now + delay,
        ready_at=ready_at,
        starts_at=None if waits else begins_at + settings.mail_step_seconds,
        done_at=None if waits else begins_at + 2 * settings.mail_step_seconds,
        seconds_each=1 / settings.mails_per_second if settings.mails_per_second else 0.0,
    )


def _with_results(call: Call, recipients: list[Any], times: Timeline, *, is_advertising: bool) -> list[Any]:
    """The rows with (status, code, message, retries, received), and the blocks that follow from them."""
    addresses = [row[1] for row in recipients]
    refusing = unsubscribed(call, addresses) if is_advertising else frozenset()
    closed = blocked(call, addresses)
    rules = call.outcomes.rules()
    rows: list[Any] = []
    bounced: list[tuple[str, str, str | None, float]] = []
    for row in recipients:
        address = row[1]
        result: outcomes.Result
        if address in refusing:
            result = outcomes.UNSUBSCRIBED
        elif address in closed:
            result = outcomes.NOT_TRIED
        else:
            result = next((rule.result for rule in rules if rule.fits(address)), outcomes.SENT)
            code = result[1]
            if code in outcomes.HARD_BOUNCES and code and times.done_at is not None:
                bounced.append((address, code, result[2], times.done_at + row[0] * times.seconds_each))
        rows.append((*row, *result))
    add_blocks(call, bounced)
    return rows


def get(call: Call) -> Reply:
    store = MailStore(call.database, call.place)
    found = store.with_mail(call.ids["mail_id"])
    if found is None:
        raise not_found("mailId")
    request, index = found
    deliveries = store.deliveries(request, index)
    return json_reply(200, whole_mail(call, request, index, store.body(request), deliveries))


def get_list(call: Call) -> Reply:
    store, request = _request(call)
    # (mail, address of its first recipient, status); none before the rows are written.
    heads = store.heads(request) if call.now >= request.times.ready_at else []
    mails = [(index, address, request.status_of(index, outcome, call.now)) for index, address, outcome in heads]
    if (value := call.parameter("mailId")) is not None:
        mails = [mail for mail in mails if request.mail_id(mail[0]) == value]
    if (value := call.parameter("recipientAddress")) is not None:
        found = {one.mail for one in store.deliveries(request) if one.address == value}
        mails = [mail for mail in mails if mail[0] in found]
    if (value := call.parameter("title")) is not None:
        common = request.head.get("parameters")
        everyone = reversed(store.deliveries(request))
        titles = {one.mail: filled(request.title, common, one.parameters) for one in everyone}
        mails = [mail for mail in mails if value in titles[mail[0]]]
    if codes := _status_codes(call):
        mails = [mail for mail in mails if mail[2] in codes]
    sort_keys: dict[str, Callable[[Any], Any]] = {
        "id": lambda mail: mail[0],
        "createUtc": lambda mail: 0,
        "statusCode": lambda mail: mail[2],
    }

    def show(mail: tuple[int, str, str]) -> dict[str, Any]:
        return mail_row(call, request, mail[0], store.deliveries(request, mail[0])[0], mail[2])

    return json_reply(200, page_of(call, _ordered(call, mails), sort_keys, show, default="id"))


def get_request_list(call: Call) -> Reply:
    store = MailStore(call.database, call.place)
    start, end = _moment(call, "start"), _moment(call, "end")
    found = [one for one in store.listed(start, end, call.now) if _matches(call, store, one)]
    requests = [(one, combined(store.counts(one, call.now))) for one in found]
    if codes := _status_codes(call):
        requests = [pair for pair in requests if pair[1] in codes]
    sort_keys: dict[str, Callable[[Any], Any]] = {
        "createUtc": lambda pair: pair[0].times.requested_at,
        "recipientCount": lambda pair: pair[0].recipient_count,
        "reservationUtc": lambda pair: pair[0].head.get("reservationUtc") or 0,
        "sendUtc": lambda pair: pair[0].finished_at(pair[0].mail_count - 1) if pair[1] in FINAL else 0,
        "statusCode": lambda pair: pair[1],
    }
    page = page_of(
        call, _ordered(call, requests), sort_keys, lambda pair: request_row(call, *pair), default="createUtc"
    )
    return json_reply(200, page)


def get_request_status(call: Call) -> Reply:
    store, request = _request(call)
    counts = store.counts(request, call.now)
    is_ready = call.now >= request.times.ready_at
    answer = {
        "requestId": request.request_id,
        "readyCompleted": is_ready,
        "allSentSuccess": counts.get("S", 0) == request.mail_count,
        "requestCount": request.mail_count,
        "sentCount": counts.get("S", 0),
        "finishCount": sum(counts.get(code, 0) for code in FINAL),
        "readyCount": request.mail_count if is_ready else 0,
        "reservationDate": reservation(request),
        "countsByStatus": [{"status": status(call, code), "count": count} for code, count in counts.items()],
    }
    return json_reply(200, answer)


def _request(call: Call) -> tuple[MailStore, StoredRequest]:
    store = MailStore(call.database, call.place)
    request = store.request(call.ids["request_id"])
    if request is None:
        raise not_found("requestId")
    return store, request


def _matches(call: Call, store: MailStore, request: StoredRequest) -> bool:
    tests: dict[str, Callable[[str], bool]] = {
        "requestId": lambda value: request.request_id == value,
        "mailId": lambda value: (found := store.with_mail(value)) is not None and found[0] == request,
        "dispatchType": lambda value: value == "API",
        "title": lambda value: value in request.title,
        "templateSid": lambda value: str(request.head.get("templateSid")) == value,
        "senderAddress": lambda value: request.head["senderAddress"] == value,
        "recipientAddress": lambda value: request.number in store.numbers_to(value),
    }
    given = ((test, call.parameter(name)) for name, test in tests.items())
    return all(test(value) for test, value in given if value is not None)


def _status_codes(call: Call) -> set[str]:
    """`sendStatus` may be repeated, and Spring also splits at commas."""
    return {code for text in call.parameters("sendStatus") for code in text.split(",") if code}


def _ordered(call: Call, found: list[Any]) -> Iterable[Any]:
    """Without `sort` the documentation promises no order, so a setting can change it."""
    match call.settings.list_order:
        case ListOrder.REVERSED:
            return reversed(found)
        case ListOrder.SHUFFLED:
            return random.sample(found, len(found))
    return found


def _moment(call: Call, name: str) -> float:
    """`startUtc` in milliseconds, or `startDateTime` in UTC+9; the first wins, one of them is required."""
    utc = call.parameter(f"{name}Utc")
    if utc is not None:
        if not (utc.isascii() and utc.isdigit()):
            raise bad_request(f"{name}Utc")
        return int(utc) / 1000
    return korean_moment(f"{name}DateTime", call.required(f"{name}DateTime"))


ROUTES = (
    Route("POST", "mails", "createMailRequest", create, JSON_BODY),
    Route("GET", "mails/requests", "getMailRequestList", get_request_list),
    Route("GET", "mails/requests/{request_id}/mails", "getMailList", get_list),
    Route("GET", "mails/requests/{request_id}/status", "getMailRequestStatus", get_request_status),
    Route("GET", "mails/{mail_id}", "getMail", get),
)
