"""The history. Every service records what it did here, inside its own transaction: no change without its line."""

from dataclasses import dataclass
from typing import Any, Final

from django.utils import timezone

from addressbook.models import Action, AddressBook, AuditEvent, Download, Job, LeasedWork, Upload, User


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


def record_end(work: LeasedWork) -> None:
    """Append the line of a job or upload that is over, however it ended: what it did until then stays done.

    Whoever asked for it may be gone by now; the row has kept the name. An upload without an OK has done nothing.
    """
    reason = ""
    if isinstance(work, Job):
        action = ACTIONS[Job.Kind(work.kind)]
        detail = {"selected": work.rows_total, "state": work.state, **work.outcome, **work.parameters.get("names", {})}
    elif isinstance(work, Upload) and work.phase == Upload.Phase.APPLY:
        action = Action.UPLOAD_ADDRESSES
        detail = {name: work.check_result.get(name, 0) for name in ("rows", "doubled", "invalid", "blank")}
        detail |= {"state": work.state, "applied": work.rows_done, **work.outcome}
    elif isinstance(work, Download):
        action, reason = Action.MAKE_DOWNLOAD, work.reason
        detail = {"download": work.pk, "state": work.state, "rows": work.row_count, "size": work.size, **work.outcome}
    else:
        return
    _append(
        user_id=work.requested_by_id,
        username=work.requester,
        ip_address=work.requested_from,
        book=work.edition.book,
        action=action,
        detail=detail,
        reason=reason,
    )


def _append(*, book: AddressBook, **values: Any) -> None:
    AuditEvent(at=timezone.now(), book_id=book.pk, book_name=book.name, **values).save(force_insert=True)
