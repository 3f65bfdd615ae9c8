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
