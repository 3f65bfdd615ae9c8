"""What can go wrong with a call, by what the caller can do about it.

No text here ever holds an e-mail address, a key or a URL: these messages end up in logs and on screens.
"""

from enum import StrEnum

DOES_NOT_EXIST = "77103"


class InvalidRequestError(ValueError):
    """Refused before calling, because the API documents it as wrong. `field` is the API's own name for the
    place.
    """

    def __init__(self, field: str, message: str, *, limit: int | str | None = None) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.limit = limit


class MailerError(Exception):
    """The call was made (or tried) and did not succeed.

    `status` is the HTTP status or None when no answer came, `code` the product's or the gateway's code as a
    string, and `trace_id` the gateway's own number for the call, to quote to NAVER's support.
    """

    def __init__(
        self, message: str, *, status: int | None = None, code: str | None = None, trace_id: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.trace_id = trace_id


class TemporaryProblem(StrEnum):
    """Why a call found no answer that counts, for who wants to tell a person."""

    UNREACHABLE = "unreachable"
    NOT_TRUSTED = "not_trusted"  # the certificate of whoever answered is not the service's
    PROXY = "proxy"
    TIMEOUT = "timeout"
    BROKEN_OFF = "broken_off"
    TOO_MANY_REQUESTS = "too_many_requests"
    NOT_THE_SERVICE = "not_the_service"  # an answer, but none of this API: a page of something in between
    OUT_OF_ORDER = "out_of_order"


class TemporaryError(MailerError):
    """The same call may succeed later.

    `retry_after` is what the service asked for, in seconds, or None. `outcome_unknown` says that a write may
    have been carried out all the same: the request went out, and no answer that settles it came back.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        trace_id: str | None = None,
        retry_after: float | None = None,
        outcome_unknown: bool = False,
        problem: TemporaryProblem = TemporaryProblem.OUT_OF_ORDER,
    ) -> None:
        super().__init__(message, status=status, code=code, trace_id=trace_id)
        self.problem = problem
        self.retry_after = retry_after
        self.outcome_unknown = outcome_unknown


class PermanentError(MailerError):
    """The service refused this request and would refuse it again. `field` is the input it named, when it
    named one.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        trace_id: str | None = None,
        field: str | None = None,
    ) -> None:
        super().__init__(message, status=status, code=code, trace_id=trace_id)
        self.field = field

    @property
    def does_not_exist(self) -> bool:
        """The resource is unknown there (77103): for a deletion, already done."""
        return self.code == DOES_NOT_EXIST

    @property
    def too_large(self) -> bool:
        """The body is over the gateway's undocumented limit (413): the same in smaller parts may pass."""
        return self.status == 413


class ConfigurationProblem(StrEnum):
    """What a person has to put right before any call can succeed."""

    KEYS_REFUSED = "keys_refused"
    NO_PERMISSION = "no_permission"
    CLOCK_SKEW = "clock_skew"
    NOT_SUBSCRIBED = "not_subscribed"
    RETIRED = "retired"


class ConfigurationError(MailerError):
    """Every call of this account fails until a person acts.

    `skew_seconds` comes with CLOCK_SKEW: how far this machine's clock is ahead of the service's (negative:
    behind).
    """

    def __init__(
        self,
        problem: ConfigurationProblem,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        trace_id: str | None = None,
        skew_seconds: float | None = None,
    ) -> None:
        super().__init__(message, status=status, code=code, trace_id=trace_id)
        self.problem = problem
        self.skew_seconds = skew_seconds
