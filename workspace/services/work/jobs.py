"""Who works on what, how far it is, and when it is over: for every kind of work (`workspace.models.work`).

The database row is the truth; a message to the workers carries an id and may be lost or doubled. A worker claims the
row with one conditional UPDATE and owns it while `attempt` is the number that it was given. It must extend its lease by
moving on (`batch`, `keep_lease`); when it does not, `sweeping.wake_forgotten` offers the row to the others.
"""

import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Generic, Protocol, TypeVar

from celery import current_app
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.module_loading import import_string

from workspace import limits, request_ids
from workspace.models import Act, JobState, LeasedWork
from workspace.models.work import EditionWork
from workspace.services.history import audit
from workspace.services.work import acts, crash_points
from workspace.services.work.changing import Change, changing, holding

logger = logging.getLogger(__name__)

Work = TypeVar("Work", bound=LeasedWork)

TASK: Final = "workspace.tasks.work_on"


class JobLostError(Exception):
    """The work was claimed by another worker or ended meanwhile: nothing more may be written for it."""


class WorkOverError(Exception):
    """The work has just been ended, because it was cancelled or the book was reset: its worker stops."""


class Notes(Protocol):
    """What a batch has changed, in a form that an undo can use."""

    def keep(self, act: Act) -> None:
        """Keep it with the act, in the caller's transaction."""


def announce(work: LeasedWork) -> None:
    """Tell the workers to look at it. A broker that is down is no error: `wake_forgotten` announces it again."""
    try:
        headers = {request_ids.MESSAGE_HEADER: work.request_id}
        current_app.send_task(TASK, args=[work._meta.label, work.pk], queue=work.QUEUE, retry=False, headers=headers)
    except Exception:  # whatever a broker's client raises, the row is safe and the user's act is done
        logger.warning("%s could not be announced; it waits for the next sweep", work, exc_info=True)
    else:
        type(work)._default_manager.filter(pk=work.pk).update(announced_at=timezone.now())


def announce_on_commit(work: LeasedWork) -> None:
    transaction.on_commit(lambda: announce(work))


def put_back(work: LeasedWork) -> None:
    """Have it worked on (again), from its beginning, once the caller's transaction is committed; saves the row."""
    work.state = JobState.WAITING
    work.cancel_requested = False
    work.waiting_since = timezone.now()
    work.request_id = request_ids.current()
    work.started_at = work.finished_at = work.announced_at = work.dismissed_at = None
    work.fruitless_attempts = 0
    work.save()
    announce_on_commit(work)


def work_on(work: LeasedWork) -> None:
    """Work on a claimed row until it rests or is over. Raises JobLostError when another worker has it."""
    run: Callable[[LeasedWork], None] = import_string(work.worker)
    try:
        run(work)
    except WorkOverError:
        return


def still_owned(work: Work) -> Work:
    """The row as it is now, locked to the end of the transaction. Raises JobLostError when it is not ours any more."""
    rows = type(work)._default_manager.select_for_update(of=("self",))
    row = rows.filter(pk=work.pk, attempt=work.attempt, state=JobState.RUNNING).first()
    if row is None:
        raise JobLostError(f"{work}, attempt {work.attempt}")
    return row


@dataclass(frozen=True, slots=True)
class Batch(Generic[Work]):
    """Some of the work, in its transaction: `row` is the work as it is now, `change` what it is a part of."""

    row: Work
    change: Change

    def keep(self, *, cursor: int, rows: int, changes: Mapping[str, int], notes: Notes | None = None) -> None:
        """Move on: `rows` were worked on, up to `cursor`. `changes` adds to the outcome."""
        self.note(notes)
        keep_batch(self.row, cursor=cursor, rows=rows, changes=changes)

    def note(self, notes: Notes | None) -> None:
        """Keep what was changed, for an undo."""
        if notes is not None and isinstance(self.row, EditionWork) and self.row.act_id is not None:
            notes.keep(Act.objects.get(pk=self.row.act_id))


