"""Celery's entry points. Services are imported inside: the worker's parent process then starts without them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from celery import shared_task

if TYPE_CHECKING:
    from workspace.models import LeasedWork

Work = TypeVar("Work", bound="LeasedWork")


@shared_task
def run_job(job_id: int) -> None:
    from addressbook.services import undo
    from addressbook.services.addresses import bulk
    from addressbook.services.reset import forget_person, merging
    from workspace.models import Job
    from workspace.services.work import jobs

    own = {Job.Kind.UNDO: undo.run, Job.Kind.MERGE_EDITIONS: merging.run, Job.Kind.ERASE_TRACES: forget_person.run}
    _work_on(jobs.claim_in_turn(Job, job_id), lambda job: own.get(Job.Kind(job.kind), bulk.run)(job))


@shared_task
def wake_forgotten_jobs() -> None:
    from workspace.services.work import jobs

    jobs.wake_forgotten()


@shared_task
def cut_write_ahead_log() -> None:
    from workspace.services.work import write_ahead_log

    write_ahead_log.cut_if_longer_than(0)


@shared_task
def forget_old_submissions() -> None:
    from workspace.services.work import submissions

    submissions.forget_old()


@shared_task
def forget_old_sign_ins() -> None:
    from workspace.services.people import accounts

    accounts.forget_old()


@shared_task
def run_upload(upload_id: int) -> None:
    from addressbook.models import Upload
    from addressbook.services import uploads
    from workspace.services.work import jobs

    _work_on(jobs.claim_in_turn(Upload, upload_id), uploads.run)


@shared_task
def run_erasure(erasure_id: int) -> None:
    from addressbook.services.reset import erasing
    from workspace.models import Erasure
    from workspace.services.work import jobs

    _work_on(jobs.claim(Erasure, erasure_id), erasing.run)


@shared_task
def erase_due_editions() -> None:
    from addressbook.services.reset import erasing, forget_person

    erasing.start_due()
    forget_person.start_again()


@shared_task
def tidy_uploads() -> None:
    from addressbook.services import uploads

    uploads.tidy()


@shared_task
def sweep_undo_records() -> None:
    from addressbook.services import undo

    undo.sweep()


@shared_task
def trim_history() -> None:
    from workspace.services import history

    history.trim()
    history.log_heads()


@shared_task
def run_download(download_id: int) -> None:
    from addressbook.models import Download
    from addressbook.services import downloads
    from workspace.services.work import jobs

    _work_on(jobs.claim_in_turn(Download, download_id), downloads.make)


@shared_task
def tidy_downloads() -> None:
    from addressbook.services import downloads

    downloads.tidy()


@shared_task
def sync_book(book_id: int) -> None:
    from addressbook.services import sync

    try:
        sync.run(book_id)
    except sync.SyncLostError:
        return  # another worker took it over


@shared_task
def wake_syncs() -> None:
    from addressbook.services import sync

    sync.wake_due()


def _work_on(claimed: Work | None, run: Callable[[Work], None]) -> None:
    """Nothing, if the row is another worker's. So it may become meanwhile: that one goes on where this has stopped."""
    from workspace.services.work import jobs

    if claimed is not None:
        try:
            run(claimed)
        except jobs.JobLostError:
            return
