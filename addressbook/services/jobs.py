"""Who works on a job, how far it is, and when it is over.

The database row is the truth; a message to the workers carries an id and may be lost or doubled. A worker claims the
row with one conditional UPDATE and owns it while `attempt` is the number that it was given. It must extend its lease by
moving on (`keep_batch`); when it does not, `wake_forgotten` offers the job to the others.
"""

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from celery import current_app
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from addressbook import limits
from addressbook.models import Action, AddressBook, Edition, Job, JobState
from addressbook.models.jobs import UNFINISHED
from addressbook.services import audit
from addressbook.services.audit import Actor

logger = logging.getLogger(__name__)

RUN_JOB = "addressbook.tasks.run_job"


class JobLostError(Exception):
    """The job was claimed by another worker or ended meanwhile: nothing more may be written for it."""


def start(*, kind: Job.Kind, edition: Edition, parameters: Mapping[str, Any], rows_total: int, by: Actor) -> Job:
    """A new job in the caller's transaction; the workers hear of it once that is committed."""
    job = Job.objects.create(
        kind=kind,
        edition=edition,
        parameters=parameters,
        rows_total=rows_total,
        requested_by=by.user,
        requester=by.user.get_username(),
        requested_from=by.ip_address,
        created_at=timezone.now(),
    )
    transaction.on_commit(lambda: announce(job.pk))
    return job


def announce(job_id: int) -> None:
    """Tell the workers to look at the job. A broker that is down is no error: `wake_forgotten` announces it again."""
    try:
        current_app.send_task(RUN_JOB, args=[job_id], retry=False)
    except Exception:  # whatever a broker's client raises, the row is safe and the user's act is done
        logger.warning("Job %s could not be announced; it waits for the next sweep", job_id, exc_info=True)
    else:
        Job.objects.filter(pk=job_id).update(announced_at=timezone.now())


def claim(job_id: int) -> Job | None:
    """Take the job for this worker, or None when it is over, taken, or has failed too often."""
    now = timezone.now()
    with transaction.atomic():
        free = Job.objects.filter(
            Q(state=JobState.WAITING) | _lease_has_run_out(now),
            pk=job_id,
            fruitless_attempts__lt=limits.JOB_ATTEMPTS,
        )
        taken = free.update(
            state=JobState.RUNNING,
            attempt=F("attempt") + 1,
            fruitless_attempts=F("fruitless_attempts") + 1,
            lease_until=now + timedelta(seconds=limits.JOB_LEASE_SECONDS),
            started_at=Coalesce(F("started_at"), now),
        )
        return Job.objects.select_related("edition__book", "requested_by").get(pk=job_id) if taken else None


def still_owned(job: Job) -> Job:
    """The row as it is now, locked to the end of the transaction. Raises JobLostError when it is not ours any more."""
    now = Job.objects.select_for_update(of=("self",)).filter(pk=job.pk, attempt=job.attempt, state=JobState.RUNNING)
    if (row := now.first()) is None:
        raise JobLostError(f"job {job.pk}, attempt {job.attempt}")
    return row


def keep_batch(job: Job, *, cursor: int, rows: int, changes: Mapping[str, int]) -> None:
    """Move on by one batch, in the transaction of its rows; `job` comes from `still_owned` in the same transaction."""
    job.cursor = cursor
    job.rows_done += rows
    job.outcome = {**job.outcome, **{name: job.outcome.get(name, 0) + n for name, n in changes.items()}}
    job.lease_until = timezone.now() + timedelta(seconds=limits.JOB_LEASE_SECONDS)
    job.fruitless_attempts = 0
    job.save(update_fields=["cursor", "rows_done", "outcome", "lease_until", "fruitless_attempts"])


def finish(job: Job, state: JobState) -> None:
    """End the job and record it; the caller holds its row (`still_owned`) or has found it unfinished under a lock."""
    job.state = state
    job.lease_until = None
    job.finished_at = timezone.now()
    job.save(update_fields=["state", "lease_until", "finished_at"])
    audit.record_end(job)


def request_cancel(*, book: AddressBook, job_id: int, by: Actor) -> None:
    """Stop the job after the batch that it is in; what it did stays. Without effect on a job that is over."""
    with transaction.atomic():
        job = Job.objects.select_for_update(of=("self",)).filter(edition__book=book, pk=job_id).first()
        if job is None or job.state not in UNFINISHED or job.cancel_requested:
            return
        job.cancel_requested = True
        job.save(update_fields=["cancel_requested"])
        if job.state == JobState.WAITING:
            finish(job, JobState.CANCELLED)
        audit.record(by=by, action=Action.CANCEL_JOB, book=book, detail={"job": job.pk, "kind": job.kind})


def dismiss(*, book: AddressBook, job_id: int, by: Actor) -> None:
    """Put the result away: its requester has read it."""
    Job.objects.filter(edition__book=book, pk=job_id, requested_by=by.user).exclude(state__in=UNFINISHED).update(
        dismissed_at=timezone.now()
    )


def wake_forgotten() -> int:
    """Announce what nobody works on; give up what failed too often. Returns how many were announced.

    Harmless when two run at once, and cheap when there is nothing to do.
    """
    now = timezone.now()
    long_ago = now - timedelta(seconds=limits.JOB_FORGOTTEN_AFTER_SECONDS)
    unheard = Q(announced_at__isnull=True) | Q(announced_at__lt=long_ago) | Q(announced_at__gt=now)
    forgotten = Job.objects.filter(Q(state=JobState.WAITING) & unheard | _lease_has_run_out(now))
    woken = 0
    for job_id, attempts in forgotten.values_list("pk", "fruitless_attempts"):
        if attempts >= limits.JOB_ATTEMPTS:
            _give_up(job_id)
        else:
            announce(job_id)
            woken += 1
    return woken


def _give_up(job_id: int) -> None:
    with transaction.atomic():
        job = Job.objects.select_for_update(of=("self",)).get(pk=job_id)
        if job.state in UNFINISHED and job.fruitless_attempts >= limits.JOB_ATTEMPTS:
            logger.error("Job %s is given up after %s attempts", job_id, job.fruitless_attempts)
            finish(job, JobState.FAILED)


def _lease_has_run_out(now: Any) -> Q:
    # A lease further ahead than one is ever given comes from before the server's clock was set back.
    impossible = now + timedelta(seconds=2 * limits.JOB_LEASE_SECONDS)
    return Q(state=JobState.RUNNING) & (Q(lease_until__lt=now) | Q(lease_until__gt=impossible))
