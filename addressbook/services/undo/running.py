"""The undo itself, a step and a transaction at a time; those of a small one in the transaction of the click.

The records of an act are gone through from the last to the first. What an undo changes is kept as any act's is, so that
it can be undone as well.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import chain
from typing import Final, NamedTuple

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


class _Todo(NamedTuple):
    """A step with its place, and the rows of its record if it ends that."""

    place: int
    step: Step
    rows: int


def run(job: Job) -> None:
    """Work on a claimed job until it is over. Raises JobLostError when another worker has it."""
    act = Act.objects.filter(pk=job.parameters["act"]).first()
    if act is None:
        _run_step(job, None, None)
        return
    undoing = Undoing(act, job.edition)
    for todo in chain(_steps_after(act, job.cursor), [None]):
        if not _run_step(job, undoing, todo):
            return
        crash_points.reached("undo: step kept")


def _steps_after(act: Act, place: int | None) -> Iterator[_Todo]:
    """The steps that follow the one at `place`. Records are read one by one: a long read would hold up all writers."""
    numbers = act.records.order_by("-number").values_list("number", flat=True)
    began, done = divmod(place, _STEPS_PER_RECORD) if place is not None else (None, 0)
    for number in list(numbers.filter(number__lte=began) if began is not None else numbers):
        record = act.records.get(number=number)
        steps = list(steps_of(Changes.unpacked(record.payload)))
        for index, step in enumerate(steps):
            if number != began or index > done:
                rows = record.row_count if index == len(steps) - 1 else 0
                yield _Todo(number * _STEPS_PER_RECORD + index, step, rows)


def _run_step(job: Job, undoing: Undoing | None, todo: _Todo | None) -> bool:
    """The step in one transaction, its place kept with its rows (None: all are done); whether there may be another."""
    with transaction.atomic():
        edition = books.lock(job.edition.book)
        row = jobs.still_owned(job)
        if undoing is None or edition.pk != row.edition_id:
            return _finish(row, JobState.FAILED)
        if row.cancel_requested:
            return _finish(row, JobState.CANCELLED)
        if todo is None:
            mark_undone(undoing.act)
            crash_points.reached("undo: marked")
            return _finish(row, JobState.COMPLETE)
        noted = Changes()
        counts = undoing.do(todo.step, noted=noted)
        crash_points.reached("undo: rows changed")
        jobs.keep_undoable(row, noted)
        jobs.keep_batch(row, cursor=todo.place, rows=todo.rows, changes=_named(counts))
        crash_points.reached("undo: before commit")
    return True


def _finish(job: Job, state: JobState) -> bool:
    jobs.finish(job, state)
    return False


def _named(counts: Counts) -> dict[str, int]:
    return {str(name): count for name, count in counts.items() if count}
