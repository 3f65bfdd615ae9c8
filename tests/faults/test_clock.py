"""The server's clock is set back a day: whatever waited is done, and nothing waits for tomorrow."""

from datetime import timedelta

import pytest
from django.utils import timezone

from addressbook.models import Download, Job, Upload
from addressbook.services import uploads
from tests.faults.test_broker import _start_empty
from tests.support.invariants import assert_consistent
from workspace.models import JobState
from workspace.services.work import claiming
from workspace.tasks import work_on

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def set_back(monkeypatch):
    real = timezone.now
    return lambda: monkeypatch.setattr(timezone, "now", lambda: real() - DAY)


@pytest.fixture
def waiting(ask, send, book, by, no_other_worker) -> None:
    ask()
    send("a@example.com")
    _start_empty(book, by)
    for model in (Download, Upload, Job):
        model.objects.update(announced_at=timezone.now())


def assert_done(book) -> None:
    for model in (Download, Upload, Job):
        row = model.objects.get()
        work_on(model._meta.label, row.pk)
        row.refresh_from_db()
        assert row.state in (JobState.COMPLETE, JobState.CHECKED), model
    assert_consistent(book)


def test_what_waited_is_announced_and_done(waiting, set_back, book) -> None:
    set_back()
    assert claiming.wake_forgotten() == 3
    assert_done(book)


def test_what_ran_on_a_worker_that_died_is_taken_over(waiting, set_back, book) -> None:
    for model in (Download, Upload, Job):
        assert claiming.claim(model, model.objects.get().pk) is not None
    set_back()
    assert claiming.wake_forgotten() == 3
    assert_done(book)


def test_a_check_from_before_can_be_accepted(check, set_back, book, by) -> None:
    upload = check("a@example.com")
    set_back()
    uploads.apply(book=book, upload_id=upload.pk, group_id=None, seen=upload.attempt, by=by)
    work_on(Upload._meta.label, upload.pk)
    upload.refresh_from_db()
    assert (upload.state, upload.outcome["registered"]) == (JobState.COMPLETE, 1)
    assert_consistent(book)
