"""The undo itself, a step and a transaction at a time; those of a small one in the transaction of the click.

The records of an act are gone through from the last to the first. What an undo changes is kept as any act's is, so that
it can be undone as well.
"""

from collections import Counter
from typing import Final

from django.db import transaction
from django.utils import timezone

from addressbook.models import Act, Action, Edition, Job, JobState
from addressbook.services import books, crash_points, jobs, journal
from addressbook.services.journal import Changes
from addressbook.services.undo.steps import Counts, Step, Undoing, steps_of

# The place of a job is that of the step that was done last: number of its record × this + number of the step in it.
_STEPS_PER_RECORD: Final = 1_000_000


def undo_at_once(act: Act, edition: Edition) -> tuple[dict[str, int], Act | None]:
    """Undo the act in the caller's transaction: what was done and left, and what can be undone of that."""
    undoing = Undoing(act, edition)
    noted = Changes()
    counts: Counts = Counter()
    for record in act.records.order_by("-number"):
        for step in steps_of(Changes.unpacked(record.payload)):
            counts.update(undoing.do(step, noted=noted))
    undo_act = journal.keep_at_once(edition, Action.UNDO, noted, undoes=act)
    return _named(counts), undo_act


def mark_undone(act: Act) -> None:
    """Say that what the act changed is undone. What it had undone itself holds again, and so on down the chain."""
    now = timezone.now()
    undone: Act | None = act
    is_undone = True
    while undone is not None:
        Act.objects.filter(pk=undone.pk).update(undone_at=now if is_undone else None)
        undone, is_undone = undone.undoes, not is_undone


def run(job: Job) -> None:
    """Work on a claimed job until it is over. Raises JobLostError when another worker has it."""
    act = Act.objects.filter(pk=job.parameters["act"]).first()
    place = job.cursor
    while (place := _run_step(job, act, _next_step(act, place))) is not None:
        crash_points.reached("undo: step kept")


def _next_step(act: Act | None, place: int | None) -> tuple[int, Step, int] | None:
    """The step after `place`, with its own place and the rows of its record if it ends it. Read without a lock."""
    if act is None:
        return None
    if place is None:
        records = act.records.order_by("-number")
        done = -1
    else:
        records = act.records.filter(number__lte=place // _STEPS_PER_RECORD).order_by("-number")
        done = place % _STEPS_PER_RECORD
    for record in records.iterator(chunk_size=1):
        steps = list(steps_of(Changes.unpacked(record.payload)))
        first = done + 1 if place is not None and record.number == place // _STEPS_PER_RECORD else 0
        if first < len(steps):
            rows = record.row_count if first == len(steps) - 1 else 0
            return record.number * _STEPS_PER_RECORD + first, steps[first], rows
    return None


def _run_step(job: Job, act: Act | None, found: tuple[int, Step, int] | None) -> int | None:
    """The step in one transaction, and its place, which is kept with its rows; None when the job is over."""
    with transaction.atomic():
        edition = books.lock(job.edition.book)
        row = jobs.still_owned(job)
        if act is None or edition.pk != row.edition_id:
            jobs.finish(row, JobState.FAILED)
            return None
        if row.cancel_requested:
            jobs.finish(row, JobState.CANCELLED)
            return None
        if found is None:
            mark_undone(act)
            crash_points.reached("undo: marked")
            jobs.finish(row, JobState.COMPLETE)
            return None
        place, step, rows = found
        noted = Changes()
        counts = Undoing(act, edition).do(step, noted=noted)
        crash_points.reached("undo: rows changed")
        jobs.keep_undoable(row, noted)
        jobs.keep_batch(row, cursor=place, rows=rows, changes=_named(counts))
        crash_points.reached("undo: before commit")
    return place


def _named(counts: Counts) -> dict[str, int]:
    return {str(name): count for name, count in counts.items() if count}
