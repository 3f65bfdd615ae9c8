"""Erasing every trace of some addresses: for a person who asks to be forgotten.

They leave the book at once; a job then goes through recovery copies, jobs, uploads with their files, and the memory of
forms, and has the bytes scrubbed. The history keeps how many, never who.
"""

import json
import re
import zipfile
from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict, dataclass
from io import BytesIO
from typing import IO, Final
from uuid import UUID

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import TextField
from django.db.models.functions import Cast
from django.utils import timezone

from addressbook import actions
from addressbook.models import Address, Job
from addressbook.services import undo
from addressbook.services.addresses import bulk_jobs, memberships, tombstones
from addressbook.services.addresses.bulk import NothingSelectedError
from addressbook.services.addresses.selection import Selection
from addressbook.services.reset import erasing, vacuum
from addressbook.services.sync import outbox
from libraries.email_addresses import limits as email_limits
from libraries.spreadsheets import limits as spreadsheet_limits
from workspace import limits
from workspace.models import AddressBook, JobState, LeasedWork, Submission
from workspace.models.work import UNFINISHED, kinds
from workspace.services.books import books
from workspace.services.history.audit import Actor, record
from workspace.services.work import crash_points, jobs, stored_files
from workspace.services.work.changing import changing
from workspace.services.work.submissions import Submitted

_TAG: Final = re.compile(rb"<[^>]*>")
_CHUNK_BYTES: Final = 1024 * 1024
# What XML and JSON write for characters that an address may have.
_ESCAPES: Final = ((b"&amp;", b"&"), (b"&apos;", b"'"), (b"&#39;", b"'"), (b"\\u0026", b"&"), (b"\\/", b"/"))


# What else holds addresses of a book, by a function that takes these keys out of it and repeats safely.
Holder = Callable[[AddressBook, Collection[str]], object]
_HOLDERS: Final[list[Holder]] = []


def holds_addresses(holder: Holder) -> None:
    """Have `holder` called for everybody who asks to be forgotten. Apps register theirs when they are ready."""
    if holder not in _HOLDERS:
        _HOLDERS.append(holder)


class TooManyTracesError(Exception):
    """More than limits.TRACES_ERASED_AT_ONCE addresses; `count` is how many."""

    def __init__(self, count: int) -> None:
        super().__init__(str(count))
        self.count = count


@dataclass(frozen=True, slots=True)
class Forgetting:
    """So many addresses left the book; the job goes on with their traces."""

    deleted: int
    job_id: int


def erase_traces(*, book: AddressBook, selection: Selection, token: UUID, by: Actor) -> Forgetting:
    """Delete the selected addresses, and begin to erase what speaks of them elsewhere.

    Raises SelectionChangedError, NothingSelectedError or TooManyTracesError, and then nothing was changed.
    """
    submitted = Submitted(by, token, "erase_traces", selection.as_json(), book)
    with changing(book, by=by) as change:
        edition = change.edition
        books.require_role(book, by)
        if earlier := submitted.earlier_outcome():
            return Forgetting(**earlier)
        selection.require_unchanged(edition)
        rows = dict(selection.addresses(edition).values_list("pk", "email")[: limits.TRACES_ERASED_AT_ONCE + 1])
        if not rows:
            raise NothingSelectedError
        if len(rows) > limits.TRACES_ERASED_AT_ONCE:
            raise TooManyTracesError(selection.addresses(edition).count())
        keys = list(Address.objects.filter(pk__in=rows).values_list("key", flat=True))
        deleted = memberships.delete_addresses(edition, list(rows))
        record(by=by, action=actions.DELETE_ADDRESS, book=book, detail={"deleted": deleted, "with_traces": True})
        # Only the row of the job says whom to look for, and only until it is done.
        parameters = {"keys": keys, "texts": sorted({*keys, *rows.values()})}
        job = bulk_jobs.start(
            kind=Job.Kind.ERASE_TRACES, edition=edition, parameters=parameters, rows_total=deleted, by=by
        )
        done = Forgetting(deleted, job.pk)
        submitted.remember(asdict(done))
        crash_points.reached("traces: before commit")
    return done


def run(job: Job) -> None:
    """Work on a claimed job until it is over. Repeats safely. Raises JobLostError when another worker has it.

    A cancellation is not heard: half forgotten is not forgotten.
    """
    if job.parameters:
        _forget(job, job.parameters["keys"], job.parameters["texts"])
    rewritten = vacuum.scrub(lambda: jobs.keep_lease(job, rows_done=job.rows_total))
    crash_points.reached("traces: scrubbed")
    with transaction.atomic():
        books.lock(job.edition.book)
        row = jobs.still_owned(job)
        row.outcome = {**row.outcome, "rewritten": rewritten}
        row.save(update_fields=["outcome"])
        jobs.finish(row, JobState.COMPLETE)


def start_again() -> int:
    """Begin again what was given up: it is a promise too. Returns how many. Harmless when two run at once."""
    given_up = Job.objects.filter(kind=Job.Kind.ERASE_TRACES, state=JobState.FAILED)
    again = {"finished_at": None, "fruitless_attempts": 0, "announced_at": None, "waiting_since": timezone.now()}
    return given_up.update(state=JobState.WAITING, **again)


def _forget(job: Job, keys: Collection[str], texts: Collection[str]) -> None:
    _forget_in_copies(job, keys)
    crash_points.reached("traces: copies done")
    dropped = sum(_forget_in_work(job, work, texts) for work in _work_of(job.edition.book))
    crash_points.reached("traces: files done")
    for holder in _HOLDERS:
        jobs.keep_lease(job, rows_done=0)
        holder(job.edition.book, keys)
    tombstones.forget(job.edition.book)  # nothing reads the book any more that needs the notes
    _forget_in_undo(job, keys)
    _forget_in_memory(texts)
    with transaction.atomic():
        row = jobs.still_owned(job)
        row.parameters = {}
        row.outcome = {"dropped": row.outcome.get("dropped", 0) + dropped}
        row.rows_done = row.rows_total
        row.save(update_fields=["parameters", "outcome", "rows_done"])
    crash_points.reached("traces: nothing left to look for")


