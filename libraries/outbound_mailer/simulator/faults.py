"""Faults to switch on: what a gateway, a network and a broken backend do to a call."""

import threading
from dataclasses import dataclass, replace
from enum import StrEnum


class FaultKind(StrEnum):
    """Each says whether the request takes effect."""

    QUOTA_EXCEEDED = "quota_exceeded"  # 429/400, no effect
    THROTTLE_LIMITED = "throttle_limited"  # 429/410, no effect
    RATE_LIMITED = "rate_limited"  # 429/420, no effect
    TOO_LARGE = "too_large"  # 413/430, no effect
    ENDPOINT_ERROR = "endpoint_error"  # 503/500, no effect
    UNEXPECTED_ERROR = "unexpected_error"  # 500/900, no effect
    INTERNAL_ERROR = "internal_error"  # 500/77303, no effect
    ENDPOINT_TIMEOUT = "endpoint_timeout"  # 504/510, takes effect
    EMPTY_ERROR = "empty_error"  # 400 with an empty body, no effect
    HTML_ERROR = "html_error"  # 502 with a page of HTML, no effect
    REDIRECT = "redirect"  # 302 to elsewhere, no effect
    RUBBISH = "rubbish"  # 200 with something that is not JSON, takes effect
    CUT_BEFORE = "cut_before"  # the connection ends without an answer, no effect
    CUT_AFTER = "cut_after"  # the connection ends without an answer, takes effect
    CUT_IN_ANSWER = "cut_in_answer"  # the connection ends in the middle of the answer, takes effect
    STALLED = "stalled"  # nothing for `seconds`, then the connection ends without an answer, no effect
    DRIPPED = "dripped"  # the answer comes byte by byte, `seconds` apart, takes effect at once
    SLOW = "slow"  # the answer comes `seconds` late, takes effect at once
    CLOCK_SKEW = "clock_skew"  # the gateway's clock is `seconds` ahead of real time
    NOT_SUBSCRIBED = "not_subscribed"  # 403/77202: after the end of the API, or an account that never had it
    RETIRED = "retired"  # 404/300: after the end of the API


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault for the next `times` calls (None: until cleared) of one operation (None: of any).

    `operation` is the API's name, such as `createAddressBook`. `skip` lets that many calls pass before.
    `retry_after` is the header's text. `seconds` belongs to STALLED, DRIPPED, SLOW and CLOCK_SKEW.
    """

    kind: FaultKind
    times: int | None = 1
    operation: str | None = None
    skip: int = 0
    retry_after: str | None = None
    seconds: float = 0.0


class Faults:
    """The faults that are switched on, in the order in which they were; safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def switch_on(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def waiting(self) -> list[Fault]:
        with self._lock:
            return list(self._faults)

    def take(self, operation: str) -> Fault | None:
        """The fault for this call, counted down; the first that fits wins."""
        with self._lock:
            for index, fault in enumerate(self._faults):
                if fault.operation not in (None, operation):
                    continue
                if fault.skip:
                    self._faults[index] = replace(fault, skip=fault.skip - 1)
                    continue
                if fault.times == 1:
                    del self._faults[index]
                elif fault.times is not None:
                    self._faults[index] = replace(fault, times=fault.times - 1)
                return fault
        return None
