"""The control API under /_simulator/: for tests and demonstrations in other processes. No part of the
imitated service. Only for who sends the simulator's token, as `Authorization: Bearer TOKEN`.

GET    status                          jobs waiting, faults switched on, requests seen
GET    books/ACCESS_KEY/REGION         the addresses and groups that no operation of the service shows
GET    requests                        the request log, as it may be printed
POST   jobs/run                        carries out every waiting creation
POST   faults       {"kind": …}        switches a fault on (the fields of Fault); DELETE clears all
POST   settings     {"name": value}    changes switches (the fields of SimulatorSettings)
POST   clock        {"advance": 60}    moves the simulator's clock, in seconds
POST   reset        {}                 forgets all data, faults and requests
"""

import hmac
import json
from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, Any, TypeVar

from libraries.outbound_mailer.simulator.faults import Fault, FaultKind
from libraries.outbound_mailer.simulator.gateway import Request
from libraries.outbound_mailer.simulator.replies import Reply, json_reply
from libraries.outbound_mailer.simulator.settings import AddressComparison, JobOrder, SimulatorSettings
from libraries.outbound_mailer.zones import Region, is_loopback

if TYPE_CHECKING:
    from libraries.outbound_mailer.simulator.simulator import Simulator

PREFIX = "/_simulator/"

T = TypeVar("T")
_ENUMS = {"kind": FaultKind, "job_order": JobOrder, "address_comparison": AddressComparison}


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
    match method, command.split("/"):
        case "GET", ["status"]:
            return {
                "jobsWaiting": simulator.jobs_waiting(),
                "faults": [asdict(fault) for fault in simulator.faults.waiting()],
                "requests": len(simulator.log.requests()),
            }
        case "GET", ["books", access_key, region]:
            content = simulator.book(access_key, Region(region))
            return {
                "addresses": sorted(content.addresses),
                "groups": {name: sorted(members) for name, members in content.groups.items()},
                "jobsWaiting": content.jobs_waiting,
            }
        case "GET", ["requests"]:
            return {"requests": [str(request) for request in simulator.log.requests()]}
        case "POST", ["jobs", "run"]:
            return {"jobs": simulator.run_jobs()}
        case "POST", ["faults"]:
            simulator.faults.switch_on(Fault(**_typed(Fault, payload)))
            return {}
        case "DELETE", ["faults"]:
            simulator.faults.clear()
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


def _typed(kind: type[Any], payload: dict[str, Any]) -> dict[str, Any]:
    """The payload with enum values made of their names; a field that `kind` does not have is refused."""
    if not payload.keys() <= {field.name for field in fields(kind)}:
        raise KeyError
    return {name: _ENUMS[name](value) if name in _ENUMS else value for name, value in payload.items()}
