"""Acts as tests undo them: found by what the history says of them, undone without a worker process."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from addressbook.services.undo import Undone
    from workspace.models import Act, AddressBook
    from workspace.services.history.audit import Actor


@pytest.fixture
def undo_act(book: AddressBook, by: Actor, no_other_worker: None) -> Callable[..., Undone]:
    """Undoes an act of alice's book (the last one, if none is given), to its end."""
    from addressbook.services import undo

    def undo_act(act: Act | None = None) -> Undone:
        done = undo.undo(book=book, act_id=(act or last_act()).pk, token=uuid4(), by=by)
        if done.job_id is not None:
            work_on_jobs()
        return done

    return undo_act


def last_act() -> Act:
    from workspace.models import Act

    return Act.objects.order_by("pk").last()


def work_on_jobs() -> None:
    """What the workers do when they hear of the jobs that wait."""
    from addressbook.models import Job
    from workspace.services.work import claiming, jobs

    for job in Job.objects.unfinished():
        claimed = claiming.claim(Job, job.pk)
        assert claimed is not None
        jobs.work_on(claimed)
