"""Telling the service of unsubscribes that were registered or removed here.

Both operations can be repeated: the service counts what it knew already as ignored. So a call without an answer, or a
worker that died after it, needs no question: what is not marked as told is told again.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from celery import current_app
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from libraries.outbound_mailer import ConfigurationError, InvalidRequestError, MailerClient, MailerError, PermanentError
from libraries.outbound_mailer.types import UnsubscriberCounts
from mailings import limits
from mailings.models import Suppression, Telling
from mailings.services.rules import require_role
from mailings.services.suppressions import taking_over
from mailings.services.suppressions.taking_over import TellingLostError
from workspace.models import AddressBook, Role
from workspace.services.books import books
from workspace.services.books.connection import NotConnectedError, client_for
from workspace.services.history.audit import Actor
from workspace.services.work import crash_points

TASK = "mailings.tasks.tell_unsubscribes"

Row = tuple[int, str]


@dataclass(slots=True)
class _Told:
    """What became of a batch: ids, and the service's three numbers."""

    told: list[int] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    asked: int = 0
    changed: int = 0
    ignored: int = 0

    def add(self, rows: Sequence[Row], answer: UnsubscriberCounts) -> None:
        self.told += [pk for pk, _ in rows]
        self.asked += answer.request_count
        self.changed += answer.count
        self.ignored += answer.ignore_count


def run(book_id: int) -> None:
    """Tell what is to be told of the book, if it is due and nobody else does. Raises TellingLostError."""
    telling = _claim(book_id)
    if telling is None:
        return
    # After an exception too: a defect must not keep the service from being told for longer than this.
    next_at: datetime | None = timezone.now() + timedelta(seconds=limits.CALL_PAUSE_LONGEST_SECONDS)
    try:
        next_at = _take_turn(telling)
    finally:
        _release(telling, next_at)


def tell_everything(book: AddressBook) -> None:
    """The book leads to another account, which knows nothing of what this one was told. Under the lock of the book."""
    Suppression.objects.unsubscribed().filter(book=book).update(told_at=None, read_at=None)
    wake(book)
    Telling.objects.filter(book=book).update(
        read_due_at=timezone.now(), read_began_at=None, read_at=None, can_read=None
    )


def tell_now(*, book: AddressBook, by: Actor) -> None:
    """Do not wait for the end of a pause, and ask once more about addresses that were refused.

    Raises NotAllowedError.
    """
    with transaction.atomic():
        books.lock(book)
        require_role(book, by, Role.MANAGER)
        refused = Suppression.objects.unsubscribed().filter(book=book, result_code=Suppression.REFUSED)
        refused.update(result_code="")
        wake(book)


def wake(book: AddressBook) -> None:
    """Have a worker tell the service, in the transaction of what it should be told."""
    now = timezone.now()
    telling, made = Telling.objects.get_or_create(book=book, defaults={"next_at": now})
    if not made and (telling.next_at is None or telling.next_at > now):
        telling.next_at = now
        telling.save(update_fields=["next_at"])
    transaction.on_commit(lambda: _announce(book.pk))


def read_now(*, book: AddressBook, by: Actor) -> None:
    """Have the service's own list read, from its beginning. Raises NotAllowedError."""
    with transaction.atomic():
        books.lock(book)
        require_role(book, by, Role.MANAGER)
        wake(book)
        Telling.objects.filter(book=book).update(read_due_at=timezone.now(), read_began_at=None)


def wake_due() -> int:
    """Announce the books that a worker should look at. Harmless when two run at once."""
    ids = list(_due(timezone.now()).values_list("book", flat=True))
    for book_id in ids:
        _announce(book_id)
    return len(ids)


def _announce(book_id: int) -> None:
    """A broker that is down is no error: `wake_due` announces it again."""
    try:
        current_app.send_task(TASK, args=[book_id], retry=False)
    except Exception:
        return


def _take_turn(telling: Telling) -> datetime | None:
    """When somebody has to look again; None when everything is told."""
    end = time.monotonic() + limits.MAILING_TURN_SECONDS
    try:
        with client_for(telling.book) as client:
            while _tell_next(telling, client):
                if time.monotonic() > end:
                    return timezone.now()
            taking_over.read(telling, client, end)
    except NotConnectedError as error:
        if not Suppression.objects.untold().filter(book=telling.book).exists():
            # Nobody has to be told anything; the list is read once there is a connection.
            Telling.objects.filter(pk=telling.pk, attempt=telling.attempt).update(read_due_at=None)
            return None
        return _failed(telling, error.obstacle.value)
    except ConfigurationError as error:
        return _failed(telling, str(error.problem))
    except MailerError as error:
        return _failed(telling, str(error.code or error.status or "no_answer"))
    return None


