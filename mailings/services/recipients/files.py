"""Files of recipients: taken in by a request, read by a worker, one at a time, and read again as a person says."""

from dataclasses import asdict
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid4

from celery import current_app
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from addressbook.services.uploads import CheckOutdatedError
from addressbook.services.uploads.files import sha256
from libraries.spreadsheets import Choice
from mailings import limits
from mailings.models import Mailing, MailingState, RecipientFile, RecipientSource
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


class FileGoneError(Exception):
    """The draft has no such file (any more), or it is not kept any more."""


def add(
    *, book: AddressBook, mailing_id: int, file: File, name: str, registers: bool = False, token: UUID, by: Actor
) -> RecipientFile | None:
    """Keep a file for a worker to read; None where the same form has added it and it was removed since.

    `registers`: its addresses go into the address book too. Raises DraftGoneError, TooManySourcesError or
    NotAllowedError.
    """
    digest = sha256(file)
    file.seek(0)
    stored = default_storage.save(f"{FOLDER}/{uuid4().hex}", file)
    submitted = Submitted(by, token, "add_recipient_file", [mailing_id, name, digest, registers], book)
    try:
        with transaction.atomic():
            books.lock(book)
            require_role(book, by, Role.MANAGER)
            draft = find_draft(book, mailing_id)
            if earlier := submitted.earlier_outcome():
                transaction.on_commit(lambda: default_storage.delete(stored), robust=True)
                return draft.files.filter(pk=earlier["file"]).first()
            if draft.sources.count() + unread(draft).count() >= SOURCES_MOST:
                raise TooManySourcesError
            waiting = RecipientFile.objects.create(
                mailing=draft,
                name=safe_name(name),
                stored_file=stored,
                registers=registers,
                added_by=by.user,
                added_from=by.ip_address,
            )
            transaction.on_commit(lambda: announce(waiting.pk))
            submitted.remember({"file": waiting.pk})
    except BaseException:
        default_storage.delete(stored)
        raise
    return waiting


def find(draft: Mailing, file_id: int) -> RecipientFile:
    """Raises FileGoneError."""
    found = draft.files.select_related("source").filter(pk=file_id).first()
    if found is None:
        raise FileGoneError
    return found


def unread(draft: Mailing) -> QuerySet[RecipientFile]:
    """Those that wait, are being read or were refused: no source stands for them."""
    return draft.files.filter(is_read=False)


def choose(*, book: AddressBook, mailing_id: int, file_id: int, choice: Choice, seen: int, by: Actor) -> RecipientFile:
    """Have the file read again, in this way. `seen` is the attempt whose result the person saw.

    Nobody is chosen by it until it is read. Sent twice, the second changes nothing. Raises DraftGoneError,
    FileGoneError, CheckOutdatedError or NotAllowedError.
    """
    with transaction.atomic():
        books.lock(book)
        require_role(book, by, Role.MANAGER)
        file = find(find_draft(book, mailing_id), file_id)
        wanted = {name: value for name, value in asdict(choice).items() if value is not None}
        if _is_waiting(file) and file.choice == wanted:
            return file
        if not file.stored_file:
            raise FileGoneError
        if file.attempt != seen or _is_waiting(file):
            raise CheckOutdatedError
        if file.source is not None:
            # Its rows are swept by a worker.
            RecipientSource.objects.filter(pk=file.source.pk).update(mailing=None)
        file.source, file.choice, file.refusal, file.is_read = None, wanted, {}, False
        file.tries, file.lease_until = 0, None
        file.save()
        transaction.on_commit(lambda: announce(file.pk))
    return file


def choice_of(file: RecipientFile) -> Choice:
    return Choice(**file.choice)


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
        if not _waiting().filter(pk=file_id).update(attempt=F("attempt") + 1, tries=F("tries") + 1, lease_until=until):
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
    """Remove the rows of sources that no draft has: taken away, or left by a worker that died."""
    for source in RecipientSource.objects.filter(mailing=None, file=None):
        for rows in (source.rows.order_by(), source.left_out.order_by()):
            while ids := list(rows.values_list("pk", flat=True)[: limits.FREEZE_BATCH_ROWS]):
                rows.filter(pk__in=ids).delete()
        source.delete()


def sweep_read() -> None:
    """Let go of files that were read a day ago, or whose mail is no draft any more: they cannot be read again then."""
    horizon = timezone.now() - timedelta(hours=limits.RECIPIENT_FILE_KEPT_HOURS)
    for file in RecipientFile.objects.filter(
        Q(created_at__lt=horizon, is_read=True) | ~Q(mailing__state=MailingState.DRAFT)
    ):
        with transaction.atomic():
            discard(file)
            file.delete()


def _waiting() -> QuerySet[RecipientFile]:
    now = timezone.now()
    # A lease further ahead than any that is given comes from before the server's clock was set back.
    impossible = now + timedelta(seconds=2 * limits.MAILING_LEASE_SECONDS)
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now) | Q(lease_until__gt=impossible)
    return RecipientFile.objects.filter(free, refusal={}, is_read=False)


def _is_waiting(file: RecipientFile) -> bool:
    return not file.refusal and not file.is_read