End = Callable[[Any, JobState, str], None]


@contextmanager
def batch(work: Work, *, end: End | None = None) -> Iterator[Batch[Work]]:
    """One transaction that changes the book, and where the work then is; the place is kept with the rows.

    Raises JobLostError when the work is another worker's, and WorkOverError when it was cancelled or its edition is
    closed: then it has been ended, by `end` (as `finish`, which is meant where none is given).
    """
    with _going_on(work, changing(work.book, by=None), end) as current:
        yield current
    crash_points.reached(f"{work._meta.model_name}: batch kept")


@contextmanager
def step(work: Work, *, end: End | None = None) -> Iterator[Batch[Work]]:
    """The same for what is written beside the contents of the book: nobody has to hear of that (`changing`)."""
    with _going_on(work, holding(work.book), end) as current:
        yield current


@contextmanager
def _going_on(work: Work, scope: AbstractContextManager[Change], end: End | None) -> Iterator[Batch[Work]]:
    with scope as change:
        row = still_owned(work)
        reason = row.why_over(change.edition)
        is_over = bool(reason) or (row.cancel_requested and row.may_be_cancelled)
        if is_over:
            (end or _end)(row, JobState.FAILED if reason else JobState.CANCELLED, reason)
        else:
            yield Batch(row, change)
        crash_points.reached(f"{work._meta.model_name}: before commit")
    if is_over:
        raise WorkOverError(f"{work}, {reason or 'cancelled'}")


def _end(work: LeasedWork, state: JobState, reason: str) -> None:
    finish(work, state, reason=reason)


def keep_batch(work: LeasedWork, *, cursor: int, rows: int, changes: Mapping[str, int]) -> None:
    """Move on by one batch, in the transaction of its rows; `work` comes from `still_owned` in the same transaction."""
    work.cursor = cursor
    work.rows_done += rows
    work.outcome = {**work.outcome, **{name: work.outcome.get(name, 0) + n for name, n in changes.items()}}
    work.lease_until = lease(timezone.now())
    work.fruitless_attempts = 0
    work.save(update_fields=["cursor", "rows_done", "outcome", "lease_until", "fruitless_attempts"])


def keep_lease(work: LeasedWork, *, rows_done: int) -> bool:
    """Say how far it is when nothing is kept yet; whether to go on: its owner may have cancelled it.

    Raises JobLostError when it is not ours any more.
    """
    row = type(work)._default_manager.filter(pk=work.pk, attempt=work.attempt, state=JobState.RUNNING)
    if not row.update(rows_done=rows_done, lease_until=lease(timezone.now())):
        raise JobLostError(f"{work}, attempt {work.attempt}")
    return not row.filter(cancel_requested=True).exists()


def finish(work: LeasedWork, state: JobState, *, reason: str = "", also: Collection[str] = ()) -> None:
    """End the work and record it; what it did can be undone from now on.

    The caller holds the lock of the book, and has found the row unfinished (or `still_owned`) after that. `also` names
    further fields that it has set and that must change together with the state.
    """
    act = None
    fields = {"state", "lease_until", "finished_at", *also}
    if isinstance(work, EditionWork):
        act = acts.close(Act.objects.get(pk=work.act_id)) if work.act_id is not None else None
        work.act = act
        fields.add("act")
    if reason:
        work.outcome = {**work.outcome, "reason": reason}
        fields.add("outcome")
    work.state = state
    work.lease_until = None
    work.finished_at = timezone.now()
    work.save(update_fields=fields)
    audit.record_end(work, act=act)


def lease(now: datetime) -> datetime:
    return now + timedelta(seconds=limits.JOB_LEASE_SECONDS)


def lease_has_run_out(now: datetime) -> Q:
    # A lease further ahead than one is ever given comes from before the server's clock was set back.
    impossible = now + timedelta(seconds=2 * limits.JOB_LEASE_SECONDS)
    return Q(state=JobState.RUNNING) & (Q(lease_until__lt=now) | Q(lease_until__gt=impossible))
