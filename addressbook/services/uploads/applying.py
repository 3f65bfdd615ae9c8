"""Registering what a check accepted: the rows file, a batch and a transaction at a time."""

from datetime import timedelta
from typing import IO, Final

from django.db.models import F
from django.utils import timezone

from addressbook import limits
from addressbook.models import Group, Upload
from addressbook.services.addresses import memberships, planner
from addressbook.services.addresses.undo_log import UndoNotes
from addressbook.services.uploads import files, lists, sql
from addressbook.services.uploads.file_groups import CHOSEN_GROUP, NO_GROUP
from addressbook.services.uploads.rows import RowsBatch, read_batch
from workspace.models import Edition, JobState
from workspace.services.work import crash_points, jobs, pace, stored_files
from workspace.services.work.changing import holding


def apply_rows(upload: Upload) -> None:
    """Work on a claimed upload until it is over; goes on where the last kept batch ended. Raises JobLostError."""
    try:
        with files.local(upload.rows_file) as path, path.open("rb") as rows:
            if files.sha256(rows) != upload.rows_sha256:
                raise FileNotFoundError  # another file stands in its place: ours is gone
            with pace.batches() as pauses:
                while _apply_batch(upload, rows):
                    pauses.take_if_due()
        if not upload.is_list:
            planner.tell_of_new_rows(upload.rows_total)
    except FileNotFoundError:
        with holding(upload.book):
            _finish(jobs.still_owned(upload), JobState.FAILED, "file_gone")
    crash_points.reached("apply: done")


def _apply_batch(upload: Upload, rows: IO[bytes]) -> bool:
    """One batch; whether there may be another."""
    # Read and taken apart before the book is locked: others wait for no more than the statements take.
    size = limits.ROWS_PER_JOB_BATCH if upload.is_list else limits.ROWS_PER_UPLOAD_BATCH
    read = read_batch(rows, upload.cursor or 0, size)
    with jobs.batch(upload, end=_finish) as batch:
        row = batch.row
        if not read.places:
            _finish(row, JobState.COMPLETE)
            return False
        noted = UndoNotes()
        act = lists.act_of(row.action) if row.is_list else _REGISTRATION
        changes = act.step(batch.change.edition, row, read, noted)
        batch.keep(cursor=read.end, rows=len(read.pairs), changes=changes, notes=noted)
    upload.cursor = read.end
    return True


def _register(edition: Edition, upload: Upload, batch: RowsBatch, noted: UndoNotes) -> dict[str, int]:
    registered = _insert(edition, upload, batch, noted)
    crash_points.reached("apply: addresses inserted")
    return {"registered": registered, "added_to_group": _add_to_groups(edition, upload, batch, noted)}


_REGISTRATION: Final = lists.ListAct(_register, dict.fromkeys(("registered", "added_to_group"), ""))


def _insert(edition: Edition, upload: Upload, batch: RowsBatch, noted: UndoNotes) -> int:
    if not batch.pairs:
        return 0
    ids = sql.insert_addresses(
        edition_id=edition.pk, upload_id=upload.pk, pairs=batch.pairs, registered_at=timezone.now()
    )
    memberships.change_address_count(edition, len(ids))
    noted.inserted_addresses(ids)
    return len(ids)


def _add_to_groups(edition: Edition, upload: Upload, batch: RowsBatch, noted: UndoNotes) -> int:
    """Put the addresses into their groups; skips groups that have been deleted."""
    wanted: dict[int, list[str]] = {}
    for place, keys in batch.places.items():
        group_id = _group_of(upload, place)
        if group_id is not None:
            wanted.setdefault(group_id, []).extend(keys)
    added = 0
    for group in Group.objects.filter(edition=edition, pk__in=wanted):
        ids = sql.insert_memberships(edition_id=edition.pk, group_id=group.pk, keys=wanted[group.pk])
        if ids:
            Group.objects.filter(pk=group.pk).update(address_count=F("address_count") + len(ids))
            noted.inserted_memberships(group.pk, ids)
        added += len(ids)
    return added


def _group_of(upload: Upload, place: int) -> int | None:
    if place == NO_GROUP:
        return None
    return upload.group_id if place == CHOSEN_GROUP else upload.groups[place - 1]["id"]


def _finish(upload: Upload, state: JobState, reason: str = "") -> None:
    stored_files.discard_of(upload, "stored_file", "rows_file")
    upload.expires_at = timezone.now() + timedelta(hours=limits.UPLOAD_KEPT_HOURS)
    counts = lists.act_of(upload.action).counts if upload.is_list else _REGISTRATION.counts
    upload.outcome = {**dict.fromkeys(counts, 0), **upload.outcome, "reason": reason}
    jobs.finish(upload, state, also=("stored_file", "rows_file", "expires_at", "outcome"))
    crash_points.reached("apply: before the end is committed")
