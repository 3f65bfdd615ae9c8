"""The simulated API gateway: authenticates, routes, applies faults and hands over to the product (behaviours
1 to 8, 24).
"""

import hmac
import re
import threading
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from urllib.parse import unquote
from uuid import uuid4

from libraries.outbound_mailer import limits
from libraries.outbound_mailer.practice import PREFIX, credentials_of
from libraries.outbound_mailer.signing import (
    ACCESS_KEY_HEADER,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    Credentials,
    signature,
)
from libraries.outbound_mailer.simulator import address_book, blocks, files, mails, templates
from libraries.outbound_mailer.simulator.books import Book
from libraries.outbound_mailer.simulator.call import Call, Route
from libraries.outbound_mailer.simulator.clock import SimulatorClock
from libraries.outbound_mailer.simulator.database import Database
from libraries.outbound_mailer.simulator.faults import Fault, FaultKind, Faults
from libraries.outbound_mailer.simulator.ledger import Ledger
from libraries.outbound_mailer.simulator.outcomes import Outcomes
from libraries.outbound_mailer.simulator.replies import GatewayError, ProductError, Reply
from libraries.outbound_mailer.simulator.request_log import RequestLog
from libraries.outbound_mailer.simulator.settings import SimulatorSettings
from libraries.outbound_mailer.simulator.words import DEFAULT_LANGUAGE
from libraries.outbound_mailer.zones import BASE_PATHS, Region

