"""Celery's entry points. Services are imported inside: the worker's parent process then starts without them."""

from celery import shared_task


@shared_task
def run_job(job_id: int) -> None:
    from addressbook.models import Job
    from addressbook.services import bulk, jobs

    job = jobs.claim(Job, job_id)
    if job is not None:
        try:
            bulk.run(job)
        except jobs.JobLostError:
            return  # another worker took it over and goes on where the last kept batch ended


@shared_task
def wake_forgotten_jobs() -> None:
    from addressbook.services import jobs

    jobs.wake_forgotten()


@shared_task
def forget_old_submissions() -> None:
    from addressbook.services import submissions

    submissions.forget_old()


@shared_task
def run_upload(upload_id: int) -> None:
    from addressbook.models import Upload
    from addressbook.services import jobs, uploads

    upload = jobs.claim(Upload, upload_id)
    if upload is not None:
        try:
            uploads.run(upload)
        except jobs.JobLostError:
            return  # another worker took it over and goes on where the last kept batch ended


@shared_task
def tidy_uploads() -> None:
    from addressbook.services import uploads

    uploads.tidy()


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
