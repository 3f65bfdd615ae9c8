"""kill -9 at every crash point of an undo: what comes out is what a run without one brings (I5)."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.utils import timezone

from addressbook import limits
from addressbook.models import Job
from addressbook.services import undo
from addressbook.services.addresses import bulk, groups, registration, selection
from tests.support.invariants import assert_consistent, contents
from tests.support.kill import Doom, telling
from tests.support.undo import work_on_jobs
from workspace.models import Act, AuditEvent, JobState, Region, Zone
from workspace.services import history
from workspace.services.books import books
from workspace.services.work import claiming

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(600),
    pytest.mark.usefixtures("no_other_worker"),
]

PEOPLE = [f"u{number}@example.com" for number in range(5)]


@pytest.fixture
def doom(dooms: Doom, tmp_path: Path) -> Callable[[int, Job], list[str]]:
    """Runs a job until the crash point; the points that were reached."""
    return lambda fatal, job: dooms.run(
        fatal, tmp_path, "tests.addressbook.services.undo.doomed:work", job.pk, ROWS_PER_JOB_BATCH=2
    )


@pytest.fixture
def waiting_undo(by, monkeypatch):
    """A job that waits to give a deleted book back, five addresses in a group."""
    monkeypatch.setattr(limits, "ROWS_WITHIN_A_CLICK", 0)
    monkeypatch.setattr(limits, "ROWS_PER_JOB_BATCH", 2)

    def waiting_undo() -> Job:
        book = books.create_book(name="Kill", zone=Zone.PUBLIC, region=Region.KR, by=by)
        group = groups.create_group(book=book, name="VIP", token=uuid4(), by=by)
        text = " ".join(PEOPLE)
        registration.register_typed(book=book, group_id=group.pk, text=text, token=uuid4(), by=by)
        everyone = selection.everything(book=book, group_id=None)
        bulk.delete_addresses(book=book, selection=everyone, token=uuid4(), by=by)
        work_on_jobs()
        act = Act.objects.order_by("pk").last()
        done = undo.undo(book=book, act_id=act.pk, token=uuid4(), by=by)
        return Job.objects.get(pk=done.job_id)

    return waiting_undo


def test_a_worker_killed_at_any_point_of_an_undo_loses_and_doubles_nothing(waiting_undo, by, doom) -> None:
    whole = waiting_undo()
    points = doom(0, whole)
    assert len(points) >= 10, points
    whole.refresh_from_db()
    for fatal in telling(points):
        job = waiting_undo()
        doom(fatal, job)
        Job.objects.filter(pk=job.pk, state=JobState.RUNNING).update(lease_until=timezone.now() - timedelta(seconds=1))
        work_on_jobs()
        job.refresh_from_db()
        where = f"{points[fatal - 1]} ({fatal})"
        assert (job.state, job.outcome, job.rows_done) == (whole.state, whole.outcome, whole.rows_done), where
        book = job.edition.book
        assert contents(book) == {key: {"VIP"} for key in PEOPLE}, where
        assert_consistent(book)
        # And what the interrupted one has noted undoes all of it.
        redo = undo.undo(book=book, act_id=job.act_id, token=uuid4(), by=by)
        work_on_jobs()
        assert contents(book) == {}, where
        assert Job.objects.get(pk=redo.job_id).outcome == {"addresses_out": 5, "memberships_out": 5}, where
        assert AuditEvent.objects.filter(chain=book.pk, action="undo").count() == 2
    assert list(history.verify()) == []
    assert claiming.wake_forgotten() == 0
