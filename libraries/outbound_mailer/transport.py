"""Sends one signed request and reads one answer. No retry, no redirect, no secret or address in any log."""

import json
import logging
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from typing import TypeVar
from urllib.parse import quote, urlencode, urlsplit

import requests
from requests.utils import get_environ_proxies, prepend_scheme_if_needed, select_proxy
from urllib3.exceptions import HTTPError
from urllib3.util.ssl_ import create_urllib3_context

from libraries.outbound_mailer import limits
from libraries.outbound_mailer.answers import Answer, json_of, not_an_answer
from libraries.outbound_mailer.connections import Adapter, Exchange, Phase, trusting
from libraries.outbound_mailer.errors import InvalidRequestError, TemporaryError, TemporaryProblem
from libraries.outbound_mailer.signing import Credentials, signed_headers
from libraries.outbound_mailer.wire import JsonObject, UndecodableError, decode
from libraries.outbound_mailer.zones import is_loopback

T = TypeVar("T")
Query = Sequence[tuple[str, str]]
UploadedFile = tuple[str, bytes]

log = logging.getLogger("libraries.outbound_mailer")


def hide_query_strings(record: logging.LogRecord) -> bool:
    """Cuts the query off every URL in a urllib3 record: `targetAddress=` and `groupName=` are other people's
    data.
    """
    if isinstance(record.args, tuple):
        record.args = tuple(arg.partition("?")[0] if isinstance(arg, str) else arg for arg in record.args)
    return True