_ROUTES = (*address_book.ROUTES, *mails.ROUTES, *files.ROUTES, *templates.ROUTES, *blocks.ROUTES)
_PATTERNS = [(re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", route.path)), route) for route in _ROUTES]

_INTERNAL_ERROR = ProductError(500, 77303, "An internal error occurred.")
# Faults that are an error of the gateway or the product, raised before the request takes effect.
_REFUSALS: dict[FaultKind, GatewayError | ProductError] = {
    FaultKind.QUOTA_EXCEEDED: GatewayError(429, 400, "Quota Exceeded"),
    FaultKind.THROTTLE_LIMITED: GatewayError(429, 410, "Throttle Limited"),
    FaultKind.RATE_LIMITED: GatewayError(429, 420, "Rate Limited"),
    FaultKind.TOO_LARGE: GatewayError(413, 430, "Request Entity Too Large"),
    FaultKind.ENDPOINT_ERROR: GatewayError(503, 500, "Endpoint Error"),
    FaultKind.UNEXPECTED_ERROR: GatewayError(500, 900, "Unexpected Error"),
    FaultKind.INTERNAL_ERROR: _INTERNAL_ERROR,
    FaultKind.NOT_SUBSCRIBED: ProductError(403, 77202, "The service is not subscribed."),
    FaultKind.RETIRED: GatewayError(404, 300, "Not Found Exception"),
}
_REPLACED_BEFORE = {
    FaultKind.EMPTY_ERROR: Reply(400),
    FaultKind.HTML_ERROR: Reply(502, b"<html><h1>502 Bad Gateway</h1></html>", "text/html"),
    FaultKind.REDIRECT: Reply(302, headers={"Location": "http://127.0.0.1:9/elsewhere"}),
    FaultKind.CUT_BEFORE: Reply(200, cut_after_bytes=0),
}


@dataclass(frozen=True, slots=True)
class Account:
    """An API key pair that the simulated gateway knows."""

    credentials: Credentials
    is_permitted: bool = True


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request as it came over the wire: `target` is undecoded, header names are in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class _Match:
    """What a request target means. Without a region the path is unknown; without a route its method is."""

    query_string: str
    region: Region | None = None
    route: Route | None = None
    ids: Mapping[str, str] = field(default_factory=dict)

    @property
    def operation(self) -> str:
        return self.route.operation if self.route else "unknown"


class Gateway:
    """Answers one request at a time; `settings` may be replaced while it runs.

    With a `token` it also knows every account of `practice_credentials(token, …)`.
    """

    def __init__(
        self,
        accounts: Iterable[Account],
        settings: SimulatorSettings,
        database: Database,
        clock: SimulatorClock,
        token: str | None = None,
    ) -> None:
        self.settings = settings
        self.faults = Faults()
        self.outcomes = Outcomes()
        self.log = RequestLog()
        self.lock = threading.RLock()
        self._accounts = {account.credentials.access_key: account for account in accounts}
        self._database = database
        self._clock = clock
        self._token = token

    def handle(self, request: Request) -> Reply:
        """The answer to one request, errors included."""
        match = _match(request.method, request.target, undocumented=self.settings.undocumented_operations)
        fault = self.faults.take(match.operation)
        skew = fault.seconds if fault and fault.kind is FaultKind.CLOCK_SKEW else 0.0
        gateway_time = self._clock.now() + skew
        try:
            reply = self._answer(request, match, fault, gateway_time)
        except GatewayError as error:
            reply = error.reply(numeric_codes=self.settings.numeric_codes)
        except ProductError as error:
            reply = self._product_error(error, request)
        except Exception:  # a defect of the simulator must look like one of the service, and be seen all the same
            traceback.print_exc()
            reply = self._product_error(_INTERNAL_ERROR, request)
        headers = {
            **reply.headers,
            "Date": formatdate(gateway_time, usegmt=True),
            "x-ncp-trace-id": uuid4().hex,
        }
        if fault and fault.retry_after is not None:
            headers["Retry-After"] = fault.retry_after
        status = None if reply.cut_after_bytes is not None else reply.status
        self.log.add(request.method, request.target, match.operation, status, request.headers, request.body)
        return replace(reply, headers=headers)

    def _product_error(self, error: ProductError, request: Request) -> Reply:
        return error.reply(
            numeric_codes=self.settings.numeric_codes,
            language=_language(request),
            twice=self.settings.product_error_code_twice,
        )

    def ledger(self, access_key: str, region: Region) -> Ledger:
        """The mails that an account has had delivered by now. Hold `lock` while using it."""
        return Ledger(self._database, self._place(access_key, region), self._clock.now())

    def book(self, access_key: str, region: Region) -> Book:
        """The book of an account in a region. Hold `lock` while using it."""
        return Book(self._database, self._place(access_key, region), self.settings)

    def _answer(self, request: Request, match: _Match, fault: Fault | None, gateway_time: float) -> Reply:
        if match.region is None:
            raise GatewayError(404, 300, "Not Found Exception")
        access_key = self._authenticate(request, gateway_time)
        if fault is not None and fault.kind in _REFUSALS:
            raise _REFUSALS[fault.kind]
        if fault is not None and fault.kind in _REPLACED_BEFORE:
            return _REPLACED_BEFORE[fault.kind]
        if fault is not None and fault.kind is FaultKind.STALLED:
            return Reply(200, cut_after_bytes=0, delay_seconds=fault.seconds)
        limit = self.settings.max_body_bytes
        if limit is not None and len(request.body) > limit:
            raise _REFUSALS[FaultKind.TOO_LARGE]
        if match.route is None:
            raise ProductError(405, 77001, "The method is not allowed.")
        reply = self._call_product(request, match, match.route, self._place(access_key, match.region))
        return reply if fault is None else _after_effect(fault, reply)

    def _authenticate(self, request: Request, gateway_time: float) -> str:
        """The access key of a properly signed request (3, 4)."""
        access_key = request.headers.get(ACCESS_KEY_HEADER, "")
        timestamp = request.headers.get(TIMESTAMP_HEADER, "")
        account = self._account(access_key)
        is_fresh = (
            timestamp.isascii()
            and timestamp.isdigit()
            and abs(gateway_time * 1000 - int(timestamp)) < limits.CLOCK_SKEW_SECONDS * 1000
        )
        if account is None or not is_fresh:
            raise self._authentication_failure()
        expected = signature(request.method, request.target, timestamp, account.credentials)
        given = request.headers.get(SIGNATURE_HEADER, "")
        if not hmac.compare_digest(expected.encode(), given.encode()):
            raise self._authentication_failure()
        if not account.is_permitted:
            raise GatewayError(401, 210, "Permission Denied")
        return access_key

    def _account(self, access_key: str) -> Account | None:
        if self._token and access_key.startswith(PREFIX):
            return Account(credentials_of(self._token, access_key))
        return self._accounts.get(access_key)

    def _authentication_failure(self) -> GatewayError:
        details = self.settings.authentication_failure_details
        return GatewayError(self.settings.authentication_failure_status, 200, "Authentication Failed", details or None)

    def _call_product(self, request: Request, match: _Match, route: Route, place: str) -> Reply:
        content_type = request.headers.get("content-type", "")
        if route.media_type and content_type.partition(";")[0].strip().lower() != route.media_type:
            raise ProductError(415, 77002, "The media type is not supported.")
        call = Call(
            database=self._database,
            settings=self.settings,
            outcomes=self.outcomes,
            place=place,
            now=self._clock.now(),
            language=_language(request),
            ids=match.ids,
            query_string=match.query_string,
            content_type=content_type,
            body=request.body,
        )
        with self.lock:
            # On its own: what has landed stays, also when this call is refused.
            call.book.run_jobs(call.now)
            with self._database.transaction():
                return route.handle(call)

    def _place(self, access_key: str, region: Region) -> str:
        return f"{access_key}/{region}" if self.settings.separate_regions else access_key


def _match(method: str, target: str, *, undocumented: bool) -> _Match:
    path, _, query_string = target.partition("?")
    for region, base_path in BASE_PATHS.items():
        if not path.startswith(f"{base_path}/"):
            continue
        resource = path.removeprefix(f"{base_path}/")
        known = [(pattern, route) for pattern, route in _PATTERNS if route.is_documented or undocumented]
        found = [(route, match) for pattern, route in known if (match := pattern.fullmatch(resource))]
        for route, match in found:
            if route.method == method:
                ids = {name: unquote(value) for name, value in match.groupdict().items()}
                return _Match(query_string, region, route, ids)
        if found:
            return _Match(query_string, region)
    return _Match(query_string)


def _language(request: Request) -> str:
    return request.headers.get("x-ncp-lang", DEFAULT_LANGUAGE)


def _after_effect(fault: Fault, reply: Reply) -> Reply:
    """What the caller gets to see of an answer whose request has taken effect."""
    match fault.kind:
        case FaultKind.ENDPOINT_TIMEOUT:
            raise GatewayError(504, 510, "Endpoint Timeout")
        case FaultKind.RUBBISH:
            return Reply(200, b"\x00\xff}{ not what was documented", "application/json")
        case FaultKind.CUT_AFTER:
            return replace(reply, cut_after_bytes=0)
        case FaultKind.CUT_IN_ANSWER:
            return replace(reply, cut_after_bytes=len(reply.body) // 2)
        case FaultKind.SLOW:
            return replace(reply, delay_seconds=fault.seconds)
        case FaultKind.DRIPPED:
            return replace(reply, drip_seconds=fault.seconds)
    return reply
