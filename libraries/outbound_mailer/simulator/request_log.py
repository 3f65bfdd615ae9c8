"""What was asked of the simulator, for assertions. What is printed holds no key, no signature and no e-mail
address.
"""

import json
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from libraries.outbound_mailer.redaction import without_addresses
from libraries.outbound_mailer.signing import ACCESS_KEY_HEADER, SIGNATURE_HEADER

# Bodies of 363,000 addresses must fit, a day of demonstrations must not fill the memory.
_KEPT_BODY_BYTES = 64 * 1024 * 1024
_KEPT_REQUESTS = 10_000
_SECRET_HEADERS = (ACCESS_KEY_HEADER, SIGNATURE_HEADER, "authorization", "cookie")


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One request as it came, with the status that it got (None: the connection was cut)."""

    method: str
    target: str = field(repr=False)
    operation: str
    status: int | None
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def __str__(self) -> str:
        return f"{self.method} {without_addresses(self.target)} ({self.operation}): {self.status}"


class RequestLog:
    """The latest requests, oldest first; safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: deque[LoggedRequest] = deque(maxlen=_KEPT_REQUESTS)
        self._body_bytes = 0

    def add(
        self,
        method: str,
        target: str,
        operation: str,
        status: int | None,
        headers: dict[str, str],
        body: bytes,
    ) -> None:
        public = {name: value for name, value in headers.items() if name not in _SECRET_HEADERS}
        with self._lock:
            if len(self._requests) == _KEPT_REQUESTS:
                self._forget_oldest()
            self._requests.append(LoggedRequest(method, target, operation, status, public, body))
            self._body_bytes += len(body)
            while self._body_bytes > _KEPT_BODY_BYTES and len(self._requests) > 1:
                self._forget_oldest()

    def requests(self, operation: str | None = None) -> list[LoggedRequest]:
        """All that are kept, or those of one operation under its name in the API."""
        with self._lock:
            return [request for request in self._requests if operation in (None, request.operation)]

    def clear(self) -> None:
        with self._lock:
            self._requests.clear()
            self._body_bytes = 0

    def _forget_oldest(self) -> None:
        self._body_bytes -= len(self._requests.popleft().body)
