"""Files of recipients: taken in by a request, read by a worker, one worker at a time."""

from datetime import timedelta
from typing import Final
from uuid import UUID, uuid4

from celery import current_app
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from addressbook.services.uploads.files import sha256
from mailings import limits
from mailings.models import RecipientFile, RecipientSource, SourceRow
from mailings.services.attachments import safe_name
from mailings.services.drafts import find_draft
from mailings.services.recipients.sources import SOURCES_MOST, TooManySourcesError
from mailings.services.rules import require_role
from workspace.models import AddressBook, Role
from workspace.services.books import books
from workspace.services.history.audit import Actor
from workspace.services.work.submissions import Submitted

FOLDER: Final = "recipient-files"
TASK: Final = "mailings.tasks.read_recipient_file"


class FileLostError(Exception):
    """The file was removed, or another worker has it: nothing more may be written for it."""


def add(*, book: AddressBook, mailing_id: int, file: File, name: str, token: UUID, by: Actor) -> None:
    """Keep a file for a worker to read. Raises DraftGoneError, TooManySourcesError or NotAllowedError."""
    digest = sha256(file)
    file.seek(0)
    stored = default_storage.save(f"{FOLDER}/{uuid4().hex}", file)
    submitted = Submitted(by, token, "add_recipient_file", [mailing_id, name, digest], book)
    try:
        with transaction.atomic():
            books.lock(book)
            require_role(book, by, Role.MANAGER)
            draft = find_draft(book, mailing_id)
            if is_new := submitted.earlier_outcome() is None:
                if draft.sources.count() + draft.files.count() >= SOURCES_MOST:
                    raise TooManySourcesError
                waiting = RecipientFile.objects.create(mailing=draft, name=safe_name(name), stored_file=stored)
                transaction.on_commit(lambda: announce(waiting.pk))
                submitted.remember({})
    except BaseException:
        default_storage.delete(stored)
        raise
    if not is_new:
        default_storage.delete(stored)


def remove(*, book: AddressBook, mailing_id: int, file_id: int, by: Actor) -> None:
    """Whatever a worker is doing with it. Without effect where it is gone. Raises DraftGoneError or NotAllowedError."""
    with transaction.atomic():
        books.lock(book)
        require_role(book, by, Role.MANAGER)
        waiting = find_draft(book, mailing_id).files.filter(pk=file_id).first()
        if waiting is not None:
            discard(waiting)
            waiting.delete()


def discard(waiting: RecipientFile) -> None:
    """Remove the stored file once this transaction is through."""
    stored = waiting.stored_file
    if stored:
        transaction.on_commit(lambda: default_storage.delete(stored), robust=True)


def claim(file_id: int) -> RecipientFile | None:
    """Take the file for this worker, or None when there is nothing to do, or another has it."""
    until = timezone.now() + timedelta(seconds=limits.MAILING_LEASE_SECONDS)
    with transaction.atomic():
        if not _waiting().filter(pk=file_id).update(attempt=F("attempt") + 1, lease_until=until):
            return None
        return RecipientFile.objects.select_related("mailing__book").get(pk=file_id)


def owned(waiting: RecipientFile) -> RecipientFile:
    """The file as it is now, under the lock of its book to the end of the transaction. Extends the lease.

    Raises FileLostError.
    """
    books.lock(waiting.mailing.book)
    until = timezone.now() + timedelta(seconds=limits.MAILING_LEASE_SECONDS)
    own = RecipientFile.objects.filter(pk=waiting.pk, attempt=waiting.attempt)
    if not own.update(lease_until=until):
        raise FileLostError(f"{waiting}, attempt {waiting.attempt}")
    return own.get()


def announce(file_id: int) -> None:
    """Tell the workers to look. A broker that is down is no error: `wake_waiting` announces it again."""
    try:
        current_app.send_task(TASK, args=[file_id], retry=False)
    except Exception:
        return


def wake_waiting() -> None:
    """Announce the files that no worker has. Harmless when two run at once."""
    for file_id in _waiting().values_list("pk", flat=True):
        announce(file_id)


def sweep_unfinished() -> None:
    """Remove the rows of sources that nobody finishes: their worker died, or their file was removed."""
    for source in RecipientSource.objects.filter(mailing=None, file=None):
        rows = SourceRow.objects.filter(source=source)
        while ids := list(rows.values_list("pk", flat=True)[: limits.FREEZE_BATCH_ROWS]):
            rows.filter(pk__in=ids).delete()
        source.delete()


def _waiting() -> QuerySet[RecipientFile]:
    now = timezone.now()
    # A lease further ahead than any that is given comes from before the server's clock was set back.
    impossible = now + timedelta(seconds=2 * limits.MAILING_LEASE_SECONDS)
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now) | Q(lease_until__gt=impossible)
    return RecipientFile.objects.filter(free, refusal={})
