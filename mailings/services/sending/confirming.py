"""Decisions about a mailing: confirm, undo, stop, resume, settle an unknown part."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from mailings import actions
from mailings.models import Decision, Mailing, MailingState, Part, PartState, RecipientState
from mailings.services.drafts import StaleDraftError, find_draft
from mailings.services.rules import NotAllowedError, may_send, require_role, rules_of
from mailings.services.sending import calling, counters, freezing, lease
from mailings.services.sending.content import fix
from workspace.models import AddressBook, Role
from workspace.services.books import books
from workspace.services.history.audit import Actor, record
from workspace.services.work.submissions import Submitted


class MailingGoneError(Exception):
    """The book has no such mailing (any more)."""


class TooLateError(Exception):
    """The mailing is not in a state any more in which this can be done: `now` is its state."""

    def __init__(self, now: MailingState) -> None:
        super().__init__(now)
        self.now = now


class SamePersonError(Exception):
    """The book asks for a second person, and this is the one who confirmed the mailing."""


class ChangedMeanwhileError(Exception):
    """It is not what the person saw: it was confirmed with other content since, or the part was called again."""


def confirm(
    *, book: AddressBook, mailing_id: int, seen_version: int, seen_count: int, token: UUID, by: Actor
) -> Mailing:
    """Freeze the draft, to be sent to exactly `seen_count` recipients. The check was made by the caller.

    If there turn out to be more or fewer, it becomes a draft again that says so. Raises DraftGoneError,
    StaleDraftError or NotAllowedError.
    """
    submitted = Submitted(by, token, "confirm_mailing", [mailing_id, seen_version, seen_count], book)
    with transaction.atomic():
        books.lock(book)
        _require_sender(book, by)
        if submitted.earlier_outcome() is not None:
            return Mailing.objects.get(pk=mailing_id)
        draft = find_draft(book, mailing_id)
        if draft.version != seen_version:
            raise StaleDraftError(draft)
        fix(draft)
        draft.state = MailingState.FREEZING
        draft.reason = {"seen": seen_count}
        draft.confirmed_by, draft.confirmer, draft.confirmed_at = by.user, by.user.get_username(), timezone.now()
        draft.save()
        record(by=by, action=actions.CONFIRM_MAILING, book=book, detail={"mailing": draft.pk, "recipients": seen_count})
        submitted.remember({})
        lease.wake(draft)
    return draft


def undo(*, book: AddressBook, mailing_id: int, by: Actor) -> Mailing:
    """Back to a draft, nothing sent: while it is held, prepared, scheduled, missed, or awaiting a second person.

    Raises MailingGoneError, TooLateError or NotAllowedError.
    """
    states = {
        MailingState.FREEZING,
        MailingState.HELD,
        MailingState.SCHEDULED,
        MailingState.MISSED,
        MailingState.AWAITING,
    }
    with transaction.atomic():
        mailing = _open(book, mailing_id, by, states, done=MailingState.DRAFT)
        if mailing.is_draft:
            return mailing
        mailing.parts.all().delete()
        freezing.to_draft(mailing, {})
        mailing.save()
        record(by=by, action=actions.RETURN_MAILING, book=book, detail={"mailing": mailing.pk})
        # A worker deletes the rows of the recipients: of a million that takes longer than a click may.
        lease.wake(mailing)
    return mailing


def approve(*, book: AddressBook, mailing_id: int, seen_version: int, by: Actor) -> Mailing:
    """The second person confirms what they have seen.

    Raises SamePersonError, ChangedMeanwhileError, MailingGoneError, TooLateError or NotAllowedError.
    """
    with transaction.atomic():
        mailing = _open(book, mailing_id, by, {MailingState.AWAITING})
        if mailing.version != seen_version:
            raise ChangedMeanwhileError
        if mailing.confirmed_by_id == by.user.pk:
            raise SamePersonError
        mailing.approver, mailing.approved_at = by.user.get_username(), timezone.now()
        freezing.begin_waiting(mailing, is_approved=True)
        mailing.save()
        record(by=by, action=actions.APPROVE_MAILING, book=book, detail=_counted(mailing))
        lease.wake(mailing, at=mailing.held_until or mailing.send_at)
    return mailing


def send_now(*, book: AddressBook, mailing_id: int, seen_version: int, by: Actor) -> Mailing:
    """A scheduled mailing at once, or one that was missed after all; held as any other.

    Raises ChangedMeanwhileError, MailingGoneError, TooLateError or NotAllowedError.
    """
    with transaction.atomic():
        mailing = _open(book, mailing_id, by, {MailingState.SCHEDULED, MailingState.MISSED}, done=MailingState.HELD)
        if mailing.version != seen_version:
            raise ChangedMeanwhileError
        if mailing.state == MailingState.HELD:
            return mailing
        mailing.send_at, mailing.reason = None, {}
        freezing.begin_waiting(mailing, is_approved=True)
        mailing.save()
        record(by=by, action=actions.RESUME_MAILING, book=book, detail=_counted(mailing))
        lease.wake(mailing, at=mailing.held_until)
    return mailing


def stop(*, book: AddressBook, mailing_id: int, by: Actor) -> Mailing:
    """No further part is called; the one in the air is followed. Raises MailingGoneError, TooLateError or
    NotAllowedError.
    """
    states = {MailingState.SENDING, MailingState.PAUSED}
    with transaction.atomic():
        mailing = _open(book, mailing_id, by, states, done=MailingState.STOPPED)
        if mailing.state == MailingState.STOPPED:
            return mailing
        for part in mailing.parts.filter(state__in=[PartState.WAITING, PartState.REFUSED]):
            calling.cancel(mailing, part)
            part.save(update_fields=["state", "done_at", "next_look_at"])
        mailing.state, mailing.reason = MailingState.STOPPED, {}
        counters.save(mailing, "state", "reason")
        record(by=by, action=actions.STOP_MAILING, book=book, detail=_counted(mailing))
        lease.wake(mailing)
    return mailing


def pause(*, book: AddressBook, mailing_id: int, by: Actor) -> Mailing:
    """Raises MailingGoneError, TooLateError or NotAllowedError."""
    with transaction.atomic():
        mailing = _open(book, mailing_id, by, {MailingState.SENDING}, done=MailingState.PAUSED)
        if mailing.state == MailingState.PAUSED:
            return mailing
        mailing.state, mailing.reason = MailingState.PAUSED, {"code": "person", "who": by.user.get_username()}
        mailing.save(update_fields=["state", "reason"])
        record(by=by, action=actions.PAUSE_MAILING, book=book, detail=_counted(mailing))
    return mailing


def resume(*, book: AddressBook, mailing_id: int, by: Actor) -> Mailing:
    """Go on with the parts that wait. Raises MailingGoneError, TooLateError or NotAllowedError."""
    with transaction.atomic():
        mailing = _open(book, mailing_id, by, {MailingState.PAUSED}, done=MailingState.SENDING)
        if mailing.state == MailingState.SENDING:
            return mailing
        mailing.state, mailing.reason = MailingState.SENDING, {}
        mailing.save(update_fields=["state", "reason"])
        mailing.parts.filter(state=PartState.WAITING).update(not_before=None)
        record(by=by, action=actions.RESUME_MAILING, book=book, detail=_counted(mailing))
        lease.wake(mailing)
    return mailing


def look_again(*, book: AddressBook, mailing_id: int, part_id: int, by: Actor) -> Part:
    """Look for an unknown part at once. Raises MailingGoneError, TooLateError or NotAllowedError."""
    with transaction.atomic():
        mailing, part = _open_part(book, mailing_id, part_id, by, {PartState.UNKNOWN})
        part.next_look_at = timezone.now()
        part.save(update_fields=["next_look_at"])
        lease.wake(mailing)
    return part


def send_part(*, book: AddressBook, mailing_id: int, part_id: int, seen_attempts: int, by: Actor) -> Part:
    """Have a part called (again) that is unknown or was refused: only a person may decide that, once for every call.

    Raises ChangedMeanwhileError, MailingGoneError, TooLateError or NotAllowedError.
    """
    with transaction.atomic():
        mailing, part = _undecided_part(book, mailing_id, part_id, seen_attempts, by)
        states = (RecipientState.UNKNOWN,)
        own = counters.of_part(part)
        counters.move(mailing, own, to=RecipientState.OPEN, at=timezone.now(), from_states=states)
        part.state, part.next_look_at, part.not_before = PartState.WAITING, None, None
        part.save(update_fields=["state", "next_look_at", "not_before"])
        if mailing.state != MailingState.PAUSED or _is_settled_by_decisions(mailing):
            mailing.state, mailing.reason = MailingState.SENDING, {}
        counters.save(mailing, "state", "reason")
        _record_decision(mailing, part, Decision.SEND, by)
        lease.wake(mailing)
    return part


def leave_out(*, book: AddressBook, mailing_id: int, part_id: int, seen_attempts: int, by: Actor) -> Part:
    """Raises ChangedMeanwhileError, MailingGoneError, TooLateError or NotAllowedError."""
    with transaction.atomic():
        mailing, part = _undecided_part(book, mailing_id, part_id, seen_attempts, by)
        now = timezone.now()
        states = (RecipientState.UNKNOWN, RecipientState.OPEN)
        counters.move(
            mailing, counters.of_part(part), to=RecipientState.LEFT_OUT, at=now, code="person", from_states=states
        )
        part.state, part.done_at, part.next_look_at = PartState.CANCELLED, now, None
        part.save(update_fields=["state", "done_at", "next_look_at"])
        if mailing.state == MailingState.PAUSED and _is_settled_by_decisions(mailing):
            mailing.state, mailing.reason = MailingState.SENDING, {}
        counters.save(mailing, "state", "reason")
        _record_decision(mailing, part, Decision.LEAVE_OUT, by)
        lease.wake(mailing)
    return part


def _open(
    book: AddressBook,
    mailing_id: int,
    by: Actor,
    states: Collection[MailingState],
    *,
    done: MailingState | None = None,
) -> Mailing:
    """The mailing in one of `states`, or in `done` where the click is a second one and nothing is left to do."""
    books.lock(book)
    _require_sender(book, by)
    mailing = Mailing.objects.filter(book=book, pk=mailing_id).first()
    if mailing is None:
        raise MailingGoneError
    if mailing.state not in states and mailing.state != done:
        raise TooLateError(MailingState(mailing.state))
    return mailing


def _undecided_part(
    book: AddressBook, mailing_id: int, part_id: int, seen_attempts: int, by: Actor
) -> tuple[Mailing, Part]:
    """A page that is older than the last call asks about another call."""
    mailing, part = _open_part(book, mailing_id, part_id, by, {PartState.UNKNOWN, PartState.REFUSED})
    if part.attempts != seen_attempts:
        raise ChangedMeanwhileError
    return mailing, part


def _open_part(
    book: AddressBook, mailing_id: int, part_id: int, by: Actor, states: Collection[PartState]
) -> tuple[Mailing, Part]:
    decidable = {MailingState.SENDING, MailingState.PAUSED, MailingState.UNKNOWN, MailingState.STOPPED}
    mailing = _open(book, mailing_id, by, decidable)
    part = mailing.parts.filter(pk=part_id).first()
    if part is None or part.state not in states:
        raise TooLateError(MailingState(mailing.state))
    return mailing, part


def _is_settled_by_decisions(mailing: Mailing) -> bool:
    """Whether it paused because of parts to decide on. A pause for another reason remains."""
    return mailing.reason.get("code") in ("refused", "unanswered")


def _require_sender(book: AddressBook, by: Actor) -> None:
    """Raises NotAllowedError, by the role and the rule of this moment."""
    role = require_role(book, by, Role.MANAGER)
    if not may_send(role, rules_of(book)):
        raise NotAllowedError


def _counted(mailing: Mailing) -> dict[str, Any]:
    return {"mailing": mailing.pk, "planned": mailing.planned, "open": mailing.open}


def _record_decision(mailing: Mailing, part: Part, decision: Decision, by: Actor) -> None:
    detail = {"mailing": mailing.pk, "part": part.number, "decision": decision, "recipients": part.recipient_count}
    record(by=by, action=actions.DECIDE_PART, book=mailing.book, detail=detail)
