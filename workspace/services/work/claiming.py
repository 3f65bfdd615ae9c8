"""Which row a worker takes, and what becomes of rows that nobody works on."""

import logging
from datetime import timedelta
from typing import Any, Final, TypeVar

from django.db import transaction
from django.db.models import Count, F, Max, Min, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from workspace import limits
from workspace.models import JobState, LeasedWork
from workspace.models.work import UNFINISHED, kinds
from workspace.services.work import jobs
from workspace.services.work.changing import lock

logger = logging.getLogger(__name__)

Work = TypeVar("Work", bound=LeasedWork)

# Of several workers that choose at once, each but the first finds its choice taken.
_CLAIM_ATTEMPTS: Final = 5


def claim(model: type[Work], work_id: int) -> Work | None:
    """Take the row for this worker, or None when it is over, taken, or has failed too often."""
    now = timezone.now()
    with transaction.atomic():
        free = model._default_manager.filter(
            Q(state=JobState.WAITING) | jobs.lease_has_run_out(now),
            pk=work_id,
            fruitless_attempts__lt=limits.JOB_ATTEMPTS,
        )
        taken = free.update(
            state=JobState.RUNNING,
            attempt=F("attempt") + 1,
            fruitless_attempts=F("fruitless_attempts") + 1,
            lease_until=jobs.lease(now),
            started_at=Coalesce(F("started_at"), now),
        )
        if not taken:
            return None
        work = model._default_manager.select_related(model.BOOK, "requested_by").get(pk=work_id)
    _log_claim(work, is_new=work.started_at == now)
    return work


def _log_claim(work: LeasedWork, *, is_new: bool) -> None:
    """So that a night's log shows which process had a job at which time."""
    fields = {"work": work._meta.model_name, "id": work.pk, "attempt": work.attempt, "rows_done": work.rows_done}
    logger.info("Job begun" if is_new else "Job taken over", extra={"fields": fields})


def claim_in_turn(model: type[Work], work_id: int) -> Work | None:
    """What to work on for a message about this row: as a rule the row, or that of another book whose turn it is.

    A message is a ticket: there are as many as rows that wait. So a book with a long queue gets a worker as often as
    the others that wait, and not for as long as its queue is.
    """
    waits = model._default_manager.filter(pk=work_id, state=JobState.WAITING).exists()
    if not waits and (own := claim(model, work_id)):
        return own  # its worker has died
    for _ in range(_CLAIM_ATTEMPTS):
        chosen = _next_in_turn(model, work_id)
        if chosen is None:
            return None
        if work := claim(model, chosen):
            return work
    return None


def _next_in_turn(model: type[Work], work_id: int) -> int | None:
    """Of the book with the fewest rows at work, and of those the one that was served longest ago."""
    may_run = model._default_manager.filter(state=JobState.WAITING, fruitless_attempts__lt=limits.JOB_ATTEMPTS)
    first = dict(may_run.values_list(model.BOOK).annotate(Min("pk")).order_by())
    if len(first) > 1:
        served = model._default_manager.filter(**{f"{model.BOOK}__in": first}).exclude(state=JobState.WAITING)
        at_work = Count("pk", filter=Q(state=JobState.RUNNING))
        known = served.values_list(model.BOOK).annotate(at_work=at_work, last=Max("started_at")).order_by()
        turns = {book: (running, started.timestamp() if started else 0.0) for book, running, started in known}
        book = min(first, key=lambda book: (*turns.get(book, (0, 0.0)), first[book]))
    else:
        book = next(iter(first), None)
    is_own = may_run.filter(**{"pk": work_id, model.BOOK: book}).exists()
    return work_id if is_own else first.get(book)


def wake_forgotten() -> int:
    """Announce what nobody works on; give up what failed too often. Returns how many were announced.

    Harmless when two run at once, and cheap when there is nothing to do.
    """
    return sum(map(_wake_forgotten, kinds()))


def _wake_forgotten(model: type[LeasedWork]) -> int:
    now = timezone.now()
    long_ago = now - timedelta(seconds=limits.JOB_FORGOTTEN_AFTER_SECONDS)
    unheard = Q(announced_at__isnull=True) | Q(announced_at__lt=long_ago) | Q(announced_at__gt=now)
    forgotten = model._default_manager.filter(Q(state=JobState.WAITING) & unheard | jobs.lease_has_run_out(now))
    woken = 0
    for work in forgotten.only("pk", "state", "fruitless_attempts", "request_id"):
        if work.fruitless_attempts >= limits.JOB_ATTEMPTS:
            _give_up(model, work.pk)
        else:
            jobs.announce(work)
            woken += 1
    return woken


def _give_up(model: type[LeasedWork], work_id: Any) -> None:
    with transaction.atomic():
        lock(model._default_manager.select_related(model.BOOK).get(pk=work_id).book)
        work = model._default_manager.select_for_update(of=("self",)).get(pk=work_id)
        if work.state in UNFINISHED and work.fruitless_attempts >= limits.JOB_ATTEMPTS:
            logger.error("%s is given up after %s attempts", work, work.fruitless_attempts)
            jobs.finish(work, JobState.FAILED)
