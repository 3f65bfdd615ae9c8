"""Who works on what (a job, an upload), how far it is, and when it is over.

The database row is the truth; a message to the workers carries an id and may be lost or doubled. A worker claims the
row with one conditional UPDATE and owns it while `attempt` is the number that it was given. It must extend its lease by
moving on (`keep_batch`, `keep_lease`); when it does not, `wake_forgotten` offers the row to the others.
"""

import logging
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any, Final, TypeVar

from celery import current_app
from django.db import transaction
from django.db.models import Count, F, Max, Min, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from addressbook.models import Act, Download, Upload
from addressbook.services.addresses import undo_log
from addressbook.services.addresses.undo_log import Changes
from workspace import limits, request_ids
from workspace.models import Action, AddressBook, Edition, Erasure, Job, JobState, LeasedWork
from workspace.models.work import UNFINISHED
from workspace.services.history import audit
from workspace.services.history.audit import Actor
from workspace.services.work.changing import lock

logger = logging.getLogger(__name__)

Work = TypeVar("Work", bound=LeasedWork)

KINDS: Final[tuple[type[LeasedWork], ...]] = (Job, Upload, Download, Erasure)


# Of several workers that choose at once, each but the first finds its choice taken.
_CLAIM_ATTEMPTS: Final = 5


class JobLostError(Exception):
    """The work was claimed by another worker or ended meanwhile: nothing more may be written for it."""


class UndoRunningError(Exception):
    """An undo goes on in the book: what it gives back could fall to an act that was meant for what was there before."""


def require_no_undo(edition: Edition) -> None:
    """Raises UndoRunningError. Call it under the lock of the book, before a bulk act that goes on after the answer."""
    if Job.objects.unfinished().filter(edition=edition, kind=Job.Kind.UNDO).exists():
        raise UndoRunningError


def start(
    *,
    kind: Job.Kind,
    edition: Edition,
    parameters: Mapping[str, Any],
    rows_total: int,
    by: Actor,
    undoes: Act | None = None,
) -> Job:
    """A new job in the caller's transaction; the workers hear of it once that is committed."""
    job = Job.objects.create(
        act=undo_log.begin(edition, audit.ACTIONS[kind], undoes=undoes),
        kind=kind,
        edition=edition,
        parameters=parameters,
        rows_total=rows_total,
        requested_by=by.user,
        requester=by.user.get_username(),
        requested_from=by.ip_address,
        created_at=timezone.now(),
    )
    transaction.on_commit(lambda: announce(job))
    return job


def announce(work: LeasedWork) -> None:
    """Tell the workers to look at it. A broker that is down is no error: `wake_forgotten` announces it again."""
    try:
        headers = {request_ids.MESSAGE_HEADER: work.request_id}
        current_app.send_task(work.TASK, args=[work.pk], retry=False, headers=headers)
    except Exception:  # whatever a broker's client raises, the row is safe and the user's act is done
        logger.warning("%s could not be announced; it waits for the next sweep", work, exc_info=True)
    else:
        type(work)._default_manager.filter(pk=work.pk).update(announced_at=timezone.now())


def claim(model: type[Work], work_id: int) -> Work | None:
    """Take the row for this worker, or None when it is over, taken, or has failed too often."""
    now = timezone.now()
    with transaction.atomic():
        free = model._default_manager.filter(
            Q(state=JobState.WAITING) | _lease_has_run_out(now),
            pk=work_id,
            fruitless_attempts__lt=limits.JOB_ATTEMPTS,
        )
        taken = free.update(
            state=JobState.RUNNING,
            attempt=F("attempt") + 1,
            fruitless_attempts=F("fruitless_attempts") + 1,
            lease_until=_lease(now),
            started_at=Coalesce(F("started_at"), now),
        )
        if not taken:
            return None
        work = model._default_manager.select_related("edition__book", "requested_by").get(pk=work_id)
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
    first = dict(may_run.values_list("edition__book").annotate(Min("pk")).order_by())
    if len(first) > 1:
        served = model._default_manager.filter(edition__book__in=first).exclude(state=JobState.WAITING)
        at_work = Count("pk", filter=Q(state=JobState.RUNNING))
        known = served.values_list("edition__book").annotate(at_work=at_work, last=Max("started_at")).order_by()
        turns = {book: (running, started.timestamp() if started else 0.0) for book, running, started in known}
        book = min(first, key=lambda book: (*turns.get(book, (0, 0.0)), first[book]))
    else:
        book = next(iter(first), None)
    is_own = may_run.filter(pk=work_id, edition__book=book).exists()
    return work_id if is_own else first.get(book)


def still_owned(work: Work) -> Work:
    """The row as it is now, locked to the end of the transaction. Raises JobLostError when it is not ours any more."""
    rows = type(work)._default_manager.select_for_update(of=("self",))
    row = rows.filter(pk=work.pk, attempt=work.attempt, state=JobState.RUNNING).first()
    if row is None:
        raise JobLostError(f"{work}, attempt {work.attempt}")
    return row


def keep_batch(work: LeasedWork, *, cursor: int, rows: int, changes: Mapping[str, int]) -> None:
    """Move on by one batch, in the transaction of its rows; `work` comes from `still_owned` in the same transaction."""
    work.cursor = cursor
    work.rows_done += rows
    work.outcome = {**work.outcome, **{name: work.outcome.get(name, 0) + n for name, n in changes.items()}}
    work.lease_until = _lease(timezone.now())
    work.fruitless_attempts = 0
    work.save(update_fields=["cursor", "rows_done", "outcome", "lease_until", "fruitless_attempts"])