# urllib3 writes the request target at DEBUG. A filter here holds whatever level and handlers the application
# chooses.
for _name in ("urllib3.connectionpool", "urllib3.connection", "urllib3.util.retry"):
    logging.getLogger(_name).addFilter(hide_query_strings)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: for reaching the service, for each silence, and for a whole call besides the sending of its body."""

    connect: float
    silence: float
    call: float


class _Session(requests.Session):
    """Knows no redirects. requests works out the next request even when it is not to follow it: for that it
    reads the whole body, without our limits, and a Location that is no URL ends in all kinds of exceptions.
    """

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        return None


class Transport:
    """One account in one region over kept-alive connections. Not for use by two threads at once."""

    def __init__(
        self,
        base_url: str,
        credentials: Credentials,
        *,
        language: str,
        clock: Callable[[], float],
        timeouts: "Timeouts",
        ca_bundle: str | None,
    ) -> None:
        self._base_url = base_url
        self._credentials = credentials
        self._language = language
        self._clock = clock
        self._timeouts = timeouts
        self._answered_at = time.monotonic()
        self._call = Exchange()
        self._session = _Session()
        # Nothing from the environment but the proxy: requests would also take an Authorization header from
        # ~/.netrc, and other certificate authorities from REQUESTS_CA_BUNDLE. A private authority is named
        # explicitly instead.
        self._session.trust_env = False
        adapter = Adapter(self._call, _trusting(base_url, ca_bundle))
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)
        # A proxy on the way to this machine itself would be a mistake, and the simulator lives here.
        self._proxies = {} if is_loopback(urlsplit(base_url).hostname or "") else get_environ_proxies(base_url)
        _check_proxy(select_proxy(base_url, self._proxies))

    def close(self) -> None:
        """Closes the kept-alive connections."""
        self._session.close()

    def call(
        self,
        kind: type[T],
        method: str,
        *path: str | int,
        query: Query = (),
        payload: JsonObject | None = None,
        files: Sequence[UploadedFile] = (),
    ) -> T:
        """Calls one operation and returns its answer as `kind`, or raises a MailerError.

        `path` are the segments after the region's base path; ids from outside are safe here. A JSON body goes
        out on any method, DELETE included: three operations want it there.
        """
        prepared = self._prepare(method, path, query, payload, files)
        signed_at = self._clock()
        headers = signed_headers(method, prepared.path_url, signed_at, self._credentials)
        prepared.headers.update(headers)
        answer = self._exchange(prepared, signed_at)
        try:
            return decode(kind, json_of(answer))
        except UndecodableError as error:
            problem = str(error)
        except RecursionError:
            problem = "nested too deeply"
        raise not_an_answer(answer, f"with something else than documented: {problem}")

    def _prepare(
        self,
        method: str,
        path: Sequence[str | int],
        query: Query,
        payload: JsonObject | None,
        files: Sequence[UploadedFile],
    ) -> requests.PreparedRequest:
        headers = {"Accept": "application/json", "x-ncp-lang": self._language}
        body = None
        if payload is not None:
            body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
            headers["Content-Type"] = "application/json; charset=utf-8"
        target = "".join(f"/{quote(str(segment), safe='')}" for segment in path)
        if query:
            # %20 for a space, as in NAVER's examples; "+" would be signed as well, but read as a plus by a
            # strict server.
            target += "?" + urlencode(query, quote_via=quote)
        parts = [("fileList", (name, content)) for name, content in files] or None
        # Without the session's own preparation: it would add cookies and authentication.
        return requests.Request(method, self._base_url + target, headers=headers, data=body, files=parts).prepare()

    def _exchange(self, prepared: requests.PreparedRequest, signed_at: float) -> Answer:
        method, is_write = str(prepared.method), prepared.method != "GET"
        resource = prepared.path_url.partition("?")[0]
        started = time.monotonic()
        if is_write and started - self._answered_at > limits.IDLE_BEFORE_WRITE_SECONDS:
            self._session.close()
        timeouts = self._timeouts
        sending = len(prepared.body or b"") / limits.SLOWEST_LINE_BYTES_PER_SECOND
        self._call.begin(timeouts.call + sending, connect_seconds=timeouts.connect, silence_seconds=timeouts.silence)
        try:
            with self._session.send(prepared, allow_redirects=False, stream=True, proxies=self._proxies) as response:
                body = _read(response)
                answer = Answer(response.status_code, response.headers, body, is_write, signed_at)
        except (requests.RequestException, HTTPError, HTTPException, OSError) as error:
            # Not chained: the text of the original holds the URL with its query.
            failure = _no_answer(error, self._call, is_proxied=bool(self._proxies), is_write=is_write)
        else:
            self._answered_at = time.monotonic()
            milliseconds = (self._answered_at - started) * 1000
            log.debug("%s %s: %s in %d ms, trace %s", method, resource, answer.status, milliseconds, answer.trace_id)
            return answer
        log.debug("%s %s: %s", method, resource, failure)
        raise failure


class _AnswerTooLongError(OSError):
    """The answer is over our limit of bytes."""


def _read(response: requests.Response) -> bytes:
    chunks, size = [], 0
    while chunk := response.raw.read1(65_536, decode_content=True):
        chunks.append(chunk)
        size += len(chunk)
        if size > limits.ANSWER_BYTES:
            raise _AnswerTooLongError
    return b"".join(chunks)


def _trusting(base_url: str, ca_bundle: str | None) -> ssl.SSLContext:
    if not ca_bundle and base_url.startswith("http:"):
        return create_urllib3_context()  # not used; reading the authorities takes 15 ms
    try:
        return trusting(ca_bundle)
    except (OSError, ValueError):
        message = "Not a readable file of certificates in PEM format"
    raise InvalidRequestError("ca_bundle", message)


def _check_proxy(proxy: str | None) -> None:
    """A proxy that can be asked at all. SOCKS would bring sockets of another library, without our deadline."""
    if not proxy:
        return
    try:
        parts = urlsplit(prepend_scheme_if_needed(proxy, "http"))
        is_usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except (ValueError, HTTPError):
        is_usable = False
    if not is_usable:
        raise InvalidRequestError("proxy", "The proxy variables of the environment must name an HTTP proxy")


def _no_answer(error: Exception, call: Exchange, *, is_proxied: bool, is_write: bool) -> TemporaryError:
    causes = _chain(error)
    text, problem = "The connection broke before the answer was complete.", TemporaryProblem.BROKEN_OFF
    if _any(causes, ssl.SSLCertVerificationError):
        text, problem = "The certificate of the service could not be verified.", TemporaryProblem.NOT_TRUSTED
    elif call.phase is not Phase.EXCHANGING:
        text, problem = "The service could not be reached.", TemporaryProblem.UNREACHABLE
        if is_proxied and call.phase is not Phase.SECURING:
            text = "The proxy on the way to the service did not let the request through."
            problem = TemporaryProblem.PROXY
    elif _any(causes, _AnswerTooLongError):
        text, problem = "The answer was too long.", TemporaryProblem.TIMEOUT
    elif _any(causes, requests.Timeout, TimeoutError):
        text, problem = "The service did not answer in time.", TemporaryProblem.TIMEOUT
    return TemporaryError(text, outcome_unknown=is_write and call.may_have_left, problem=problem)


def _chain(error: BaseException) -> list[BaseException]:
    """The error and everything it was made from: requests and urllib3 wrap in several ways."""
    found: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        item = waiting.pop()
        if isinstance(item, BaseException) and item not in found:
            found.append(item)
            waiting += [*item.args, getattr(item, "reason", None), item.__cause__, item.__context__]
    return found


def _any(errors: Sequence[BaseException], *kinds: type[BaseException]) -> bool:
    return any(isinstance(error, kinds) for error in errors)
