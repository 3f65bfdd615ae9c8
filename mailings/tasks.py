"""Celery's entry points of mail. Services are imported inside: the worker's parent process then starts without them."""

from celery import shared_task


@shared_task
def run_mailing(mailing_id: int) -> None:
    from mailings.services.sending import lease, running

    try:
        running.run(mailing_id)
    except lease.MailingLostError:
        return  # another worker took it over


@shared_task
def drop_old_recipients() -> None:
    from mailings.services import forgetting
    from mailings.services.results import outside

    forgetting.sweep()
    outside.sweep()


@shared_task
def tell_unsubscribes(book_id: int) -> None:
    from mailings.services.suppressions import telling

    try:
        telling.run(book_id)
    except telling.TellingLostError:
        return  # another worker took it over


@shared_task
def read_outside_requests(book_id: int) -> None:
    from mailings.services.results import outside

    outside.read(book_id)


@shared_task
def read_recipient_file(file_id: int) -> None:
    from mailings.services.recipients import files, reading

    try:
        reading.read_file(file_id)
    except files.FileLostError:
        return  # removed, or another worker took it over


@shared_task
def refresh_templates(refresh_id: int) -> None:
    from mailings.services.templates import leasing, refreshing

    try:
        refreshing.run(refresh_id)
    except leasing.LeaseLostError:
        return  # another worker took it over


@shared_task
def import_templates(import_id: int) -> None:
    from mailings.services.templates import importing, leasing

    try:
        importing.run(import_id)
    except leasing.LeaseLostError:
        return  # another worker took it over


@shared_task
def wake_mailings() -> None:
    from mailings.services.recipients import files
    from mailings.services.results import outside
    from mailings.services.sending import lease
    from mailings.services.suppressions import telling
    from mailings.services.templates import importing, refreshing

    lease.wake_due()
    outside.wake_due()
    telling.wake_due()
    files.wake_waiting()
    files.sweep_unfinished()
    files.sweep_read()
    refreshing.wake_due()
    importing.wake_due()


@shared_task
def tidy_attachments() -> None:
    from mailings.services import attachments

    attachments.tidy()
