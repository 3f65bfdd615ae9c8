"""What becomes of mails: rules that tests and demonstrations set, since a simulator knows no mailbox."""

import threading
import zlib
from dataclasses import dataclass
from fnmatch import fnmatchcase

# The codes after which the service blocks an address.
HARD_BOUNCES = (
    "MAILBOX_ERROR",
    "MAIL_CONTENTS_ERROR",
    "NETWORK_ERROR",
    "RECEIVE_MAIL_SERVICE_ERROR",
    "RECIPIENT_ADDRESS_ERROR",
    "SECURITY_AND_POLICY_ERROR",
    "SMTP_ERROR",
)
BLOCKED = "SEND_BLOCK_ADDRESS"
Result = tuple[str, str | None, str | None, int, int]  # status, code, message, retries, received
_MESSAGES = {"MAIL_SENT": "250 2.0.0 accepted", "RECIPIENT_ADDRESS_ERROR": "550 5.1.1 no such user"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What becomes of mails to the addresses that `pattern` fits (`*` and `?` are wild), or of a `share` of them.

    The same addresses are in the share each time. `status` is S, F or C; without a `code` a failure is a
    RECIPIENT_ADDRESS_ERROR. `message` is what the other side said.
    """

    pattern: str = "*"
    share: float = 1.0
    status: str = "F"
    code: str | None = None
    message: str | None = None
    retries: int = 0
    is_received: bool = False

    def __post_init__(self) -> None:
        if self.status not in ("S", "F", "C") or not 0 <= self.share <= 1 or self.retries < 0:
            raise ValueError("No such outcome")

    def fits(self, address: str) -> bool:
        if self.pattern != "*" and not fnmatchcase(address.lower(), self.pattern.lower()):
            return False
        return self.share >= 1 or zlib.crc32(f"{self.pattern} {address}".encode()) < self.share * 2**32

    @property
    def result(self) -> Result:
        """(status, code, message, retries, received), as they are stored."""
        usual = {"S": "MAIL_SENT", "F": "RECIPIENT_ADDRESS_ERROR"}.get(self.status)
        code = self.code or usual
        return self.status, code, self.message or _MESSAGES.get(code or ""), self.retries, int(self.is_received)


SENT: Result = Outcome(status="S").result
UNSUBSCRIBED: Result = ("U", None, None, 0, 0)
NOT_TRIED: Result = ("F", BLOCKED, None, 0, 0)


class Outcomes:
    """The rules in the order in which they were set; the first that fits wins. Safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[Outcome] = []

    def set(self, outcome: Outcome) -> None:
        with self._lock:
            self._rules.append(outcome)

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()

    def rules(self) -> list[Outcome]:
        with self._lock:
            return list(self._rules)
