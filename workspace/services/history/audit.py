"""The history. Every service records what it did here, inside its own transaction: no change without its line.

Lines are chained (`AuditChain`), so one can only follow when the one before is there: whoever appends holds the row of
the chain to the end of the transaction. It is the last lock that a transaction takes, unless that holds the lock of the
book, where writers come one after another anyway; so nobody can wait for each other.
"""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from workspace import actions, limits
from workspace.models import Act, AddressBook, AuditChain, AuditEvent, LeasedWork, User
from workspace.models.audit import digest


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and from which network address (None: not over the network)."""

    user: User
    ip_address: str | None = None


OPERATOR: Final = "(command line)"


def record(
    *,
    by: Actor,
    action: str,
    book: AddressBook | None,
    detail: dict[str, Any] | None = None,
    reason: str = "",
    act: Act | None = None,
) -> None:
    """Append one line. `detail` holds counts and names of groups and people, never an e-mail address of the book.

    `act` is what it tells of, closed, where that can be undone.
    """
    _append(
        user_id=by.user.pk,
        username=by.user.get_username(),
        ip_address=by.ip_address,
        book=book,
        action=action,
        detail=detail or {},
        reason=reason,
        act=act,
    )


def record_refusal(*, by: Actor, book: AddressBook | None, path: str, detail: dict[str, Any]) -> None:
    """Append the line of a refused access; of many by one person, the first ones within an hour.

    Otherwise a viewer could fill the history, whose lines are kept for two years.
    """
    chain = book.pk if book else AuditChain.WITHOUT_BOOK
    refused = AuditEvent.objects.filter(chain=chain, action=actions.ACCESS_REFUSED, user_id=by.user.pk)
    since = timezone.now() - timedelta(hours=1)
    before = refused.filter(at__gt=since)[: limits.REFUSALS_LISTED_PER_HOUR].count()
    if before < limits.REFUSALS_LISTED_PER_HOUR:
        is_last = {"is_last": True} if before == limits.REFUSALS_LISTED_PER_HOUR - 1 else {}
        detail = {"path": path[: limits.REFUSED_PATH_CHARACTERS], **detail, **is_last}
        record(by=by, action=actions.ACCESS_REFUSED, book=book, detail=detail)


def record_by_operator(*, action: str, book: AddressBook | None, detail: dict[str, Any] | None = None) -> None:
    """Append the line of an act on the command line of the server, without a signed-in user."""
    _append(user_id=None, username=OPERATOR, ip_address=None, book=book, action=action, detail=detail or {}, act=None)


def record_end(work: LeasedWork, *, act: Act | None = None) -> None:
    """Append the line of work that is over, however it ended: what it did until then stays done.

    Its requester may be gone by now; the row has kept the name.
    """
    line = work.history_line()
    if line is not None:
        _append(
            user_id=work.requested_by_id,
            username=work.requester,
            ip_address=work.requested_from,
            book=work.book,
            action=line.action,
            detail=line.detail,
            act=act,
            reason=line.reason,
        )


def record_trim(*, chain_id: int, book_name: str, detail: dict[str, Any]) -> None:
    """Append the line which says that expired lines were removed; it has no actor.

    By the chain and not by the book: lines outlive their book.
    """
    _append_to(
        chain_id,
        user_id=None,
        username="",
        ip_address=None,
        book_id=chain_id or None,
        book_name=book_name,
        action=actions.TRIM_HISTORY,
        detail=detail,
        act_id=None,
    )


def _append(*, book: AddressBook | None, act: Act | None, **values: Any) -> None:
    values["act_id"] = act.pk if act else None
    if book is None:
        _append_to(AuditChain.WITHOUT_BOOK, book_id=None, book_name="", **values)
    else:
        _append_to(book.pk, book_id=book.pk, book_name=book.name, **values)


def _append_to(chain_id: int, *, detail: dict[str, Any], **values: Any) -> None:
    with transaction.atomic():
        chain = _locked_chain(chain_id)
        event = AuditEvent(
            chain=chain.pk,
            number=chain.last_number + 1,
            at=timezone.now(),
            # As it will be read again: a tuple comes back as a list.
            detail=json.loads(json.dumps(detail)),
            **values,
        )
        event.hash = digest(event, previous=chain.last_hash)
        event.save(force_insert=True)
        chain.last_number, chain.last_hash = event.number, event.hash
        chain.save(update_fields=["last_number", "last_hash"])


def _locked_chain(chain_id: int) -> AuditChain:
    chain = AuditChain.objects.select_for_update().filter(pk=chain_id).first()
    # Two first lines at once: the second waits for the first, and finds its row.
    return chain or AuditChain.objects.select_for_update().get_or_create(pk=chain_id)[0]
