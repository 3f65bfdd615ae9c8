"""The history. Every service records what it did here, inside its own transaction: no change without its line."""

from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from addressbook.models import Action, AddressBook, AuditEvent, User


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and from which network address (None: not over the network)."""

    user: User
    ip_address: str | None = None


def record(
    *,
    by: Actor,
    action: Action,
    book: AddressBook,
    detail: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Append one line. `detail` holds counts and names of groups and people, never an e-mail address of the book."""
    AuditEvent(
        at=timezone.now(),
        user_id=by.user.pk,
        username=by.user.get_username(),
        ip_address=by.ip_address,
        book_id=book.pk,
        book_name=book.name,
        action=action,
        detail=detail or {},
        reason=reason,
    ).save(force_insert=True)
