"""Reads an answer of the API: the JSON of a success, or the error that a failure means (fact sheet section
3).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from libraries.outbound_mailer import limits
from libraries.outbound_mailer.errors import (
    ConfigurationError,
    ConfigurationProblem,
    MailerError,
    PermanentError,
    TemporaryError,
    TemporaryProblem,
)
from libraries.outbound_mailer.redaction import harmless
from libraries.outbound_mailer.wire import JsonObject

# Gateway codes (error.errorCode) and product codes (error.code) that mean a person has to act. 77301 is an
# account without a default project: nothing that waiting cures.
_PROBLEM_OF_CODE = {
    "200": ConfigurationProblem.KEYS_REFUSED,
    "77101": ConfigurationProblem.KEYS_REFUSED,
    "210": ConfigurationProblem.NO_PERMISSION,
    "77201": ConfigurationProblem.NO_PERMISSION,
    "77202": ConfigurationProblem.NOT_SUBSCRIBED,
    "77301": ConfigurationProblem.NOT_SUBSCRIBED,
    "300": ConfigurationProblem.RETIRED,
}
# For answers of the gateway with an undocumented code. The client only calls documented paths, and an unknown
# resource is a 400 there: so a 404 is about the whole API, as after its end. The same status with a page of HTML, or
# with nothing, comes from a firewall, a portal or a wrong proxy, and says nothing about keys or contracts.
_PROBLEM_OF_STATUS = {
    401: ConfigurationProblem.KEYS_REFUSED,
    403: ConfigurationProblem.NO_PERMISSION,
    404: ConfigurationProblem.RETIRED,
    410: ConfigurationProblem.RETIRED,
}
_PROBLEM_TEXT = {
    ConfigurationProblem.KEYS_REFUSED: "The service refused the API keys",
    ConfigurationProblem.NO_PERMISSION: "The API keys have no permission for this operation",
    ConfigurationProblem.NOT_SUBSCRIBED: "The account has not subscribed to the Outbound Mailer here",
    ConfigurationProblem.RETIRED: "The service does not offer this API to the account any more",
}
_BACKEND_UNREACHABLE = "500"  # gateway code: the request never got as far as the product
_TOO_MANY_REQUESTS = HTTPStatus.TOO_MANY_REQUESTS
# Proxy authentication and request time-out come from something between us and the service, and say nothing
# about the request.
_TEMPORARY_CLIENT_STATUSES = (407, 408, 425, _TOO_MANY_REQUESTS)
_TRACE_ID = re.compile(r"[\w.:-]{1,64}", re.ASCII)
_SECONDS = re.compile(r"[0-9]+(\.[0-9]+)?")
# A code or the name of a field: these too come from outside, and anything else in them is not repeated.
_NAME = re.compile(r"[\w.\[\]-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `is_write` and `signed_at` (seconds since 1970, by our clock) belong to the request."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_write: bool
    signed_at: float

    @property
    def trace_id(self) -> str | None:
        value = self.headers.get("x-ncp-trace-id", "")
        return value if _TRACE_ID.fullmatch(value) else None


def json_of(answer: Answer) -> JsonObject:
    """The JSON object of a success; every other answer is raised as the MailerError that it means."""
    payload = _json_object(answer.body)
    if 200 <= answer.status < 300:
        if payload is not None:
            return payload
        raise not_an_answer(answer, "without a JSON object")
    raise _error_of(answer, payload)


def not_an_answer(answer: Answer, how: str) -> TemporaryError:
    """The error for a success whose body is none: something in between answered, or the backend is broken."""
    return TemporaryError(
        f"The service answered {answer.status} {how}.",
        status=answer.status,
        trace_id=answer.trace_id,
        outcome_unknown=answer.is_write,
        problem=TemporaryProblem.NOT_THE_SERVICE,
    )


@dataclass(frozen=True, slots=True)
class _Failure:
    """The body of a failure. Product errors carry `error.code`, gateway errors `error.errorCode`; both may be
    numbers.
    """

    code: str | None
    message: str
    field: str | None
    is_ours: bool  # said by the gateway or the product, not by something in between


def _failure(answer: Answer, payload: JsonObject | None) -> _Failure:
    error = (payload or {}).get("error")
    is_documented = isinstance(error, dict)
    if not isinstance(error, dict):
        error = payload or {}
    codes = [_name(error.get(key)) for key in ("code", "errorCode")]
    # Some refusals have no body, and their code in a header alone.
    codes.append(_name(answer.headers.get("x-ncp-apigw-error-code")))
    texts = [error[key] for key in ("message", "details", "detail") if isinstance(error.get(key), str)]
    field_errors = error.get("fieldErrors")
    field = None
    if isinstance(field_errors, list) and field_errors and isinstance(field_errors[0], dict):
        field = _name(field_errors[0].get("field"))
    code = next(filter(None, codes), None)
    return _Failure(code, harmless(" ".join(texts))[:500], field, is_documented or code is not None)


def _name(value: object) -> str | None:
    text = str(value) if isinstance(value, str | int) else ""
    return text if _NAME.fullmatch(text) else None


def _error_of(answer: Answer, payload: JsonObject | None) -> MailerError:
    failure = _failure(answer, payload)
    problem = _problem(answer, failure)
    if problem is not None:
        return _configuration_error(problem, answer, failure)
    from_between = _is_from_between(answer, payload, failure)
    if from_between or answer.status in _TEMPORARY_CLIENT_STATUSES or answer.status >= 500:
        refused = answer.status == _TOO_MANY_REQUESTS or failure.code == _BACKEND_UNREACHABLE
        return TemporaryError(
            _text("The service cannot answer now", answer, failure),
            status=answer.status,
            code=failure.code,
            trace_id=answer.trace_id,
            retry_after=_retry_after(answer.headers),
            # Only what the service itself refuses was certainly not carried out.
            outcome_unknown=answer.is_write and (answer.status >= 500 or from_between) and not refused,
            problem=_temporary_problem(answer, from_between),
        )
    return PermanentError(
        _text("The service refused the request", answer, failure),
        status=answer.status,
        code=failure.code,
        trace_id=answer.trace_id,
        field=failure.field,
    )


def _is_from_between(answer: Answer, payload: JsonObject | None, failure: _Failure) -> bool:
    """Service and gateway speak JSON: a redirect or a page of HTML is of something on the way."""
    if answer.status < 400:
        return True
    if answer.status in _PROBLEM_OF_STATUS:
        return not failure.is_ours
    # A body found too large, or calls found too frequent, were not let through, by the service or by a proxy.
    if answer.status in (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _TOO_MANY_REQUESTS):
        return False
    return payload is None and bool(answer.body.strip())


def _temporary_problem(answer: Answer, from_between: bool) -> TemporaryProblem:
    if answer.status == _TOO_MANY_REQUESTS:
        return TemporaryProblem.TOO_MANY_REQUESTS
    if answer.status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return TemporaryProblem.PROXY
    return TemporaryProblem.NOT_THE_SERVICE if from_between else TemporaryProblem.OUT_OF_ORDER


def _problem(answer: Answer, failure: _Failure) -> ConfigurationProblem | None:
    is_product_code = (failure.code or "").startswith("77")
    if not failure.is_ours or (answer.status >= 500 and not is_product_code):
        return None
    problem = _PROBLEM_OF_CODE.get(failure.code or "")
    if problem is None and not is_product_code:
        problem = _PROBLEM_OF_STATUS.get(answer.status)
    # The overview calls a 400 without a code "authentication failed / invalid request": only its words tell
    # them apart.
    if problem is None and answer.status == HTTPStatus.BAD_REQUEST and failure.code is None:
        problem = ConfigurationProblem.KEYS_REFUSED if "authentication" in failure.message.lower() else None
    return problem


def _configuration_error(problem: ConfigurationProblem, answer: Answer, failure: _Failure) -> ConfigurationError:
    text, skew = _PROBLEM_TEXT[problem], None
    if problem is ConfigurationProblem.KEYS_REFUSED:
        skew = _clock_skew_seconds(answer)
        # The Date header has whole seconds, so the true distance may be up to a second more than it shows.
        if skew is not None and abs(skew) + 1 >= limits.CLOCK_SKEW_SECONDS:
            problem = ConfigurationProblem.CLOCK_SKEW
            direction = "ahead of" if skew > 0 else "behind"
            text = (
                f"This machine's clock is {abs(skew):.0f} seconds {direction} the service's, "
                f"which refuses requests from {limits.CLOCK_SKEW_SECONDS} seconds on"
            )
    return ConfigurationError(
        problem,
        _text(text, answer, failure),
        status=answer.status,
        code=failure.code,
        trace_id=answer.trace_id,
        skew_seconds=skew if problem is ConfigurationProblem.CLOCK_SKEW else None,
    )


def _text(lead: str, answer: Answer, failure: _Failure) -> str:
    code = f", code {failure.code}" if failure.code else ""
    said = f": {failure.message}" if failure.message else ""
    return f"{lead} (HTTP {answer.status}{code}){said}"


def _clock_skew_seconds(answer: Answer) -> float | None:
    service_time = _http_date(answer.headers.get("date"))
    return None if service_time is None else answer.signed_at - service_time.timestamp()


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, from either form of the header; the date form is measured against the service's own
    Date.
    """
    value = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(value):
        seconds = float(value)
    else:
        until, service_time = _http_date(value), _http_date(headers.get("date"))
        if until is None:
            return None
        seconds = (until - (service_time or datetime.now(UTC))).total_seconds()
    return min(max(seconds, 0.0), float(limits.RETRY_AFTER_SECONDS))


def _http_date(value: str | None) -> datetime | None:
    """The moment, or None for a text that is none: numbers of any size may stand in it."""
    try:
        moment = parsedate_to_datetime(value or "")
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _json_object(body: bytes) -> JsonObject | None:
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return payload if isinstance(payload, dict) else None
