"""Work on templates that goes on after the answer: by one worker at a time, and again after a failed call.

The row is the truth; a message carries an id and may be lost or doubled.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from celery import current_app
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from libraries.outbound_mailer import ConfigurationError, MailerError
from mailings import limits
from mailings.models.template_work import Leased
from mailings.services.templates.settling import UnsettledError
from workspace.services.books.connection import NotConnectedError

Row = TypeVar("Row", bound=Leased)


class LeaseLostError(Exception):
    """Another worker has the row: nothing more may be written for it."""


def run(model: type[Row], pk: int, take_turn: Callable[[Row], datetime | None]) -> None:
    """Claim the row, if it is due and nobody else has it, and take a turn at it. Raises LeaseLostError.

    `take_turn` returns when somebody has to go on, None when it is done. A failed call is made again after a pause.
    """
    row = _claim(model, pk)
    if row is None:
        return
    # After a defect too: it must not keep the work from going on for longer than this.
    next_at: datetime | None = timezone.now() + timedelta(seconds=limits.CALL_PAUSE_LONGEST_SECONDS)
    try:
        next_at = take_turn(row)
    except NotConnectedError as error:
        next_at = _failed(row, error.obstacle.value)
    except (MailerError, UnsettledError) as error:
        next_at = _failed(row, _code_of(error.problem if isinstance(error, UnsettledError) else error))
    finally:
        _release(row, next_at)


def own(row: Leased) -> None:
    """Extend the lease. Under the lock of the book. Raises LeaseLostError."""
    values = {"lease_until": until(), "failures": 0, "problem": ""}
    if not type(row)._default_manager.filter(pk=row.pk, attempt=row.attempt).update(**values):
        raise LeaseLostError(str(row))


def announce(task: str, pk: int) -> None:
    """A broker that is down is no error: `wake_due` announces it again."""
    try:
        current_app.send_task(task, args=[pk], retry=False)
    except Exception:
        return


def due(model: type[Row]) -> QuerySet[Row]:
    now = timezone.now()
    # A lease further ahead than any that is given comes from before the server's clock was set back.
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now) | Q(lease_until__gt=now + 2 * _lease())
    # While a worker is at it, `next_at` is None unless something came; after a crash only the lease tells.
    wanted = Q(next_at__lte=now) | Q(next_at__isnull=True, lease_until__isnull=False)
    return model._default_manager.filter(free, wanted)


def _claim(model: type[Row], pk: int) -> Row | None:
    with transaction.atomic():
        taken = due(model).filter(pk=pk).update(attempt=F("attempt") + 1, lease_until=until(), next_at=None)
        return model._default_manager.select_related("book").get(pk=pk) if taken else None


def _release(row: Leased, next_at: datetime | None) -> None:
    """Let go until `next_at`. What was asked for in the meantime is not forgotten."""
    with transaction.atomic():
        rows = type(row)._default_manager.select_for_update().filter(pk=row.pk, attempt=row.attempt)
        now = rows.first()
        if now is None:
            return
        moments = [moment for moment in (now.next_at, next_at) if moment]
        now.lease_until, now.next_at = None, min(moments) if moments else None
        now.save(update_fields=["lease_until", "next_at"])


def _code_of(error: MailerError) -> str:
    if isinstance(error, ConfigurationError):
        return str(error.problem)
    return str(error.code or error.status or "no_answer")


def _failed(row: Leased, problem: str) -> datetime:
    own_row = type(row)._default_manager.filter(pk=row.pk, attempt=row.attempt)
    own_row.update(failures=F("failures") + 1, problem=problem[:60])
    doubled = limits.CALL_PAUSE_SECONDS * 2 ** min(row.failures, 10)
    return timezone.now() + timedelta(seconds=min(doubled, limits.CALL_PAUSE_LONGEST_SECONDS))


def _lease() -> timedelta:
    return timedelta(seconds=limits.MAILING_LEASE_SECONDS)


def until() -> datetime:
    """The end of a lease that is given now."""
    return timezone.now() + _lease()


def is_over(lease_until: datetime) -> bool:
    now = timezone.now()
    return not now < lease_until < now + 2 * _lease()
