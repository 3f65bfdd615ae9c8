"""Celery's entry points. Services are imported inside: the worker's parent process then starts without them."""

from celery import shared_task


@shared_task
def work_on(kind: str, work_id: int) -> None:
    """Nothing, if the row is another worker's. So it may become meanwhile: that one goes on where this has stopped."""
    from django.apps import apps

    from workspace.models import LeasedWork
    from workspace.services.work import claiming, jobs

    model = apps.get_model(kind)
    if not issubclass(model, LeasedWork):
        raise TypeError(kind)
    claimed = claiming.claim_in_turn(model, work_id)
    if claimed is not None:
        try:
            jobs.work_on(claimed)
        except jobs.JobLostError:
            return


@shared_task
def wake_forgotten_jobs() -> None:
    from workspace.services.work import claiming

    claiming.wake_forgotten()


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
def trim_history() -> None:
    from workspace.services import history

    history.trim()
    history.log_heads()
