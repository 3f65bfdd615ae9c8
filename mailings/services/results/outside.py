"""Requests that the same account made elsewhere, read from the service's own list.

The list is read from where it was read last, and a day before that, since what was sent then may have gone on. Rows are
written by the id of their request: read twice, or by two workers at once, they are the same.
"""

import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from celery import current_app
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from libraries.outbound_mailer import ConfigurationError, InvalidRequestError, MailerClient, MailerError
from libraries.outbound_mailer.mail_types import MailRequestSummary
from mailings import limits
from mailings.models import OutsideReading, OutsideRequest, Part
from mailings.services.rules import require_role
from mailings.services.service_time import moment_of
from workspace.models import AddressBook, Connection, Role
from workspace.services.books import books
from workspace.services.books.connection import NotConnectedError, client_for
from workspace.services.history.audit import Actor
from workspace.services.work import crash_points

TASK = "mailings.tasks.read_outside_requests"
# What the service says of a request that nothing will change any more.
FINAL = ("S", "F", "U", "C", "PF")


def of_book(book: AddressBook) -> QuerySet[OutsideRequest]:
    """Without our own: one may have been read before its answer was kept here."""
    own = Part.objects.filter(request_id=OuterRef("request_id"), mailing__book=book)
    return OutsideRequest.objects.filter(book=book).exclude(Exists(own))


def read_now(*, book: AddressBook, by: Actor) -> None:
    """Have the list read without waiting for its time. Raises NotAllowedError."""
    with transaction.atomic():
        books.lock(book)
        require_role(book, by, Role.MANAGER)
        _wake(book)


def begin_again(book: AddressBook) -> None:
    """The book leads to another account: nothing that was read is its own. Under the lock of the book."""
    OutsideRequest.objects.filter(book=book).delete()
    OutsideReading.objects.filter(book=book).update(read_through=None, read_at=None, problem="")
    _wake(book)


def wake_due() -> None:
    """Announce the books whose list is to be read. Harmless when two run at once."""
    due = OutsideReading.objects.filter(next_at__lte=timezone.now())
    for book_id in due.values_list("book", flat=True):
        _announce(book_id)


def sweep() -> None:
    """Drop what the service does not keep either, and have the lists of connected books read."""
    OutsideRequest.objects.filter(requested_at__lt=_horizon()).delete()
    for connection in Connection.objects.select_related("book").filter(book__outside_reading__isnull=True):
        with transaction.atomic():
            books.lock(connection.book)
            _wake(connection.book)


def read(book_id: int) -> None:
    """Read what is new, if it is time for it."""
    now = timezone.now()
    following = now + timedelta(seconds=limits.OUTSIDE_READ_SECONDS)
    if not OutsideReading.objects.filter(book=book_id, next_at__lte=now).update(next_at=following):
        return
    reading = OutsideReading.objects.select_related("book").get(book=book_id)
    problem = ""
    try:
        with client_for(reading.book) as client:
            _read_on(reading, client, until=now)
    except NotConnectedError as error:
        problem = error.obstacle.value
    except ConfigurationError as error:
        problem = error.problem.value
    except (MailerError, InvalidRequestError) as error:
        problem = getattr(error, "code", None) or "no_answer"
    OutsideReading.objects.filter(pk=reading.pk).update(problem=problem[:60])


def _read_on(reading: OutsideReading, client: MailerClient, *, until: datetime) -> None:
    """In steps of a week, each kept: a worker that dies has read what it has."""
    end = time.monotonic() + limits.MAILING_TURN_SECONDS
    start = _start(reading)
    while start < until and time.monotonic() < end:
        to = min(until, start + timedelta(days=limits.OUTSIDE_STEP_DAYS))
        for rows in _pages(client, start, to):
            crash_points.reached("outside: page read")
            _keep(reading.book, rows)
        OutsideReading.objects.filter(pk=reading.pk).update(read_through=to, read_at=timezone.now())
        start = to
    if start < until:
        OutsideReading.objects.filter(pk=reading.pk).update(next_at=timezone.now())


def _start(reading: OutsideReading) -> datetime:
    """From the oldest that may have changed since it was read."""
    if reading.read_through is None:
        return _horizon()
    unfinished = OutsideRequest.objects.filter(book=reading.book, requested_at__gte=_horizon()).exclude(
        status__in=FINAL
    )
    oldest = unfinished.order_by("requested_at").values_list("requested_at", flat=True).first()
    overlapping = reading.read_through - timedelta(days=1)
    return min(overlapping, oldest) if oldest else overlapping


def _pages(client: MailerClient, start: datetime, to: datetime) -> Iterator[Sequence[MailRequestSummary]]:
    """Oldest first: what is added while the pages are read comes at the end."""
    number = 0
    while True:
        page = client.mail.get_request_list(
            start, to, page=number, size=limits.RESULTS_PAGE_ROWS, sort=("createUtc,asc",)
        )
        yield page.content
        if page.last or not page.content:
            return
        number += 1


def _keep(book: AddressBook, rows: Sequence[MailRequestSummary]) -> None:
    with transaction.atomic():
        books.lock(book)
        ids = [row.request_id for row in rows]
        own = set(Part.objects.filter(mailing__book=book, request_id__in=ids).values_list("request_id", flat=True))
        found = [OutsideRequest(book=book, **_values(row)) for row in rows if row.request_id not in own]
        changing = [name for name in _values(rows[0]) if name != "request_id"] if rows else []
        OutsideRequest.objects.bulk_create(
            found, update_conflicts=bool(found), unique_fields=["book", "request_id"], update_fields=changing
        )


def _values(row: MailRequestSummary) -> dict[str, Any]:
    return {
        "request_id": row.request_id,
        "tool": (row.dispatch_type or "")[:20],
        "status": row.email_status.code[:10],
        "sender_address": row.sender_address[:254],
        "sender_name": (row.sender_name or "")[:100],
        "template_name": (row.template_name or "")[:200],
        "requested_at": moment_of(row.request_date) or timezone.now(),
        "sent_at": moment_of(row.send_date),
        "reserved_for": moment_of(row.reservation_date),
        "recipient_count": row.recipient_count,
    }


def _horizon() -> datetime:
    return timezone.now() - timedelta(days=limits.OUTSIDE_KEPT_DAYS)


def _wake(book: AddressBook) -> None:
    OutsideReading.objects.update_or_create(book=book, defaults={"next_at": timezone.now()})
    transaction.on_commit(lambda: _announce(book.pk))


def _announce(book_id: int) -> None:
    """A broker that is down is no error: `wake_due` announces it again."""
    try:
        current_app.send_task(TASK, args=[book_id], retry=False)
    except Exception:
        return
