"""The ledger: which mails were delivered to whom. No operation of the service shows it; tests count with it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from libraries.outbound_mailer.simulator.database import Database
from libraries.outbound_mailer.simulator.mail_rows import filled
from libraries.outbound_mailer.simulator.mail_store import MailStore

_DELIVERED = (
    "FROM deliveries d JOIN mail_requests r ON r.number = d.request "
    "WHERE r.place = ? AND d.status = 'S' AND r.done_at + d.mail * r.seconds_each <= ?"
)


@dataclass(frozen=True, slots=True)
class DeliveredMail:
    """A mail in the hands of a recipient. `number` grows in the order of the ledger; the rest stays out of the repr."""

    number: int
    request_id: str
    mail_id: str
    delivered_at: float
    address: str = field(repr=False)
    name: str | None = field(repr=False)
    type: str
    sender_address: str = field(repr=False)
    sender_name: str | None = field(repr=False)
    subject: str = field(repr=False)
    body: str = field(repr=False)
    references_header: str | None
    attachments: tuple[str, ...] = field(repr=False)  # names of files


class Ledger:
    """The delivered mails of one account and region at a moment."""

    def __init__(self, database: Database, place: str, now: float) -> None:
        self._database = database
        self._place = place
        self._now = now

    def mails(
        self, *, address: str | None = None, request_id: str | None = None, after: int = 0, limit: int | None = None
    ) -> list[DeliveredMail]:
        """Those of a recipient or of a request, or all; `after` is the number of the last one that was seen."""
        select = (
            f"SELECT d.rowid, r.request_id, d.mail, d.address, d.name, d.type, d.parameters {_DELIVERED} "
            "AND (? IS NULL OR d.address = ?) AND (? IS NULL OR r.request_id = ?) AND d.rowid > ? "
            "ORDER BY d.rowid LIMIT ?"
        )
        values = (self._place, self._now, address, address, request_id, request_id, after, limit or -1)
        return list(self._rendered(self._database.rows(select, *values)))

    def counts(self) -> dict[str, int]:
        """How often each address got a mail."""
        select = f"SELECT d.address, COUNT(*) {_DELIVERED} GROUP BY d.address"
        return dict(self._database.rows(select, self._place, self._now))

    def summary(self) -> dict[str, Any]:
        """Numbers that stay small however many mails there are, and who got more than one."""
        select = f"SELECT COUNT(*), COUNT(DISTINCT d.address), COUNT(DISTINCT d.request) {_DELIVERED}"
        ((mails, addresses, requests),) = self._database.rows(select, self._place, self._now)
        select = f"SELECT d.address, COUNT(*) {_DELIVERED} GROUP BY d.address HAVING COUNT(*) > 1"
        repeated = dict(self._database.rows(select, self._place, self._now))
        return {"mails": mails, "addresses": addresses, "requests": requests, "repeated": repeated}

    def _rendered(self, rows: list[Any]) -> Iterator[DeliveredMail]:
        store = MailStore(self._database, self._place)
        known: dict[str, Any] = {}
        for number, request_id, mail, address, name, kind, parameters in rows:
            if request_id not in known:
                request = store.request(request_id)
                known[request_id] = (request, store.body(request) if request else "")
            request, body = known[request_id]
            common, own = request.head.get("parameters"), self._own(request, mail, parameters)
            yield DeliveredMail(
                number=number,
                request_id=request_id,
                mail_id=request.mail_id(mail),
                delivered_at=request.finished_at(mail),
                address=address,
                name=name,
                type=kind,
                sender_address=request.head["senderAddress"],
                sender_name=request.head.get("senderName"),
                subject=filled(request.title, common, own),
                body=filled(body, common, own),
                references_header=request.head.get("referencesHeader"),
                attachments=tuple(file["fileName"] for file in request.head["attachFiles"]),
            )

    def _own(self, request: Any, mail: int, parameters: str | None) -> dict[str, str]:
        """A common mail has the values of its first recipient."""
        if request.is_common:
            return dict(MailStore(self._database, self._place).deliveries(request, mail)[0].parameters)
        return dict(json.loads(parameters or "{}"))
