"""Adding: marks move, and are committed, before the call; a refusal moves them back, an unknown outcome does not."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from addressbook import limits
from addressbook.models import Address, BookSync, Group, Membership, ParkedEntry, Pause, Removal
from addressbook.services.sync import failures, removing
from addressbook.services.sync.chunks import Chunk
from libraries import outbound_mailer


@dataclass(frozen=True)
class Send:
    """A creation to be made, with what has to be put back when it is refused."""

    chunk: Chunk
    marks_before: dict[str, int]
    in_air_before: datetime | None
    generation: int

    def call(self, client: outbound_mailer.MailerClient) -> None:
        client.address_book.create(self.chunk.request())


def mark_sent(sync: BookSync, chunk: Chunk, now: datetime) -> Send:
    """Move the marks past the chunk, in the transaction in which it was built."""
    send = Send(
        chunk=chunk,
        marks_before={name: getattr(sync, name) for name in chunk.marks},
        in_air_before=sync.in_air_since,
        generation=sync.generation,
    )
    _move_marks(sync, chunk)
    if chunk.rows:
        sync.addresses_touched = max(chunk.address_ids | {sync.addresses_touched})
        sync.groups_touched = max(chunk.group_ids | {sync.groups_touched})
        sync.memberships_touched = max(sync.memberships_touched, chunk.highest_membership)
        _count_on(sync, chunk)
        _begin_temporary_group(sync, chunk)
        sync.in_air_since = now
        sync.settle_tries, sync.settle_at = 0, None
        sync.is_calling = True
        sync.verified_at = None
    return send


def note_accepted(sync: BookSync, send: Send, now: datetime) -> None:
    failures.note_success(sync)
    sync.is_calling = False
    if sync.refusals:
        sync.refusals, sync.chunk_rows = 0, None
    sync.in_air_since = now
    sync.rows_sent += send.chunk.rows
    if send.chunk.had_parked:
        # An address that was refused without a group, and has now passed as a member.
        parked = ParkedEntry.objects.filter(book=sync.book, group=None)
        parked.filter(address__in=send.chunk.address_ids).delete()


def note_failed(sync: BookSync, send: Send, error: failures.Failure, now: datetime) -> None:
    sync.is_calling = False
    if failures.outcome_is_unknown(error):
        # It may land yet: the rows stay sent until the counts tell, or until it has had time enough.
        sync.in_air_since = now
        sync.is_doubtful = True
        failures.note(sync, error, now)
        return
    _take_back_weight(sync, send)
    if not failures.is_refusal(error):
        _put_back_marks(sync, send)
        failures.note(sync, error, now)
    elif send.chunk.rows > 1:
        _put_back_marks(sync, send)
        sync.chunk_rows = send.chunk.rows // 2
    else:
        _park(sync, send, failures.sentence(error))


def _count_on(sync: BookSync, chunk: Chunk) -> None:
    # Where the remote book is known not to hold what it should, nobody can tell by how much a call makes it heavier.
    if sync.differences:
        sync.expected_weight = None
    if sync.expected_weight is not None:
        sync.expected_weight += chunk.weight


def _move_marks(sync: BookSync, chunk: Chunk) -> None:
    for name, at in chunk.marks.items():
        setattr(sync, name, max(getattr(sync, name), at))
    by_place: dict[int, list[int]] = {}
    for group_id, (_, after) in chunk.resent.items():
        by_place.setdefault(after, []).append(group_id)
    for after, group_ids in by_place.items():
        Group.objects.filter(pk__in=group_ids).update(resend_after=after)


def _put_back_marks(sync: BookSync, send: Send) -> None:
    # An act may have moved them during the call, to send everything again: then that holds.
    if sync.generation == send.generation:
        for name, at in send.marks_before.items():
            setattr(sync, name, min(getattr(sync, name), at))
    by_place: dict[tuple[int, int], list[int]] = {}
    for group_id, places in send.chunk.resent.items():
        by_place.setdefault(places, []).append(group_id)
    for (before, after), group_ids in by_place.items():
        Group.objects.filter(pk__in=group_ids, resend_after=after).update(resend_after=before)


def _take_back_weight(sync: BookSync, send: Send) -> None:
    if sync.expected_weight is not None:
        sync.expected_weight -= send.chunk.weight
    sync.in_air_since = send.in_air_before
    if name := send.chunk.new_temporary_group:
        Removal.objects.filter(book=sync.book, kind=Removal.Kind.GROUP, group_name=name).delete()
        if sync.temporary_group == name:
            sync.temporary_group = ""


def _begin_temporary_group(sync: BookSync, chunk: Chunk) -> None:
    if name := chunk.new_temporary_group:
        sync.temporary_group = name
        removing.remove_later(sync, name)


def _park(sync: BookSync, send: Send, reason: str) -> None:
    """The chunk has one entry, and is refused for it. It stays behind the marks; what comes after it goes on."""
    ((address_id, group_id),) = send.chunk.entries
    if sync.generation == send.generation:
        # It brings no address along after all, which then has to go by itself.
        sync.addresses_sent = min(sync.addresses_sent, send.marks_before["addresses_sent"])
    sync.refusals += 1
    # It is not waiting to be synced any more.
    sync.rows_total = max(sync.rows_sent, sync.rows_total - 1)
    # The next after the first that was refused goes by itself, too: a service that refuses all is soon found out.
    sync.chunk_rows = None if sync.refusals == 1 else 1
    if _is_there(address_id, group_id):
        ParkedEntry.objects.create(
            book=sync.book, address_id=address_id, group_id=group_id, reason=reason, at=timezone.now()
        )
    if sync.refusals >= limits.SYNC_REFUSALS_IN_A_ROW:
        failures.pause(sync, Pause.REFUSING)
        sync.problem = reason


def _is_there(address_id: int | None, group_id: int | None) -> bool:
    """Whether it was not deleted here during the call."""
    if address_id is not None and group_id is not None:
        return Membership.objects.filter(group=group_id, address=address_id).exists()
    if address_id is not None:
        return Address.objects.filter(pk=address_id).exists()
    return group_id is not None and Group.objects.filter(pk=group_id).exists()
