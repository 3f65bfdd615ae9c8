"""Erase a closed edition in the background, in small steps that survive a killed worker.

What is erased leaves the tables, the file store and, by `vacuum`, the bytes of the database file. The row of the
edition goes last, and its erasure with it; the history keeps a line with numbers.
"""

import time

from django.db import transaction
from django.db.models import Count, F
from django.utils import timezone

from addressbook import limits
from addressbook.models import Address, Erasure, Group, Membership
from addressbook.services import undo
from addressbook.services.reset import merging, vacuum
from workspace.models import AddressBook, Edition, EditionWork, JobState
from workspace.models.work import UNFINISHED, edition_kinds
from workspace.services.books import books
from workspace.services.history import audit
from workspace.services.history.audit import Actor
from workspace.services.work import crash_points, jobs, pace, stored_files


def start(edition: Edition, *, by: Actor | None = None) -> Erasure:
    """Begin to erase a closed edition, once the caller's transaction is committed; under the lock of its book.

    `by`: who asked for it; None when merely its time has come.
    """
    erasure = Erasure.objects.create(
        edition=edition,
        rows_total=edition.address_count,
        outcome={"groups": edition.groups.count()},
        requested_by=by.user if by else None,
        requester=by.user.get_username() if by else "",
        requested_from=by.ip_address if by else None,
        created_at=timezone.now(),
    )
    jobs.announce_on_commit(erasure)
    return erasure


def start_due() -> int:
    """Begin what is due, and again what was given up: erasing is a promise. Returns how many were begun.

    Harmless when two run at once, and cheap when there is nothing to do.
    """
    due = Edition.objects.due().exclude(erasures__state__in=UNFINISHED)
    return sum(_start_if_due(book_id, pk) for book_id, pk in list(due.values_list("book_id", "pk")))


def _start_if_due(book_id: int, edition_id: int) -> bool:
    with transaction.atomic():
        books.lock(AddressBook(pk=book_id))
        # Looked at again: it may have been restored, or begun, while we waited for the lock.
        edition = Edition.objects.due().filter(pk=edition_id).first()
        if edition is None or merging.reads(edition):
            return False
        earlier = edition.erasures.first()
        if earlier is None:
            start(edition)
            return True
        if earlier.state in UNFINISHED:
            return False
        jobs.put_back(earlier)
        return True


def run(erasure: Erasure) -> None:
    """Work on a claimed erasure until nothing of the edition is left. Raises JobLostError when it is another's."""
    rows, began = limits.ROWS_PER_ERASING_BATCH, time.monotonic()
    with pace.batches() as pauses:
        while _erase_addresses(erasure, rows):
            crash_points.reached("erase: batch kept")
            rows = pace.next_size(
                rows,
                time.monotonic() - began,
                least=limits.ROWS_PER_ERASING_BATCH_LEAST,
                most=limits.ROWS_PER_ERASING_BATCH,
                at_most_seconds=limits.ERASING_STEP_SECONDS,
            )
            pauses.take_if_due()
            began = time.monotonic()
    while _erase_groups(erasure):
        crash_points.reached("erase: groups gone")
    while _erase_undo(erasure):
        crash_points.reached("erase: undo records gone")
    for model in edition_kinds():
        while model is not Erasure and _erase_work(erasure, model):
            crash_points.reached("erase: work gone")
    rewritten = vacuum.scrub(lambda: jobs.keep_lease(erasure, rows_done=erasure.rows_done))
    crash_points.reached("erase: scrubbed")
    _end(erasure, rewritten=rewritten)
    crash_points.reached("erase: done")


def _erase_addresses(erasure: Erasure, rows: int) -> bool:
    """A batch in one transaction, and whether there may be another.

    Without the lock of the book: no other code reaches an edition that is being erased.
    """
    with transaction.atomic():
        row = jobs.still_owned(erasure)
        after = row.cursor or 0
        rest = Address.objects.filter(edition=row.edition_id, pk__gt=after).order_by("pk")
        ids = list(rest.values_list("pk", flat=True)[:rows])
        if not ids:
            return False
        delete_from_closed(row.edition_id, after=after, through=ids[-1])
        crash_points.reached("erase: rows deleted")
        jobs.keep_batch(row, cursor=ids[-1], rows=len(ids), changes={})
        crash_points.reached("erase: before commit")
    erasure.rows_done = row.rows_done
    return True


def delete_from_closed(edition_id: int, *, after: int, through: int) -> None:
    """Delete the addresses of a closed edition with these ids, and their memberships; counts stay true.

    Unlike `memberships.delete_addresses` it tells the sync nothing: of a closed edition nothing is remote any more.
    """
    own = Group.objects.filter(edition=edition_id).values("pk")
    rows = Membership.objects.filter(address__gt=after, address__lte=through, group__in=own)
    for lost in list(rows.values("group").annotate(count=Count("pk")).order_by("group")):
        Group.objects.filter(pk=lost["group"]).update(address_count=F("address_count") - lost["count"])
    rows.delete()
    deleted, _ = Address.objects.filter(edition=edition_id, pk__gt=after, pk__lte=through).delete()
    Edition.objects.filter(pk=edition_id).update(address_count=F("address_count") - deleted)


def _erase_groups(erasure: Erasure) -> bool:
    with transaction.atomic():
        row = jobs.still_owned(erasure)
        some = Group.objects.filter(edition=row.edition_id).values_list("pk", flat=True)
        ids = list(some[: limits.ROWS_PER_ERASING_BATCH])
        Group.objects.filter(pk__in=ids).delete()
    return bool(ids)


def _erase_undo(erasure: Erasure) -> int:
    with transaction.atomic():
        return undo.erase_records(jobs.still_owned(erasure).edition)


def _erase_work(erasure: Erasure, model: type[EditionWork]) -> bool:
    """One job, upload or the like with its files; whether there was one."""
    with transaction.atomic():
        jobs.still_owned(erasure)
        work = model._default_manager.filter(edition=erasure.edition_id).first()
        if work is None:
            return False
        # Files first: after a crash between the two, the row still names them.
        stored_files.discard(*work.files)
        crash_points.reached("erase: files gone")
        work.delete()
    return True


def _end(erasure: Erasure, *, rewritten: bool) -> None:
    with transaction.atomic():
        books.lock(erasure.edition.book)
        row = jobs.still_owned(erasure)
        row.outcome = {**row.outcome, "rewritten": rewritten}
        row.state = JobState.COMPLETE
        audit.record_end(row)
        # What later models hang on an edition goes with it.
        Edition.objects.filter(pk=row.edition_id).delete()
        crash_points.reached("erase: before the end is committed")
