"""Mail requests and what became of each recipient: two tables, cheap to fill by the thousand and to count.

The times and results of a request are settled when it is made; what a read shows is a question of the clock. So a time
once shown never moves, whatever settings change.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from libraries.outbound_mailer.simulator.database import Database
from libraries.outbound_mailer.simulator.pages import KOREAN_TIME

FINAL = ("S", "F", "U", "C", "PF")
_COLUMNS = (
    "number, request_id, requested_at, listed_at, ready_at, starts_at, done_at, seconds_each, "
    "first_mail, mail_count, recipient_count, title, head, outcomes"
)


@dataclass(frozen=True, slots=True)
class Timeline:
    """When a request is listed, prepared, begun, and done with its first mail; then a mail each `seconds_each`.

    None: never.
    """

    requested_at: float
    listed_at: float | None
    ready_at: float
    starts_at: float | None
    done_at: float | None
    seconds_each: float


@dataclass(frozen=True, slots=True)
class Delivery:
    """One recipient of a request: `mail` counts its mails from 0."""

    mail: int
    address: str
    name: str | None
    type: str
    parameters: dict[str, str]
    status: str
    code: str | None
    message: str | None
    retries: int
    is_received: bool


@dataclass(frozen=True, slots=True)
class StoredRequest:
    number: int
    request_id: str
    times: Timeline
    first_mail: int
    mail_count: int
    recipient_count: int
    title: str
    head: dict[str, Any]  # everything of the request but title, body and recipients
    outcomes: dict[str, int]  # how many mails end in which status

    @property
    def is_common(self) -> bool:
        return not self.head.get("individual", True)

    def mail_id(self, index: int) -> str:
        day = datetime.fromtimestamp(self.times.requested_at, KOREAN_TIME)
        return f"{day:%Y%m%d}{self.first_mail + index:012d}"

    def finished(self, now: float) -> int:
        """How many of its mails have reached their final status."""
        done_at, each = self.times.done_at, self.times.seconds_each
        if done_at is None or now < done_at:
            return 0
        return self.mail_count if not each else min(self.mail_count, int((now - done_at) / each) + 1)

    def finished_at(self, index: int) -> float:
        return (self.times.done_at or 0) + index * self.times.seconds_each

    def status_of(self, index: int, outcome: str, now: float) -> str:
        """The status of one mail or of its recipients, whose last one is `outcome`."""
        if now < self.times.ready_at:
            return "P"
        if self.times.starts_at is None or now < self.times.starts_at:
            return "R"
        return outcome if index < self.finished(now) else "I"


def combined(codes: Iterable[str]) -> str:
    """The status of several together."""
    kinds = set(codes)
    if len(kinds) == 1:
        return kinds.pop()
    for unfinished in ("P", "I", "R"):
        if unfinished in kinds:
            return "I"
    return "PF" if kinds & {"S", "PF"} else "F"


class MailStore:
    """The mail requests of one account and region."""

    def __init__(self, database: Database, place: str) -> None:
        self._database = database
        self._place = place

    def add(
        self, request_id: str, times: Timeline, head: dict[str, Any], texts: tuple[str, str], rows: Sequence[Any]
    ) -> None:
        """`texts` are title and body; each row is the columns of `deliveries` after the request's number."""
        mails = [row[5] for row in rows] if head.get("individual", True) else [combined(row[5] for row in rows)]
        select = "SELECT COALESCE(MAX(first_mail + mail_count), 1) FROM mail_requests"
        ((first_mail,),) = self._database.rows(select)
        values = (
            self._place,
            request_id,
            times.requested_at,
            times.listed_at,
            times.ready_at,
            times.starts_at,
            times.done_at,
            times.seconds_each,
            first_mail,
            len(mails),
            len(rows),
            *texts,
            json.dumps(head),
            json.dumps(Counter(mails)),
        )
        insert = (
            "INSERT INTO mail_requests (place, request_id, requested_at, listed_at, ready_at, starts_at, done_at, "
            "seconds_each, first_mail, mail_count, recipient_count, title, body, head, outcomes) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        )
        number = self._database.run(insert, *values).lastrowid
        insert = "INSERT INTO deliveries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        self._database.run_many(insert, ((number, position, *row) for position, row in enumerate(rows)))

    def request(self, request_id: str) -> StoredRequest | None:
        return self._found("request_id = ?", request_id)

    def with_mail(self, mail_id: str) -> tuple[StoredRequest, int] | None:
        """The request that a mail belongs to, and which of its mails it is."""
        if not (mail_id.isascii() and mail_id.isdigit() and len(mail_id) == 20):
            return None
        number = int(mail_id[8:])
        found = self._found("? >= first_mail AND ? < first_mail + mail_count", number, number)
        return (
            None
            if found is None or found.mail_id(number - found.first_mail) != mail_id
            else (
                found,
                number - found.first_mail,
            )
        )

    def _found(self, condition: str, *values: Any) -> StoredRequest | None:
        found = self._selected(condition, *values)
        return found[0] if found else None

    def listed(self, start: float, end: float, now: float) -> list[StoredRequest]:
        """Those made in a span that the list shows by now, oldest first."""
        return self._selected("requested_at BETWEEN ? AND ? AND listed_at <= ?", start, end, now)

    def _selected(self, condition: str, *values: Any) -> list[StoredRequest]:
        select = f"SELECT {_COLUMNS} FROM mail_requests WHERE place = ? AND {condition} ORDER BY number"  # noqa: S608
        return [_stored(row) for row in self._database.rows(select, self._place, *values)]

    def numbers_to(self, address: str) -> set[int]:
        """The requests with this recipient, whatever their place."""
        rows = self._database.rows("SELECT DISTINCT request FROM deliveries WHERE address = ?", address)
        return {number for (number,) in rows}

    def body(self, request: StoredRequest) -> str:
        ((body,),) = self._database.rows("SELECT body FROM mail_requests WHERE number = ?", request.number)
        return str(body)

    def deliveries(self, request: StoredRequest, mail: int | None = None) -> list[Delivery]:
        """The recipients of a request, or of one of its mails, in their order."""
        select = (
            "SELECT mail, address, name, type, parameters, status, code, message, retries, received "
            "FROM deliveries WHERE request = ? AND (? IS NULL OR mail = ?) ORDER BY position"
        )
        if mail is not None and not request.is_common:
            select = select.replace("(? IS NULL OR mail = ?)", "position = ? AND mail = ?")
        rows = self._database.rows(select, request.number, mail, mail)
        return [_delivery(*row) for row in rows]

    def heads(self, request: StoredRequest) -> list[tuple[int, str, str]]:
        """(mail, first address, status) of every mail of a request; cheaper than its deliveries."""
        select = "SELECT mail, address, status FROM deliveries WHERE request = ? ORDER BY position"
        rows = self._database.rows(select, request.number)
        if request.is_common:
            return [(0, rows[0][1], combined(status for _, _, status in rows))]
        return rows

    def counts(self, request: StoredRequest, now: float) -> dict[str, int]:
        """How many mails of a request are in which status."""
        finished = request.finished(now)
        if finished == request.mail_count:
            return request.outcomes
        if not finished:
            return {request.status_of(0, "", now): request.mail_count}
        select = "SELECT status, COUNT(*) FROM deliveries WHERE request = ? AND mail < ? GROUP BY status"
        counts = dict(self._database.rows(select, request.number, finished))
        return {**counts, "I": request.mail_count - finished}


def _delivery(
    mail: int,
    address: str,
    name: str | None,
    kind: str,
    parameters: str | None,
    status: str,
    code: str | None,
    message: str | None,
    retries: int,
    received: int,
) -> Delivery:
    values = json.loads(parameters or "{}")
    return Delivery(mail, address, name, kind, values, status, code, message, retries, bool(received))


def _stored(row: Any) -> StoredRequest:
    number, request_id, *times, first_mail, mails, recipients, title, head, outcomes = row
    return StoredRequest(
        number,
        request_id,
        Timeline(*times),
        first_mail,
        mails,
        recipients,
        title,
        json.loads(head),
        json.loads(outcomes),
    )
