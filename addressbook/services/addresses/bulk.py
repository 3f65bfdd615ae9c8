"""Acts on a selection: delete, remove from group, edit groups; and on a whole group: empty it, delete it.

A small act is done at once, a large one becomes a job; both go through `_apply`, a batch at a time. What was asked for
is a pinned set (see `selection`), so that an address that joins while the job runs is left alone.
"""

import time
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from typing import Any
from uuid import UUID

from addressbook import limits
from addressbook.models import Group, Job, Membership
from addressbook.services.addresses import bulk_jobs, groups, memberships, undo_log
from addressbook.services.addresses.selection import Selection
from addressbook.services.addresses.undo_log import UndoNotes
from workspace.models import AddressBook, Edition, JobState
from workspace.services.history.audit import Actor, record
from workspace.services.work import jobs, pace
from workspace.services.work.changing import changing
from workspace.services.work.submissions import Submitted

Counts = dict[str, int]


class NothingSelectedError(Exception):
    """None of what was selected is there (any more)."""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of an act: `changes` counts what it did; with `job_id` it goes on, and the changes are still to come.

    `subject` is the group that the act was about, if any; `act_id` is what can be undone of it.
    """

    selected: int
    changes: Counts
    job_id: int | None = None
    subject: str = ""
    act_id: int | None = None


@dataclass(frozen=True, slots=True)
class GroupChange:
    """What is to be done to which addresses."""

    kind: Job.Kind
    selection: Selection
    add: tuple[int, ...] = ()
    remove: tuple[int, ...] = ()

    @property
    def rows_an_address(self) -> int:
        """How many rows it may change for each address; what decides how many addresses go into one transaction."""
        return max(1, len(self.add) + len(self.remove))

    def as_json(self) -> dict[str, Any]:
        return {"selection": self.selection.as_json(), "add": self.add, "remove": self.remove}


def delete_addresses(*, book: AddressBook, selection: Selection, token: UUID, by: Actor) -> Done:
    """Delete the selected addresses from the book and from every group.

    Raises SelectionChangedError, NothingSelectedError or UndoRunningError, as all acts here do.
    """
    return _submit(GroupChange(Job.Kind.DELETE_ADDRESSES, selection), book, token, by)


def remove_from_group(*, book: AddressBook, selection: Selection, token: UUID, by: Actor) -> Done:
    """Take the selected addresses out of the group in which they were selected; they stay in the book.

    Raises GroupGoneError too.
    """
    return _submit(_on_group(Job.Kind.REMOVE_FROM_GROUP, selection), book, token, by)


def edit_groups(
    *,
    book: AddressBook,
    selection: Selection,
    add: Collection[int],
    remove: Collection[int],
    token: UUID,
    by: Actor,
) -> Done:
    """Put the selected addresses into the groups `add`, take them out of `remove`; other groups stay as they are.

    Raises GroupGoneError too, and then nothing was changed.
    """
    act = GroupChange(Job.Kind.EDIT_GROUPS, selection, add=tuple(sorted(add)), remove=tuple(sorted(remove)))
    return _submit(act, book, token, by)


def empty_group(*, book: AddressBook, selection: Selection, token: UUID, by: Actor) -> Done:
    """Take every address out of the group of `selection` (all of it, pinned). Raises GroupGoneError too."""
    return _submit(_on_group(Job.Kind.EMPTY_GROUP, selection), book, token, by)


def delete_group(*, book: AddressBook, selection: Selection, token: UUID, by: Actor) -> Done:
    """Delete the group of `selection` (all of it, pinned); its addresses stay. Raises GroupGoneError too."""
    return _submit(_on_group(Job.Kind.DELETE_GROUP, selection), book, token, by)


def _on_group(kind: Job.Kind, selection: Selection) -> GroupChange:
    return GroupChange(kind, selection, remove=(selection.group_id or 0,))


def _submit(act: GroupChange, book: AddressBook, token: UUID, by: Actor) -> Done:
    submitted = Submitted(by, token, act.kind, act.as_json(), book)
    with changing(book, by=by) as change:
        edition = change.edition
        if earlier := submitted.earlier_outcome():
            return Done(**earlier)
        names = _names(act, edition)
        act.selection.require_unchanged(edition)
        selected = act.selection.count(edition)
        if not selected and act.kind not in {Job.Kind.EMPTY_GROUP, Job.Kind.DELETE_GROUP}:
            raise NothingSelectedError
        done = Done(selected, {}, subject=names.get("group", ""))
        if selected * act.rows_an_address <= limits.ROWS_WITHIN_A_CLICK:
            action = Job(kind=act.kind).action
            noted = UndoNotes()
            changes = _do_at_once(act, edition, noted)
            undoable = undo_log.keep_at_once(edition, action, noted)
            done = replace(done, changes=changes, act_id=undoable.pk if undoable else None)
            detail = {"selected": selected, **changes, **names}
            record(by=by, action=action, book=book, detail=detail, act=undoable)
        else:
            bulk_jobs.require_no_undo(edition)
            parameters = {**act.as_json(), "names": names}
            job = bulk_jobs.start(kind=act.kind, edition=edition, parameters=parameters, rows_total=selected, by=by)
            done = replace(done, job_id=job.pk)
        submitted.remember(asdict(done))
    return done


def _names(act: GroupChange, edition: Edition) -> dict[str, Any]:
    """The groups of the act by name, for the history and the page. Raises GroupGoneError unless all are there."""
    names = dict(Group.objects.filter(edition=edition, pk__in=(*act.add, *act.remove)).values_list("pk", "name"))
    if len(names) != len({*act.add, *act.remove}):
        raise groups.GroupGoneError
    if act.kind == Job.Kind.EDIT_GROUPS:
        return {"added_to": [names[pk] for pk in act.add], "removed_from": [names[pk] for pk in act.remove]}
    return {"group": names[act.remove[0]]} if act.remove else {}


def _do_at_once(act: GroupChange, edition: Edition, noted: UndoNotes) -> Counts:
    address_ids = list(act.selection.addresses(edition).values_list("pk", flat=True))
    changes = _apply(act, edition, address_ids, noted)
    if act.kind == Job.Kind.DELETE_GROUP:
        _delete_emptied_group(act, noted)
    return changes


def run(job: Job) -> None:
    """Work on a claimed job until it is over. Raises JobLostError when another worker has it."""
    least = rows = limits.ROWS_PER_JOB_BATCH
    began = time.monotonic()
    with pace.batches() as pauses:
        while _run_batch(job, rows):
            rows = pace.next_size(
                rows,
                time.monotonic() - began,
                least=least,
                most=least * limits.BULK_BATCH_GROWS_TIMES,
                at_most_seconds=limits.BULK_BATCH_SECONDS,
            )
            pauses.take_if_due()
            began = time.monotonic()


def _run_batch(job: Job, rows: int) -> bool:
    """One batch; whether there may be another."""
    with jobs.batch(job) as batch:
        edition, act = batch.change.edition, _change_of(batch.row)
        address_ids = _next_batch(batch.row, act, edition, rows)
        noted = UndoNotes()
        if not address_ids:
            if act.kind == Job.Kind.DELETE_GROUP:
                _delete_emptied_group(act, noted)
                batch.note(noted)
            jobs.finish(batch.row, JobState.COMPLETE)
            return False
        changes = _apply(act, edition, address_ids, noted)
        batch.keep(cursor=address_ids[-1], rows=len(address_ids), changes=changes, notes=noted)
    return True


def _next_batch(job: Job, act: GroupChange, edition: Edition, rows: int) -> list[int]:
    if act.kind == Job.Kind.DELETE_GROUP:
        # An address that joins a group while it is deleted leaves it with the others.
        rest = Membership.objects.filter(group=act.remove[0]).order_by("address_id")
        return list(rest.values_list("address_id", flat=True)[:rows])
    return act.selection.next_ids(edition, after=job.cursor or 0, limit=max(1, rows // act.rows_an_address))


def _apply(act: GroupChange, edition: Edition, address_ids: Collection[int], noted: UndoNotes) -> Counts:
    """Do the act to these addresses; group ids that are gone by now are passed over."""
    if act.kind == Job.Kind.DELETE_ADDRESSES:
        return {"deleted": memberships.delete_addresses(edition, address_ids, noted=noted)}
    changes: Counts = {"added": 0} if act.kind == Job.Kind.EDIT_GROUPS else {}
    changes["removed"] = 0
    for group in Group.objects.filter(edition=edition, pk__in=act.add):
        changes["added"] += memberships.add_to_group(group, address_ids, noted=noted)
    for group in Group.objects.filter(edition=edition, pk__in=act.remove):
        changes["removed"] += memberships.remove_from_group(group, address_ids, noted=noted)
    return changes


def _delete_emptied_group(act: GroupChange, noted: UndoNotes) -> None:
    for group in Group.objects.filter(pk=act.remove[0]):
        groups.delete_empty(group, noted=noted)


def _change_of(job: Job) -> GroupChange:
    values = job.parameters
    return GroupChange(
        kind=Job.Kind(job.kind),
        selection=Selection.from_json(values["selection"]),
        add=tuple(values["add"]),
        remove=tuple(values["remove"]),
    )
