"""Bulk acts that go on after the answer."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from addressbook.models import Job
from workspace.models import Act, Edition
from workspace.services.history.audit import Actor
from workspace.services.work import acts, jobs


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
    job = Job(
        kind=kind,
        edition=edition,
        parameters=parameters,
        rows_total=rows_total,
        requested_by=by.user,
        requester=by.user.get_username(),
        requested_from=by.ip_address,
        created_at=timezone.now(),
    )
    job.act = acts.begin(edition, job.action, undoes=undoes)
    job.save()
    jobs.announce_on_commit(job)
    return job