def keep_undoable(work: LeasedWork, changes: Changes) -> None:
    """Keep what this batch has changed, for an undo, in the transaction of its rows."""
    if work.act_id is not None:
        changes.keep(Act.objects.get(pk=work.act_id))


def keep_lease(work: LeasedWork, *, rows_done: int) -> bool:
    """Say how far it is when nothing is kept yet; whether to go on: its owner may have cancelled it.

    Raises JobLostError when it is not ours any more.
    """
    row = type(work)._default_manager.filter(pk=work.pk, attempt=work.attempt, state=JobState.RUNNING)
    if not row.update(rows_done=rows_done, lease_until=_lease(timezone.now())):
        raise JobLostError(f"{work}, attempt {work.attempt}")
    return not row.filter(cancel_requested=True).exists()


def finish(work: LeasedWork, state: JobState, *, also: Collection[str] = ()) -> None:
    """End the work and record it; what it did can be undone from now on.

    The caller holds the lock of the book, and has found the row unfinished (or `still_owned`) after that. `also` names
    further fields that it has set and that must change together with the state.
    """
    act = undo_log.close(Act.objects.get(pk=work.act_id)) if work.act_id is not None else None
    work.act = act
    work.state = state
    work.lease_until = None
    work.finished_at = timezone.now()
    work.save(update_fields=["act", "state", "lease_until", "finished_at", *also])
    audit.record_end(work, act=act)


def request_cancel(*, book: AddressBook, job_id: int, by: Actor) -> None:
    """Stop the job after the batch that it is in; what it did stays. Without effect on a job that is over."""
    with transaction.atomic():
        lock(book)
        job = Job.objects.select_for_update(of=("self",)).filter(edition__book=book, pk=job_id).first()
        if job is None or job.state not in UNFINISHED or job.cancel_requested:
            return
        if job.kind == Job.Kind.ERASE_TRACES:
            return  # half forgotten is not forgotten
        job.cancel_requested = True
        job.save(update_fields=["cancel_requested"])
        if job.state == JobState.WAITING:
            finish(job, JobState.CANCELLED)
        audit.record(by=by, action=Action.CANCEL_JOB, book=book, detail={"job": job.pk, "kind": job.kind})


def dismiss(model: type[LeasedWork], *, book: AddressBook, work_id: int, by: Actor) -> None:
    """Put the result away: its requester has read it."""
    open_states = (*UNFINISHED, JobState.CHECKED)
    mine = model._default_manager.filter(edition__book=book, pk=work_id, requested_by=by.user)
    mine.exclude(state__in=open_states).update(dismissed_at=timezone.now())


def dismiss_cancelled(model: type[LeasedWork], *, book: AddressBook, work_id: int, by: Actor) -> None:
    """Spare the user the result of work that they cancelled themselves before it had changed anything."""
    own = model._default_manager.filter(edition__book=book, pk=work_id, requested_by=by.user, cancel_requested=True)
    changed_nothing = {
        Job: Q(state=JobState.CANCELLED, rows_done=0),
        Upload: Q(phase=Upload.Phase.CHECK),
        Download: Q(),
    }
    own.filter(changed_nothing[model]).update(dismissed_at=timezone.now())


def dismiss_all(*, book: AddressBook, by: Actor) -> None:
    """Put away every result of the user's own; files that were made stay in the list of downloads."""
    for model in KINDS:
        mine = model._default_manager.filter(edition__book=book, requested_by=by.user, dismissed_at=None)
        mine.filter(finished_at__isnull=False).update(dismissed_at=timezone.now())


def wake_forgotten() -> int:
    """Announce what nobody works on; give up what failed too often. Returns how many were announced.

    Harmless when two run at once, and cheap when there is nothing to do.
    """
    return sum(map(_wake_forgotten, KINDS))


def _wake_forgotten(model: type[LeasedWork]) -> int:
    now = timezone.now()
    long_ago = now - timedelta(seconds=limits.JOB_FORGOTTEN_AFTER_SECONDS)
    unheard = Q(announced_at__isnull=True) | Q(announced_at__lt=long_ago) | Q(announced_at__gt=now)
    forgotten = model._default_manager.filter(Q(state=JobState.WAITING) & unheard | _lease_has_run_out(now))
    woken = 0
    for work in forgotten.only("pk", "state", "fruitless_attempts", "request_id"):
        if work.fruitless_attempts >= limits.JOB_ATTEMPTS:
            _give_up(model, work.pk)
        else:
            announce(work)
            woken += 1
    return woken


def _give_up(model: type[LeasedWork], work_id: int) -> None:
    book = AddressBook.objects.get(**{f"editions__{model._meta.model_name}s": work_id})
    with transaction.atomic():
        lock(book)
        work = model._default_manager.select_for_update(of=("self",)).get(pk=work_id)
        if work.state in UNFINISHED and work.fruitless_attempts >= limits.JOB_ATTEMPTS:
            logger.error("%s is given up after %s attempts", work, work.fruitless_attempts)
            finish(work, JobState.FAILED)


def _lease(now: Any) -> Any:
    return now + timedelta(seconds=limits.JOB_LEASE_SECONDS)


def _lease_has_run_out(now: Any) -> Q:
    # A lease further ahead than one is ever given comes from before the server's clock was set back.
    impossible = now + timedelta(seconds=2 * limits.JOB_LEASE_SECONDS)
    return Q(state=JobState.RUNNING) & (Q(lease_until__lt=now) | Q(lease_until__gt=impossible))
