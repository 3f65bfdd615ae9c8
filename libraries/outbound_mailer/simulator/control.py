"""The control API under /_simulator/: for tests and demonstrations in other processes. No part of the
imitated service. Only for who sends the simulator's token, as `Authorization: Bearer TOKEN`.

GET    status                          jobs waiting, faults switched on, requests seen
GET    books/ACCESS_KEY/REGION         the addresses and groups that no operation of the service shows
GET    ledger/ACCESS_KEY/REGION        the mails that were delivered: address=, requestId=, after=, limit=
GET    ledger/ACCESS_KEY/REGION/summary  how many, to how many, and who got more than one
GET    requests                        the request log, as it may be printed
POST   jobs/run                        carries out every waiting creation
POST   faults       {"kind": …}        switches a fault on (the fields of Fault); DELETE clears all
POST   outcomes     {"pattern": …}     what becomes of mails (the fields of Outcome); DELETE clears all
POST   settings     {"name": value}    changes switches (the fields of SimulatorSettings)
POST   clock        {"advance": 60}    moves the simulator's clock, in seconds
POST   reset        {}                 forgets all data, faults, outcomes and requests
"""

import hmac
import json
from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qsl

from libraries.outbound_mailer.simulator.faults import Fault, FaultKind
from libraries.outbound_mailer.simulator.gateway import Request
from libraries.outbound_mailer.simulator.outcomes import Outcome
from libraries.outbound_mailer.simulator.replies import Reply, json_reply
from libraries.outbound_mailer.simulator.settings import AddressComparison, JobOrder, ListOrder, SimulatorSettings
from libraries.outbound_mailer.zones import Region, is_loopback

if TYPE_CHECKING:
    from libraries.outbound_mailer.simulator.simulator import Simulator

PREFIX = "/_simulator/"

T = TypeVar("T")
_LEDGER_PAGE_MAILS = 1_000
_ENUMS = {"kind": FaultKind, "list_order": ListOrder, "job_order": JobOrder, "address_comparison": AddressComparison}


def handle(simulator: "Simulator", request: Request) -> Reply:
    """The answer of the control API."""
    # A page in a browser on this machine must not reach this: rebound host names and form posts are refused.
    host = request.headers.get("host", "").rsplit(":", 1)[0].strip("[]")
    is_json = request.headers.get("content-type", "").partition(";")[0] == "application/json"
    if not is_loopback(host) or (request.method == "POST" and not is_json):
        return json_reply(403, {"error": "Only for programs on this machine that send JSON."})
    # Another user of this machine can reach the port as well, and must neither read books nor switch faults on.
    given = request.headers.get("authorization", "")
    if not simulator.token or not hmac.compare_digest(given.encode(), f"Bearer {simulator.token}".encode()):
        return json_reply(403, {"error": "Only for who has the token of this simulator."})
    try:
        payload = json.loads(request.body or b"{}")
        if not isinstance(payload, dict):
            raise TypeError
        answer = _route(simulator, request.method, request.target.removeprefix(PREFIX), payload)
    except (ValueError, TypeError, KeyError):
        return json_reply(400, {"error": "Unknown field or value."})
    return json_reply(404, {"error": "No such command."}) if answer is None else json_reply(200, answer)


def _route(simulator: "Simulator", method: str, command: str, payload: dict[str, Any]) -> dict[str, Any] | None:
    command, _, query_string = command.partition("?")
    if method != "GET":
        return _act(simulator, method, command, payload)
    match command.split("/"):
        case ["status"]:
            return {
                "jobsWaiting": simulator.jobs_waiting(),
                "faults": [asdict(fault) for fault in simulator.faults.waiting()],
                "outcomes": [asdict(outcome) for outcome in simulator.outcomes.rules()],
                "requests": len(simulator.log.requests()),
            }
        case ["ledger", access_key, region]:
            return _ledger(simulator, access_key, Region(region), dict(parse_qsl(query_string)))
        case ["ledger", access_key, region, "summary"]:
            return simulator.delivered_summary(access_key, Region(region))
        case ["books", access_key, region]:
            content = simulator.book(access_key, Region(region))
            return {
                "addresses": sorted(content.addresses),
                "groups": {name: sorted(members) for name, members in content.groups.items()},
                "jobsWaiting": content.jobs_waiting,
            }
        case ["requests"]:
            return {"requests": [str(request) for request in simulator.log.requests()]}
    return None


def _act(simulator: "Simulator", method: str, command: str, payload: dict[str, Any]) -> dict[str, Any] | None:
    match method, command.split("/"):
        case "POST", ["jobs", "run"]:
            return {"jobs": simulator.run_jobs()}
        case "POST", ["faults"]:
            simulator.faults.switch_on(Fault(**_typed(Fault, payload)))
            return {}
        case "DELETE", ["faults"]:
            simulator.faults.clear()
            return {}
        case "POST", ["outcomes"]:
            simulator.outcomes.set(Outcome(**_typed(Outcome, payload)))
            return {}
        case "DELETE", ["outcomes"]:
            simulator.outcomes.clear()
            return {}
        case "POST", ["settings"]:
            simulator.settings = replace(simulator.settings, **_typed(SimulatorSettings, payload))
            return {}
        case "POST", ["clock"]:
            simulator.clock.advance(float(payload["advance"]))
            return {}
        case "POST", ["reset"]:
            simulator.reset()
            return {}
    return None


def _ledger(simulator: "Simulator", access_key: str, region: Region, query: dict[str, str]) -> dict[str, Any]:
    """A page of the ledger; `next` is the `after` of the page that follows, if there may be one."""
    limit = int(query.get("limit", _LEDGER_PAGE_MAILS))
    mails = simulator.delivered(
        access_key,
        region,
        address=query.get("address"),
        request_id=query.get("requestId"),
        after=int(query.get("after", 0)),
        limit=limit,
    )
    return {"mails": [asdict(mail) for mail in mails], "next": mails[-1].number if len(mails) == limit else None}


def _typed(kind: type[Any], payload: dict[str, Any]) -> dict[str, Any]:
    """The payload with enum values made of their names; a field that `kind` does not have is refused."""
    if not payload.keys() <= {field.name for field in fields(kind)}:
        raise KeyError
    return {name: _ENUMS[name](value) if name in _ENUMS else value for name, value in payload.items()}
