from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from addressbook import actions, limits
from addressbook.models import Job
from addressbook.services.addresses import bulk, selection
from workspace import limits as workspace_limits
from workspace.models import AuditEvent, JobState
from workspace.services.work import claiming, jobs, owners, pace
from workspace.services.work.jobs import JobLostError


@pytest.fixture
def job(book, by, register, monkeypatch) -> Job:
    """A waiting job that deletes six addresses, two a batch."""
    monkeypatch.setattr(limits, "ROWS_WITHIN_A_CLICK", 2)
    monkeypatch.setattr(limits, "ROWS_PER_JOB_BATCH", 2)
    register(" ".join(f"u{number}@example.com" for number in range(6)))
    everyone = selection.everything(book=book, group_id=None)
    done = bulk.delete_addresses(book=book, selection=everyone, token=uuid4(), by=by)
    return Job.objects.get(pk=done.job_id)


def let_the_lease_run_out(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_claim_gives_a_job_to_one_worker_only(job: Job) -> None:
    assert claiming.claim(Job, job.pk).attempt == 1
    assert claiming.claim(Job, job.pk) is None


def test_claim_takes_over_when_the_lease_has_run_out(job: Job) -> None:
    claiming.claim(Job, job.pk)
    let_the_lease_run_out(job)
    assert claiming.claim(Job, job.pk).attempt == 2


def test_the_log_says_when_a_job_begins_and_when_it_is_taken_over(job: Job, caplog) -> None:
    caplog.set_level("INFO", "workspace.services.work.jobs")
    claiming.claim(Job, job.pk)
    let_the_lease_run_out(job)
    claiming.claim(Job, job.pk)
    lines = [(record.message, record.fields) for record in caplog.records if hasattr(record, "fields")]
    own = {"work": "job", "id": job.pk, "rows_done": 0}
    assert lines == [("Job begun", {**own, "attempt": 1}), ("Job taken over", {**own, "attempt": 2})]


def test_claim_takes_over_a_lease_from_before_the_clock_was_set_back(job: Job) -> None:
    claiming.claim(Job, job.pk)
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() + timedelta(days=1))
    assert claiming.claim(Job, job.pk) is not None


def test_a_worker_that_lost_its_job_writes_nothing(job: Job, book) -> None:
    slow = claiming.claim(Job, job.pk)
    let_the_lease_run_out(job)
    fast = claiming.claim(Job, job.pk)
    with pytest.raises(JobLostError):
        jobs.work_on(slow)
    assert book.current_edition.addresses.count() == 6
    jobs.work_on(fast)
    assert book.current_edition.addresses.count() == 0


def test_a_job_taken_over_goes_on_where_the_last_batch_ended(job: Job) -> None:
    first = claiming.claim(Job, job.pk)
    bulk._run_batch(first, 2)
    let_the_lease_run_out(job)
    jobs.work_on(claiming.claim(Job, job.pk))
    job.refresh_from_db()
    assert (job.state, job.rows_done, job.outcome) == (JobState.COMPLETE, 6, {"deleted": 6})


def test_wake_forgotten_gives_up_after_three_fruitless_attempts(job: Job) -> None:
    for _ in range(workspace_limits.JOB_ATTEMPTS):
        assert claiming.claim(Job, job.pk) is not None
        let_the_lease_run_out(job)
    assert claiming.claim(Job, job.pk) is None
    claiming.wake_forgotten()
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert job.finished_at is not None
    assert AuditEvent.objects.get(action=actions.DELETE_ADDRESS).detail["state"] == "failed"


def test_a_job_is_recorded_even_when_its_requester_is_gone(job: Job, alice) -> None:
    Job.objects.update(requested_by=None)
    jobs.work_on(claiming.claim(Job, job.pk))
    event = AuditEvent.objects.get(action=actions.DELETE_ADDRESS)
    assert (event.username, event.user_id, event.detail["deleted"]) == ("alice", None, 6)


def test_a_job_that_gets_on_is_not_given_up(job: Job) -> None:
    for _ in range(workspace_limits.JOB_ATTEMPTS):
        bulk._run_batch(claiming.claim(Job, job.pk), 2)
        let_the_lease_run_out(job)
    assert claiming.wake_forgotten() == 1
    jobs.work_on(claiming.claim(Job, job.pk))
    job.refresh_from_db()
    assert job.state == JobState.COMPLETE


def test_wake_forgotten_announces_what_no_message_told_of(job: Job) -> None:
    assert job.announced_at is None  # the test's transaction is not committed, so nothing was sent
    assert claiming.wake_forgotten() == 1
    assert claiming.wake_forgotten() == 0


def test_wake_forgotten_announces_again_what_nobody_claimed(job: Job) -> None:
    claiming.wake_forgotten()
    long_ago = timezone.now() - timedelta(seconds=workspace_limits.JOB_FORGOTTEN_AFTER_SECONDS + 1)
    Job.objects.update(announced_at=long_ago)
    assert claiming.wake_forgotten() == 1


def test_announce_survives_a_broker_that_is_down(job: Job, monkeypatch, caplog) -> None:
    from celery import current_app

    monkeypatch.setitem(current_app.conf.changes, "broker_url", "redis://127.0.0.1:1/0")
    monkeypatch.setitem(current_app.conf.changes, "broker_transport", "redis")
    # Celery keeps its connections; closing them would leave later tests without any.
    monkeypatch.setattr(current_app, "_pool", None)
    monkeypatch.setattr(current_app.amqp, "_producer_pool", None)
    jobs.announce(job)
    job.refresh_from_db()
    assert job.announced_at is None
    assert "could not be announced" in caplog.text
    assert "Connection refused" in caplog.text


def test_request_cancel_ends_a_waiting_job_at_once(job: Job, book, by) -> None:
    owners.cancel(Job, book=book, work_id=job.pk, by=by)
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED
    assert claiming.claim(Job, job.pk) is None


def test_dismiss_puts_away_only_what_is_over_and_ones_own(job: Job, book, by, bob) -> None:
    from workspace.services.history.audit import Actor

    owners.dismiss(Job, book=book, work_id=job.pk, by=by)
    job.refresh_from_db()
    assert job.dismissed_at is None
    owners.cancel(Job, book=book, work_id=job.pk, by=by)
    owners.dismiss(Job, book=book, work_id=job.pk, by=Actor(bob))
    assert Job.objects.shown_to(by.user.pk).count() == 1
    owners.dismiss(Job, book=book, work_id=job.pk, by=by)
    assert Job.objects.shown_to(by.user.pk).count() == 0


@pytest.mark.parametrize(
    ("rows", "seconds", "then"),
    [
        (1000, 0.0, 2000),
        (1000, 0.4, 2000),
        (2000, 0.8, 2000),
        (4000, 1.0, 3200),
        (4000, 9.0, 2000),
        (1000, 2.0, 1000),
        (16_000, 0.0, 16_000),
    ],
)
def test_a_batch_grows_while_it_is_quick_and_shrinks_when_it_is_not(rows, seconds, then) -> None:
    assert pace.next_size(rows, seconds, least=1000, most=16_000, at_most_seconds=1.0) == then
