"""What people do about acts that can be undone: find one, and have it undone."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from uuid import UUID

from django.utils import timezone

from addressbook import actions, limits
from addressbook.models import Job
from addressbook.services.addresses import bulk_jobs
from addressbook.services.undo.running import mark_undone, undo_at_once
from workspace.models import Act, AddressBook, Edition
from workspace.services import history
from workspace.services.history.audit import Actor, record
from workspace.services.work.changing import changing
from workspace.services.work.submissions import Submitted


class Reason(StrEnum):
    """Why an act cannot be undone (now)."""

    GONE = "gone"  # there is no such act in the book
    OTHER_EDITION = "other_edition"  # the book was reset since
    GOES_ON = "goes_on"
    UNDONE = "undone"
    EXPIRED = "expired"
    BUSY = "busy"  # another bulk act goes on, which was meant for what is there now


class NotUndoableError(Exception):
    def __init__(self, why: Reason) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Undone:
    """The result of an undo: `counts` by `Outcome` and `Remaining`; with `job_id` it goes on, and they are to come.

    `act_id` is what can be undone of the undo.
    """

    counts: dict[str, int] = field(default_factory=dict)
    job_id: int | None = None
    act_id: int | None = None


def find(edition: Edition, act_id: int) -> Act:
    """The act, if it can be undone now; else raises NotUndoableError."""
    act = Act.objects.select_related("edition").filter(edition__book=edition.book_id, pk=act_id).first()
    if act is None:
        raise NotUndoableError(Reason.GONE)
    if why := why_not(act, edition):
        raise NotUndoableError(why)
    if Job.objects.unfinished().filter(edition=edition).exists():
        raise NotUndoableError(Reason.BUSY)
    return act


def why_not(act: Act, edition: Edition) -> Reason | None:
    """Why the act itself cannot be undone in the current edition of its book."""
    if act.edition_id != edition.pk:
        return Reason.OTHER_EDITION
    if act.undo_until is None:
        return Reason.GOES_ON
    if act.undone_at is not None:
        return Reason.UNDONE
    if act.undo_until <= timezone.now():
        return Reason.EXPIRED
    return None


def undoable_acts(edition: Edition, act_ids: Collection[int]) -> Mapping[int, Act]:
    """Those of the acts that can be undone, by id."""
    acts = Act.objects.filter(edition=edition, pk__in=act_ids)
    return {act.pk: act for act in acts if why_not(act, edition) is None}


def undo(*, book: AddressBook, act_id: int, token: UUID, by: Actor) -> Undone:
    """Take back what the act added and give back what it took away, at once where that is little, else as a job.

    Raises NotUndoableError, and then nothing was changed.
    """
    submitted = Submitted(by, token, "undo", act_id, book)
    with changing(book, by=by) as change:
        edition = change.edition
        if earlier := submitted.earlier_outcome():
            return Undone(**earlier)
        act = find(edition, act_id)
        names = _names(act)
        if act.row_count <= limits.ROWS_WITHIN_A_CLICK:
            counts, undoing = undo_at_once(act, edition)
            mark_undone(act)
            record(by=by, action=actions.UNDO, book=book, detail={**counts, **names}, act=undoing)
            done = Undone(counts=counts, act_id=undoing.pk if undoing else None)
        else:
            parameters = {"act": act.pk, "names": names}
            job = bulk_jobs.start(
                kind=Job.Kind.UNDO,
                edition=edition,
                parameters=parameters,
                rows_total=act.row_count,
                by=by,
                undoes=act,
            )
            done = Undone(job_id=job.pk)
        submitted.remember(asdict(done))
    return done


def _names(act: Act) -> dict[str, object]:
    """What was undone, for the history and the page: the act, and the number of the line that tells of it."""
    line = history.line_of(act.edition.book, act)
    return {"undone": act.action, "line": line.number if line else None, "of": line.username if line else ""}
