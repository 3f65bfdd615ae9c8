"""The undo itself, some steps and a transaction at a time; those of a small one in the transaction of the click.

The records of an act are gone through from the last to the first. What an undo changes is kept as any act's is, so that
it can be undone as well.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import chain
from typing import Final, NamedTuple

from django.utils import timezone

from addressbook import actions, limits
from addressbook.models import Job
from addressbook.services.addresses import undo_log
from addressbook.services.addresses.undo_log import UndoNotes
from addressbook.services.undo.steps import Counts, Step, Undoing, steps_of
from workspace.models import Act, Edition, JobState
from workspace.services.work import crash_points, jobs, pace

# The place of a job is that of the step that was done last: number of its record × this + number of the step in it.
_STEPS_PER_RECORD: Final = 1_000_000


def undo_at_once(act: Act, edition: Edition) -> tuple[dict[str, int], Act | None]:
    """Undo the act in the caller's transaction: what was done and left, and what can be undone of that."""
    undoing = Undoing(act, edition)
    noted = UndoNotes()
    counts: Counts = Counter()
    for record in act.records.order_by("-number"):
        for step in steps_of(UndoNotes.unpacked(record.payload)):
            counts.update(undoing.do(step, noted=noted))
    undo_act = undo_log.keep_at_once(edition, actions.UNDO, noted, undoes=act)
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
        _run_batch(job, None, [])
        return
    undoing = Undoing(act, job.edition)
    with pace.batches() as pauses:
        for batch in chain(_batches(_steps_after(act, job.cursor)), [[]]):
            if not _run_batch(job, undoing, batch):
                return
            pauses.take_if_due()


def _batches(todos: Iterator[_Todo]) -> Iterator[list[_Todo]]:
    """Steps that may go into one transaction: a deletion's addresses with their places in groups, for one."""
    batch: list[_Todo] = []
    room = limits.PIECES_PER_UNDO_BATCH * limits.ROWS_PER_JOB_BATCH
    for todo in todos:
        if batch and sum(len(each.step.rows) for each in (*batch, todo)) > room:
            yield batch
            batch = []
        batch.append(todo)
    if batch:
        yield batch


def _steps_after(act: Act, place: int | None) -> Iterator[_Todo]:
    """The steps that follow the one at `place`. Records are read one by one: a long read would hold up all writers."""
    numbers = act.records.order_by("-number").values_list("number", flat=True)
    began, done = divmod(place, _STEPS_PER_RECORD) if place is not None else (None, 0)
    for number in list(numbers.filter(number__lte=began) if began is not None else numbers):
        record = act.records.get(number=number)
        steps = list(steps_of(UndoNotes.unpacked(record.payload)))
        for index, step in enumerate(steps):
            if number != began or index > done:
                rows = record.row_count if index == len(steps) - 1 else 0
                yield _Todo(number * _STEPS_PER_RECORD + index, step, rows)


def _run_batch(job: Job, undoing: Undoing | None, todos: list[_Todo]) -> bool:
    """The steps in one transaction, with the place of the last (no steps: all are done); whether more may come."""
    with jobs.batch(job) as batch:
        if undoing is None:
            jobs.finish(batch.row, JobState.FAILED)
            return False
        if not todos:
            mark_undone(undoing.act)
            crash_points.reached("undo: marked")
            jobs.finish(batch.row, JobState.COMPLETE)
            return False
        noted = UndoNotes()
        counts: Counts = Counter()
        for todo in todos:
            counts.update(undoing.do(todo.step, noted=noted))
        crash_points.reached("undo: rows changed")
        rows = sum(todo.rows for todo in todos)
        batch.keep(cursor=todos[-1].place, rows=rows, changes=_named(counts), notes=noted)
    return True


def _named(counts: Counts) -> dict[str, int]:
    return {str(name): count for name, count in counts.items() if count}