def _tell_next(telling: Telling, client: MailerClient) -> bool:
    """Tell the next refusals, or else the next removals; whether there were any."""
    for removed in (False, True):
        untold = Suppression.objects.untold().filter(book=telling.book, until__isnull=not removed)
        rows = list(untold.order_by("pk").values_list("pk", "email")[: limits.TOLD_AT_ONCE])
        if rows:
            operation = client.blocks.delete_unsubscribers if removed else client.blocks.register_unsubscribers
            outcome = _tell(operation, rows)
            crash_points.reached("unsubscribes: told")
            _keep(telling, outcome, removed=removed)
            return True
    return False


def _tell(operation: Callable[[Sequence[str]], UnsubscriberCounts], rows: Sequence[Row]) -> _Told:
    """One call, or several where the service refuses some of the addresses: those are found by halves."""
    outcome = _Told()
    left = [rows]
    for _ in range(limits.TELLING_CALLS):
        if not left:
            break
        part = left.pop()
        try:
            outcome.add(part, operation([email for _, email in part]))
        except (InvalidRequestError, PermanentError):
            if len(part) == 1:
                outcome.refused.append(part[0][0])
                continue
            middle = len(part) // 2
            left += [part[middle:], part[:middle]]
    return outcome


def _keep(telling: Telling, outcome: _Told, *, removed: bool) -> None:
    """What somebody has changed while the call was under way is not told: it has the other kind of `until` by now."""
    now = timezone.now()
    with transaction.atomic():
        books.lock(telling.book)
        own = Telling.objects.filter(pk=telling.pk, attempt=telling.attempt)
        kept = {"failures": 0, "problem": "", "lease_until": now + _lease()}
        if outcome.asked:
            kept |= {"told_at": now, "asked_count": outcome.asked}
            kept |= {"read_due_at": now + timedelta(seconds=limits.READ_AFTER_TELLING_SECONDS), "read_began_at": None}
            kept |= {"changed_count": outcome.changed, "ignored_count": outcome.ignored}
        if not own.update(**kept):
            raise TellingLostError(str(telling))
        same = Suppression.objects.filter(book=telling.book, until__isnull=not removed)
        if removed:
            # Nothing is left to remember; an address that the service does not take, it has no unsubscribe of either.
            same.filter(pk__among=[*outcome.told, *outcome.refused]).delete()
        else:
            same.filter(pk__among=outcome.told).update(told_at=now)
            same.filter(pk__among=outcome.refused).update(result_code=Suppression.REFUSED)
        crash_points.reached("unsubscribes: before the commit of what was told")


def _failed(telling: Telling, problem: str) -> datetime:
    own = Telling.objects.filter(pk=telling.pk, attempt=telling.attempt)
    own.update(failures=F("failures") + 1, problem=problem[:60])
    telling.refresh_from_db(fields=["failures"])
    doubled = limits.CALL_PAUSE_SECONDS * 2 ** min(telling.failures - 1, 10)
    return timezone.now() + timedelta(seconds=min(doubled, limits.CALL_PAUSE_LONGEST_SECONDS))


def _claim(book_id: int) -> Telling | None:
    now = timezone.now()
    with transaction.atomic():
        taken = _due(now).filter(book=book_id)
        if not taken.update(attempt=F("attempt") + 1, lease_until=now + _lease(), next_at=None):
            return None
        return Telling.objects.select_related("book").get(book=book_id)


def _release(telling: Telling, next_at: datetime | None) -> None:
    """Let go until `next_at`. What was registered in the meantime is not forgotten."""
    with transaction.atomic():
        row = Telling.objects.select_for_update().filter(pk=telling.pk, attempt=telling.attempt).first()
        if row is None:
            return
        moments = [moment for moment in (row.next_at, next_at) if moment]
        row.lease_until, row.next_at = None, min(moments) if moments else None
        row.save(update_fields=["lease_until", "next_at"])


def _lease() -> timedelta:
    return timedelta(seconds=limits.MAILING_LEASE_SECONDS)


def _due(now: datetime) -> QuerySet[Telling]:
    # A lease further ahead than any that is given comes from before the server's clock was set back.
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now) | Q(lease_until__gt=now + 2 * _lease())
    # While a worker is at it, `next_at` is None unless something came; after a crash only the lease tells.
    due = Q(next_at__lte=now) | Q(read_due_at__lte=now) | Q(next_at__isnull=True, lease_until__isnull=False)
    return Telling.objects.filter(free, due)
