"""What a reset and its undo have in common: what an edition holds, and how the book passes from one to another.

These functions are the steps of services, not services: the caller holds the lock of the book, is inside a transaction,
and records what was done.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.db.models.functions import Now

from addressbook import limits
from addressbook.models import Job, Upload
from addressbook.services.uploads import lists
from workspace.models import AddressBook, Edition, EditionWork, JobState
from workspace.models.work import UNFINISHED, edition_kinds
from workspace.services.work import jobs, stored_files


@dataclass(frozen=True, slots=True)
class Contents:
    """What an edition holds, in numbers: what a user saw before a decision."""

    edition: int
    groups: int
    addresses: int


class ContentsChangedError(Exception):
    """The book does not hold what the user saw any more; `now` is what it holds, for a second question."""

    def __init__(self, now: Contents) -> None:
        super().__init__(f"{now.groups} groups, {now.addresses} addresses")
        self.now = now


def contents(edition: Edition) -> Contents:
    return Contents(edition.number, edition.groups.count(), edition.address_count)


def require_seen(edition: Edition, seen: Contents) -> Contents:
    """What the edition holds. Raises ContentsChangedError unless it is what the user saw.

    While an upload or another job writes to it, which `open_instead` stops, its numbers move with every batch: then the
    user means all that is there by now, or could say OK only after the work that is to be stopped has ended.
    """
    now = contents(edition)
    if now != seen and not (now.edition == seen.edition and _is_being_written(edition)):
        raise ContentsChangedError(now)
    return now


def _is_being_written(edition: Edition) -> bool:
    uploads = Upload.objects.filter(edition=edition, state__in=UNFINISHED, phase=Upload.Phase.APPLY)
    return uploads.exists() or Job.objects.filter(edition=edition, state__in=UNFINISHED).exists()


def database_now(book: AddressBook) -> datetime:
    """The time by the clock of the database, by which copies live and die: every process reads the same."""
    row = AddressBook.objects.filter(pk=book.pk).annotate(moment=Now())
    moment: datetime = row.values_list("moment", flat=True).get()
    return moment


def open_instead(book: AddressBook, old: Edition, new: Edition, *, keep_copy: bool) -> datetime:
    """Make `new` the current edition and close `old`; returns until when it is kept as a recovery copy.

    What works on `old`, or waits to, ends here: a worker that is at it finds its row over and writes nothing more.
    Its requester is told in the new edition.
    """
    now = database_now(book)
    old.closed_at = now
    old.erase_after = now + timedelta(days=limits.RECOVERY_COPY_DAYS) if keep_copy else now
    old.save(update_fields=["closed_at", "erase_after"])
    new.closed_at = new.erase_after = None
    new.save(update_fields=["closed_at", "erase_after"])
    AddressBook.objects.filter(pk=book.pk).update(current_edition=new)
    book.current_edition = new
    # Erasing a person goes on whatever edition the book has.
    Job.objects.filter(edition=old, kind=Job.Kind.ERASE_TRACES).update(edition=new)
    # A refusal of mail holds whatever edition the book has.
    Upload.objects.filter(
        edition=old, state__in=UNFINISHED, phase=Upload.Phase.APPLY, action__in=lists.outliving_reset()
    ).update(edition=new)
    for work in _unfinished(old):
        _stop(work, keep_copy=keep_copy)
    for model in edition_kinds():
        # Stopped work whose result is not dismissed yet.
        stopped = model._default_manager.filter(edition=old, outcome__reason="reset", dismissed_at__isnull=True)
        stopped.update(edition=new)
    return old.erase_after


def _unfinished(edition: Edition) -> Iterator[EditionWork]:
    for model in edition_kinds():
        rows = model._default_manager.select_for_update(of=("self",)).filter(edition=edition)
        yield from rows.filter(Q(state__in=UNFINISHED) | Q(state=JobState.CHECKED))


def _stop(work: EditionWork, *, keep_copy: bool) -> None:
    # Whoever sent a file is told which one it was, unless everything is to be erased: a name may name a person.
    name = work.name if isinstance(work, Upload) and keep_copy else ""
    jobs.finish(work, JobState.FAILED, reason="reset")  # recorded with what it was about
    stored_files.discard_on_commit(*work.files)
    work.forget_contents()
    if isinstance(work, Upload):
        work.name = name
    work.act = None  # what it did until then is undone, if at all, in the edition where it was done
    work.save()