def _forget_in_copies(job: Job, keys: Collection[str]) -> None:
    """Out of the closed editions. Who was registered again since is another matter, and stays."""
    book = job.edition.book
    rows = Address.objects.filter(edition__book=book, edition__closed_at__isnull=False, key__in=keys)
    for pk in list(rows.values_list("pk", flat=True)):
        crash_points.reached("traces: found in a copy")
        with transaction.atomic():
            books.lock(book)
            jobs.still_owned(job)
            # Looked at again: the copy may have been restored while we waited, and then it is the book.
            address = Address.objects.select_related("edition").filter(pk=pk).first()
            if address is None:
                continue
            if address.edition.closed_at is None:
                outbox.wake(book)
                memberships.delete_addresses(address.edition, [pk])
            else:
                erasing.delete_from_closed(address.edition_id, after=pk - 1, through=pk)


def _work_of(book: AddressBook) -> Iterator[LeasedWork]:
    for model in kinds():
        yield from model._default_manager.filter(**{model.BOOK: book}).order_by("pk")


def _forget_in_work(job: Job, work: LeasedWork, texts: Collection[str]) -> bool:
    """Drop what a job or upload has of these addresses, its files as a whole; whether it had something."""
    if work.pk == job.pk and isinstance(work, Job):
        return False
    # What reads the book at this moment has seen the addresses, and would put them into its file.
    found = work.READS_BOOK and work.state in UNFINISHED
    found = found or any(_file_holds(name, texts) for name in work.files) or _row_holds(work, texts)
    if not found:
        return False
    with transaction.atomic():
        books.lock(job.edition.book)
        jobs.still_owned(job)
        row = type(work)._default_manager.select_for_update(of=("self",)).get(pk=work.pk)
        if row.state in UNFINISHED or row.state == JobState.CHECKED:
            jobs.finish(row, JobState.FAILED, reason="traces_erased")
        stored_files.discard(*row.files)
        row.forget_contents()
        row.save()
    return True


def _row_holds(work: LeasedWork, texts: Collection[str]) -> bool:
    values = [getattr(work, name) for name in work.ADDRESS_FIELDS]
    return _holds(json.dumps(values, ensure_ascii=False).encode(), texts)


def _file_holds(name: str, texts: Collection[str]) -> bool:
    """Whether a stored file may hold one of these; a file that cannot be read through may."""
    try:
        with default_storage.open(name) as file:
            return _content_holds(file, texts)
    except FileNotFoundError:
        return False
    except (OSError, ValueError, NotImplementedError, RuntimeError, zipfile.BadZipFile, zipfile.LargeZipFile):
        return True


def _content_holds(file: IO[bytes], texts: Collection[str]) -> bool:
    if not zipfile.is_zipfile(file):
        file.seek(0)
        return any(_holds(chunk, texts) for chunk in _overlapping(file))
    with zipfile.ZipFile(file) as archive:
        return any(_part_holds(archive, part, texts) for part in archive.infolist())


def _part_holds(archive: zipfile.ZipFile, part: zipfile.ZipInfo, texts: Collection[str]) -> bool:
    if part.file_size > spreadsheet_limits.WORKBOOK_UNPACKED_BYTES:
        return True
    with archive.open(part) as content:
        is_archive = content.read(4) == b"PK\x03\x04"
    with archive.open(part) as content:
        if is_archive:  # workbooks for the console
            return _content_holds(BytesIO(content.read()), texts)
        # A text in several fonts is cut into several elements.
        return any(_holds(chunk, texts) or _holds(_TAG.sub(b"", chunk), texts) for chunk in _overlapping(content))


def _overlapping(file: IO[bytes]) -> Iterator[bytes]:
    """The content in pieces, each beginning with the end of the one before: an address may lie across."""
    kept = b""
    while chunk := file.read(_CHUNK_BYTES):
        yield kept + chunk
        kept = (kept + chunk)[-8 * email_limits.ADDRESS_LENGTH_CHARACTERS :]


def _holds(content: bytes, texts: Collection[str]) -> bool:
    """In whatever encoding and case: rather an upload too many than an address too few."""
    plain = content.replace(b"\0", b"").lower()
    for escaped, sign in _ESCAPES:
        plain = plain.replace(escaped, sign)
    return any(needle in plain or needle in content for text in texts for needle in _needles(text))


def _needles(text: str) -> Iterator[bytes]:
    yield text.encode().lower()
    if not text.isascii():
        for encoding in ("utf-16-le", "utf-16-be", "cp949", "cp932"):
            try:
                yield text.encode(encoding)
            except UnicodeEncodeError:
                continue
        yield json.dumps(text)[1:-1].encode()


def _forget_in_undo(job: Job, keys: Collection[str]) -> None:
    after: int | None = 0
    while after is not None:
        jobs.keep_lease(job, rows_done=0)
        after = undo.forget(book=job.edition.book, keys=keys, after=after).after


def _forget_in_memory(texts: Collection[str]) -> None:
    """Drop remembered forms whose answer quotes one of these; they live for limits.SUBMISSION_MEMORY_HOURS anyway."""
    quoted = Submission.objects.annotate(text=Cast("outcome", TextField())).filter(text__contains="@")
    held = [pk for pk, text in quoted.values_list("pk", "text") if _holds(text.encode(), texts)]
    Submission.objects.filter(pk__in=held).delete()
