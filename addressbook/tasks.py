"""Celery's entry points. Services are imported inside: the worker's parent process then starts without them."""

from celery import shared_task


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
def record_growth() -> None:
    from addressbook.services.addresses import growth

    growth.record_all()


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
