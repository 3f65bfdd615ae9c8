"""The history. Every service records what it did here, inside its own transaction: no change without its line."""

from dataclasses import dataclass
from typing import Any, Final

from django.utils import timezone

from addressbook.models import Action, AddressBook, AuditEvent, Job, User


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and from which network address (None: not over the network)."""

    user: User
    ip_address: str | None = None


ACTIONS: Final = {
    Job.Kind.DELETE_ADDRESSES: Action.DELETE_ADDRESS,
    Job.Kind.EDIT_GROUPS: Action.CHANGE_GROUP,
    Job.Kind.REMOVE_FROM_GROUP: Action.REMOVE_FROM_GROUP,
    Job.Kind.EMPTY_GROUP: Action.EMPTY_GROUP,
    Job.Kind.DELETE_GROUP: Action.DELETE_GROUP,
}


def record(
    *,
    by: Actor,
    action: Action,
    book: AddressBook,
    detail: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Append one line. `detail` holds counts and names of groups and people, never an e-mail address of the book."""
    _append(
        user_id=by.user.pk,
        username=by.user.get_username(),
        ip_address=by.ip_address,
        book=book,
        action=action,
        detail=detail or {},
        reason=reason,
    )


def record_end(job: Job) -> None:
    """Append the line of a job that is over, however it ended: what it did until then stays done.

    Whoever asked for it may be gone by now; the job has kept the name.
    """
    detail = {"selected": job.rows_total, "state": job.state, **job.outcome, **job.parameters.get("names", {})}
    _append(
        user_id=job.requested_by_id,
        username=job.requester,
        ip_address=job.requested_from,
        book=job.edition.book,
        action=ACTIONS[Job.Kind(job.kind)],
        detail=detail,
    )


def _append(*, book: AddressBook, **values: Any) -> None:
    AuditEvent(at=timezone.now(), book_id=book.pk, book_name=book.name, **values).save(force_insert=True)
