"""What the counts say: that what was sent has landed, and that both books are equal."""

from datetime import datetime, timedelta
from typing import Any

from addressbook import limits
from addressbook.models import BookSync, Group, Pause, RemoteCounts, Removal
from addressbook.models.sync import ALL_SENT, NOT_BEGUN
from addressbook.services.sync import chunks, expecting, failures, removing
from addressbook.services.sync.removing import weight_of
from libraries.outbound_mailer import AddressBookCounts
from workspace.models import Edition

Difference = list[Any]  # [name of the group or None for the whole book, ours, theirs], as JSON keeps it


def note_counts(sync: BookSync, edition: Edition, counts: AddressBookCounts, now: datetime) -> None:
    """Draw all conclusions from counts that were asked for now."""
    failures.note_success(sync)
    if sync.in_air_since is not None:
        _settle(sync, edition, weight_of(counts), now)
        if sync.in_air_since is not None:
            return
    sync.expected_weight = weight_of(counts)
    if not sync.is_compared:
        _compare_first(sync, edition, counts, now)
    verify_if_quiet(sync, edition, counts, now)


def verify_if_quiet(sync: BookSync, edition: Edition, counts: AddressBookCounts, now: datetime) -> None:
    """Compare both books, if nothing is in the air and nothing is left to do."""
    waiting = Removal.objects.waiting().filter(book=sync.book)
    if sync.pause or sync.in_air_since is not None or waiting.exists() or chunks.is_pending(sync, edition):
        return
    if _remove_strays(sync, counts):
        return
    _keep_counts(sync, counts, now)
    differences = _differences(sync, edition, counts)
    if sync.keeps_foreign:
        if not differences:
            # All that is ours is there, and there is no more than that.
            sync.keeps_foreign = False
        differences = [row for row in differences if row[1] is not None and (row[2] is None or row[2] < row[1])]
    sync.differences = differences[: limits.SYNC_DIFFERENCES_LISTED]
    sync.verified_at = now


def _settle(sync: BookSync, edition: Edition, weight: int, now: datetime) -> None:
    """Whether all that was sent has landed.

    Each entry in the air makes the remote book heavier by one at most. So the expected weight is reached when all has
    landed, and not before; except where something was there already, and then only time can tell.
    """
    if weight != sync.expected_weight:
        if sync.seen_weight != weight or sync.seen_at is None or sync.seen_at > now:
            sync.seen_weight, sync.seen_at = weight, now
        sent_at = sync.in_air_since or now
        # A time to come is from before the server's clock was set back.
        quiet_since = max(sent_at, sync.seen_at) if sent_at <= now else sync.seen_at
        if now - quiet_since < timedelta(seconds=limits.SYNC_LANDING_SECONDS):
            pauses = limits.SYNC_SETTLE_PAUSES_SECONDS
            sync.settle_at = now + timedelta(seconds=pauses[min(sync.settle_tries, len(pauses) - 1)])
            sync.settle_tries += 1
            return
        if sync.is_doubtful:
            _send_unconfirmed_again(sync, edition)
            return
    _confirm(sync, edition)


def _confirm(sync: BookSync, edition: Edition) -> None:
    for name in ("addresses", "memberships", "groups"):
        setattr(sync, f"{name}_confirmed", getattr(sync, f"{name}_sent"))
    again = Group.objects.filter(edition=edition, resend_through__isnull=False)
    again.filter(resend_after=ALL_SENT).update(resend_through=None, resend_after=NOT_BEGUN)
    _nothing_in_the_air(sync)
    sync.chunk_rows = None


def _send_unconfirmed_again(sync: BookSync, edition: Edition) -> None:
    """A call got no answer, and what it carried has had time enough to land: it is lost."""
    for name in ("addresses", "memberships", "groups"):
        setattr(sync, f"{name}_sent", getattr(sync, f"{name}_confirmed"))
    Group.objects.filter(edition=edition, resend_through__isnull=False).update(resend_after=NOT_BEGUN)
    # Another one next time: whether this one was made is not known, and its removal waits already.
    sync.temporary_group = ""
    _nothing_in_the_air(sync)


def _nothing_in_the_air(sync: BookSync) -> None:
    sync.in_air_since = sync.seen_weight = sync.seen_at = sync.settle_at = None
    sync.settle_tries = 0
    sync.is_doubtful = False


def _compare_first(sync: BookSync, edition: Edition, counts: AddressBookCounts, now: datetime) -> None:
    """The first look at the remote book: its contents are deleted only when a person decides so."""
    is_empty = not weight_of(counts)
    if not is_empty and not sync.may_keep:
        failures.pause(sync, Pause.NOT_EMPTY)
        _keep_counts(sync, counts, now)
        sync.differences = _differences(sync, edition, counts)[: limits.SYNC_DIFFERENCES_LISTED]
        return
    sync.is_compared = True
    sync.differences = []
    sync.keeps_foreign = not is_empty


def _remove_strays(sync: BookSync, counts: AddressBookCounts) -> bool:
    """Remove a temporary group of ours that arrived late. Returns whether there was one."""
    names = {group.group_name for group in counts.groups if group.group_name.startswith(chunks.TEMPORARY_PREFIX)}
    names -= set(Removal.objects.filter(book=sync.book, group_name__in=names).values_list("group_name", flat=True))
    for name in names:
        removing.remove_later(sync, name)
    return bool(names)


def _keep_counts(sync: BookSync, counts: AddressBookCounts, now: datetime) -> None:
    groups = {group.group_name: group.address_count for group in counts.groups}
    values = {"addresses": counts.total_address_count, "groups": groups, "at": now}
    RemoteCounts.objects.update_or_create(book_id=sync.book_id, defaults=values)


def _differences(sync: BookSync, edition: Edition, counts: AddressBookCounts) -> list[Difference]:
    """The whole book first, then the groups by name; a group that one side does not have counts None there."""
    ours = expecting.expected(edition)
    theirs = {group.group_name: group.address_count for group in counts.groups}
    found: list[Difference] = []
    if ours.addresses != counts.total_address_count:
        found.append([None, ours.addresses, counts.total_address_count])
    names = sorted(name for name in ours.groups.keys() | theirs.keys() if ours.groups.get(name) != theirs.get(name))
    return found + [[name, ours.groups.get(name), theirs.get(name)] for name in names]
