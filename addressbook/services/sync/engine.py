"""One step after the other until both books are equal. Each step makes one call at most.

1. Look at the remote book, when nothing is known of it.
2. Send the removals, once nothing is in the air that they might overtake.
3. Add what is pending.
4. Wait until it has landed, and send the removals that were put off.
5. Compare the counts.

What is to be done next is decided, and where it matters written down, in one transaction; then comes the call; then its
outcome is written in another, or with the next step. Between any two statements the process may die: everything may be
done again, except a creation, and of that it is known that it may be on its way.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeGuard, TypeVar

from django.db import transaction
from django.utils import timezone

from addressbook import limits
from addressbook.models import BookSync, Removal
from addressbook.services.sync import chunks, lease, removing, sending, settling
from addressbook.services.sync.failures import Failure
from addressbook.services.sync.failures import note as note_failure
from addressbook.services.sync.removing import Remove
from addressbook.services.sync.sending import Send
from libraries import outbound_mailer
from libraries.outbound_mailer import limits as mailer_limits
from workspace.models import Edition
from workspace.services.work import crash_points

T = TypeVar("T")

# The longest that any wait can be; one that is longer comes from before the server's clock was set back.
_LONGEST_WAIT = timedelta(seconds=2 * mailer_limits.RETRY_AFTER_SECONDS)


@dataclass(frozen=True)
class Look:
    """Ask for the counts."""


@dataclass(frozen=True)
class Move:
    """Marks were moved over rows that need no call."""


@dataclass(frozen=True)
class Wait:
    """Nothing may be called before `until`."""

    until: datetime


@dataclass(frozen=True)
class Rest:
    """There is nothing to do; the counts are to be compared again at `until` (None: a person has to act)."""

    until: datetime | None


Step = Look | Move | Wait | Rest | Send | Remove


class Engine:
    """The steps of a claimed book. Every method may raise SyncLostError: then another worker has it."""

    def __init__(
        self, sync: BookSync, client: outbound_mailer.MailerClient, *, clock: Callable[[], datetime] = timezone.now
    ) -> None:
        self._sync = sync
        self._client = client
        self._clock = clock
        # A creation that was accepted, and when. It is written with the next step, to spare a transaction for each: if
        # the worker dies before, its outcome is not known, and the counts will tell.
        self._accepted: tuple[Send, datetime] | None = None

    def step(self) -> Step:
        """Do the next step, and say which it was. After a Wait or a Rest there is nothing to do until its time."""
        with transaction.atomic():
            book = lease.locked(self._sync)
            now = self._clock()
            lease.extend(book.sync, now)
            has_outcome = self._note_accepted(book.sync)
            step = _decide(book, now)
            if has_outcome or isinstance(step, Send | Move | Remove):
                lease.keep(book)
            crash_points.reached("sync: before the step is committed")
        self._accepted = None
        crash_points.reached("sync: before the call")
        if isinstance(step, Look):
            self._look()
        elif isinstance(step, Send):
            self._send(step)
        elif isinstance(step, Remove):
            self._remove(step)
        crash_points.reached("sync: after the step")
        return step

    def finish(self) -> None:
        """Write what the last step has left to the next."""
        if self._accepted is not None:
            with transaction.atomic():
                book = lease.locked(self._sync)
                self._note_accepted(book.sync)
                lease.keep(book)
            self._accepted = None

    def _note_accepted(self, sync: BookSync) -> bool:
        if self._accepted is None:
            return False
        sending.note_accepted(sync, *self._accepted)
        return True

    def _look(self) -> None:
        counts, error = _outcome(self._client.address_book.get)
        crash_points.reached("sync: after the call")
        with self._kept() as (sync, edition, now):
            if counts is not None:
                settling.note_counts(sync, edition, counts, now)
            elif error is not None:
                note_failure(sync, error, now)

    def _send(self, send: Send) -> None:
        _, error = _outcome(lambda: send.call(self._client))
        crash_points.reached("sync: after the call")
        if error is None:
            self._accepted = send, self._clock()
            return
        with self._kept() as (sync, _, now):
            sending.note_failed(sync, send, error, now)

    def _remove(self, remove: Remove) -> None:
        counts, error = _outcome(lambda: remove.call(self._client))
        if error is not None and remove.kind == Removal.Kind.MEMBERS and removing.is_already_done(error):
            # Whether an address or the whole group is not there, the error does not say.
            found, _ = _outcome(self._client.address_book.get)
            if found is not None and remove.group_name not in {group.group_name for group in found.groups}:
                counts, error = found, None
        crash_points.reached("sync: after the call")
        with self._kept() as (sync, edition, now):
            if error is not None:
                removing.note_failed(sync, remove, error, now)
            elif counts is not None:
                removing.note_done(sync, remove, counts)
                settling.verify_if_quiet(sync, edition, counts, now)

    @contextmanager
    def _kept(self) -> Iterator[tuple[BookSync, Edition, datetime]]:
        """The state as it is after the call; what is changed of it is kept."""
        with transaction.atomic():
            book = lease.locked(self._sync)
            yield book.sync, book.edition, self._clock()
            lease.keep(book)
            crash_points.reached("sync: before the outcome is committed")


def _decide(book: lease.Locked, now: datetime) -> Step:
    """What is to be done next. With a Send, a Move or a Remove the state has changed, and has to be kept."""
    sync, edition = book.sync, book.edition
    if sync.pause or not sync.is_on:
        return Rest(None)
    if _is_ahead(sync.not_before, now):
        return Wait(sync.not_before)
    if sync.in_air_since is None and (sync.expected_weight is None or not sync.is_compared):
        return Look()
    if book.has_removals and (remove := removing.urgent(sync, edition)):
        return _once_landed(sync, now) or _removing(sync, remove)
    chunk = chunks.next_chunk(sync, edition, has_parked=book.has_parked) if sync.is_compared else None
    if chunk and chunk.moves(sync):
        send = sending.mark_sent(sync, chunk, now)
        return send if chunk.rows else Move()
    if waiting := _once_landed(sync, now):
        return waiting
    if remove := removing.deferred(sync):
        return _removing(sync, remove)
    again_at = sync.verified_at + timedelta(seconds=limits.SYNC_VERIFY_SECONDS) if sync.verified_at else None
    if again_at is None or not _is_ahead(again_at, now):
        return Look()
    return Rest(again_at)


def _once_landed(sync: BookSync, now: datetime) -> Step | None:
    """What to do as long as something is in the air; None: nothing is."""
    if sync.in_air_since is None:
        return None
    return Wait(sync.settle_at) if _is_ahead(sync.settle_at, now) else Look()


def _removing(sync: BookSync, remove: Remove) -> Remove:
    sync.verified_at = None
    return remove


def _is_ahead(moment: datetime | None, now: datetime) -> TypeGuard[datetime]:
    return moment is not None and now < moment < now + _LONGEST_WAIT


def _outcome(call: Callable[[], T]) -> tuple[T | None, Failure | None]:
    try:
        return call(), None
    except (outbound_mailer.MailerError, outbound_mailer.InvalidRequestError) as error:
        return None, error
