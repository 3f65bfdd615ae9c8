"""What people do about sync: on and off, pause and resume, send again, rebuild. Each act twice is that act once."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from uuid import UUID

from django.db import transaction

from addressbook import actions
from addressbook.models import BookSync, ParkedEntry, Pause, RemoteCounts, Removal
from addressbook.services.sync import outbox
from workspace.models import AddressBook, Edition, Role
from workspace.services.books import books
from workspace.services.history.audit import Actor, record
from workspace.services.work.changing import Change, Fact, changing
from workspace.services.work.submissions import Submitted

logger = logging.getLogger(__name__)


class SyncOffError(Exception):
    """The book's sync is not switched on (any more)."""


class Existing(StrEnum):
    """What becomes of what the remote book holds when it is first connected."""

    ASK = "ask"  # if it holds anything, the sync pauses (Pause.NOT_EMPTY) until `choose_existing`
    KEEP = "keep"  # it stays, and ours is added
    REBUILD = "rebuild"  # it is deleted first


def turn_on(*, book: AddressBook, existing: Existing = Existing.ASK, by: Actor) -> None:
    """Begin to send the book. Nothing there is deleted before `existing` says so."""
    with changing(book, by=by) as change:
        edition = change.edition
        books.require_role(book, by)
        sync, _ = BookSync.objects.get_or_create(book=book)
        if sync.is_on:
            return
        sync.is_on = True
        sync.save(update_fields=["is_on"])
        outbox.connect_anew(sync, edition)
        _choose(sync, edition, existing)
        outbox.wake(book)
        record(by=by, action=actions.TURN_SYNC_ON, book=book, detail={"existing": existing})


def choose_existing(*, book: AddressBook, existing: Existing, by: Actor) -> None:
    """Answer the pause NOT_EMPTY: KEEP or REBUILD. Without effect where it was answered. Raises SyncOffError."""
    with _switched_on(book, by) as (sync, edition):
        if sync.pause != Pause.NOT_EMPTY or existing == Existing.ASK:
            return
        _unpause(sync)
        _choose(sync, edition, existing)
        outbox.wake(book)
        record(by=by, action=actions.CHOOSE_EXISTING, book=book, detail={"existing": existing})


def turn_off(*, book: AddressBook, by: Actor) -> None:
    """Stop, and forget what was sent: the remote book stays as it is. Switched on again, it is a first connection."""
    with transaction.atomic():
        books.lock(book)
        books.require_role(book, by)
        sync = BookSync.objects.filter(book=book, is_on=True).first()
        if sync is None:
            return
        BookSync.objects.filter(pk=sync.pk).update(is_on=False, pause="", problem="", differences=[])
        Removal.objects.filter(book=book).delete()
        ParkedEntry.objects.filter(book=book).delete()
        RemoteCounts.objects.filter(book=book).delete()
        record(by=by, action=actions.TURN_SYNC_OFF, book=book)


def pause(*, book: AddressBook, by: Actor) -> None:
    """Make no call until `resume`; changes made until then are sent after it. Raises SyncOffError."""
    with _switched_on(book, by) as (sync, _):
        if not sync.pause:
            BookSync.objects.filter(pk=sync.pk).update(pause=Pause.BY_USER)
            logger.info("The sync of book %s is paused (%s).", sync.book_id, Pause.BY_USER)
            record(by=by, action=actions.PAUSE_SYNC, book=book)


def resume(*, book: AddressBook, by: Actor) -> None:
    """Go on after any pause; NOT_EMPTY comes back until `choose_existing`. Raises SyncOffError."""
    with _switched_on(book, by) as (sync, _):
        if sync.pause:
            _unpause(sync)
            outbox.wake(book)
            record(by=by, action=actions.RESUME_SYNC, book=book, detail={"pause": sync.pause})


def send_again(*, book: AddressBook, token: UUID | None = None, by: Actor) -> None:
    """Send every row again, parked ones and refused removals too; deletes nothing there. Raises SyncOffError.

    With the `token` of a form it is done once, however often that is sent.
    """
    with _switched_on(book, by, Role.MANAGER) as (sync, edition):
        if not sync.is_compared or _came_before(book, token, "send_again", by):
            return
        outbox.everything_is_pending(sync, edition)
        Removal.objects.filter(book=book).exclude(refused="").update(refused="")
        outbox.wake(book)
        record(by=by, action=actions.SEND_AGAIN, book=book)


def look_again(book: AddressBook) -> None:
    """Compare the counts soon rather than at the next turn. Without effect while the sync is off."""
    with transaction.atomic():
        books.lock(book)
        BookSync.objects.filter(book=book, is_on=True).update(verified_at=None)
        outbox.wake(book)


def rebuild(*, book: AddressBook, token: UUID | None = None, by: Actor) -> None:
    """Delete the whole remote book, and send ours. Raises SyncOffError. The `token` is as for `send_again`."""
    with _switched_on(book, by) as (sync, edition):
        if _came_before(book, token, "rebuild_remote", by):
            return
        BookSync.objects.filter(pk=sync.pk).update(is_compared=True)
        sync.is_compared = True
        if sync.pause == Pause.NOT_EMPTY:
            _unpause(sync)
        outbox.start_over(sync, edition)
        outbox.wake(book)
        record(by=by, action=actions.REBUILD_REMOTE, book=book)


def _came_before(book: AddressBook, token: UUID | None, act: str, by: Actor) -> bool:
    """Whether this very form was sent before; under the lock of the book. From now on it was."""
    if token is None:
        return False
    submitted = Submitted(by, token, act, None, book)
    if submitted.earlier_outcome() is not None:
        return True
    submitted.remember({})
    return False


def book_changed(change: Change) -> None:
    """At the end of every change of a book: what it means for the sync, which looks at the book afterwards."""
    if change.facts & {Fact.CONNECTED, Fact.DISCONNECTED} and change.by is not None:
        turn_off(book=change.book, by=change.by)
    elif Fact.LEADS_ELSEWHERE in change.facts:
        outbox.connection_changed(change.edition)
    outbox.wake(change.book)


@contextmanager
def _switched_on(book: AddressBook, by: Actor, role: Role = Role.ADMIN) -> Iterator[tuple[BookSync, Edition]]:
    with transaction.atomic():
        edition = books.lock(book)
        books.require_role(book, by, role)
        sync = BookSync.objects.filter(book=book, is_on=True).first()
        if sync is None:
            raise SyncOffError
        yield sync, edition


def _choose(sync: BookSync, edition: Edition, existing: Existing) -> None:
    if existing == Existing.KEEP:
        BookSync.objects.filter(pk=sync.pk).update(may_keep=True)
    elif existing == Existing.REBUILD:
        BookSync.objects.filter(pk=sync.pk).update(is_compared=True)
        sync.is_compared = True
        outbox.start_over(sync, edition)


def _unpause(sync: BookSync) -> None:
    BookSync.objects.filter(pk=sync.pk).update(
        pause="", problem="", failures=0, not_before=None, refusals=0, chunk_rows=None, differences=[]
    )
