"""The rows that put addresses into groups, and the counts that follow them.

These functions are the steps of services, not services: the caller holds the lock of the book, is inside a transaction,
passes ids of one edition (no more than one transaction may take), and records what was done. Each returns how many rows
it really changed, has changed the counts by exactly that, and has put it down in `noted`, where the act can be undone.
"""

from collections import Counter
from collections.abc import Collection, Sequence

from django.db.models import F

from addressbook.models import Group, Upload
from addressbook.services.addresses import statements, tombstones
from addressbook.services.addresses.undo_log import AddressRow, MembershipRow, UndoNotes
from addressbook.services.sync import outbox
from workspace.models import Edition


def add_to_group(group: Group, address_ids: Collection[int], *, noted: UndoNotes | None = None) -> int:
    """Put these addresses into the group, where they are not in it yet."""
    made = statements.put_into_group(group.pk, address_ids)
    _change_group_count(group.pk, len(made))
    if noted is not None:
        noted.inserted_memberships(group.pk, made)
    return len(made)


def remove_from_group(group: Group, address_ids: Collection[int], *, noted: UndoNotes | None = None) -> int:
    """Take these addresses out of the group; they stay in the book."""
    outbox.members_leave(group, address_ids)
    tombstones.note_memberships(group.edition_id, group.pk, address_ids)
    taken = statements.take_out_of_group(group.pk, address_ids)
    if noted is not None:
        noted.took_memberships(taken)
    _change_group_count(group.pk, -len(taken))
    return len(taken)


def delete_addresses(edition: Edition, address_ids: Collection[int], *, noted: UndoNotes | None = None) -> int:
    """Delete these addresses from the book and so from every group."""
    outbox.addresses_leave(edition, address_ids)
    tombstones.note_addresses(edition.pk, address_ids)
    memberships = statements.take_memberships(address_ids)
    lost = Counter(group_id for _, group_id, _ in memberships)
    statements.change_group_counts({group_id: -count for group_id, count in lost.items()})
    addresses = statements.take_addresses(edition.pk, address_ids)
    change_address_count(edition, -len(addresses))
    if noted is not None:
        noted.took_memberships(memberships)
        noted.took_addresses(addresses)
    return len(addresses)


def restore_addresses(edition: Edition, rows: Sequence[AddressRow], *, noted: UndoNotes) -> int:
    """Give addresses back that an act has taken away, as they were, under their old ids; none of them may be there."""
    uploads = {origin for *_, origin in rows if origin is not None}
    origins = set(Upload.objects.filter(pk__among=uploads).values_list("pk", flat=True)) if uploads else set()
    if rows:
        statements.insert_addresses(edition.pk, rows, origins=origins)
        change_address_count(edition, len(rows))
        ids = [row[0] for row in rows]
        outbox.rows_restored(edition, address_ids=ids, group_ids=())
        tombstones.rows_return(edition.pk)
        noted.restored_addresses(ids)
    return len(rows)


def restore_to_group(group: Group, rows: Sequence[MembershipRow], *, noted: UndoNotes) -> int:
    """Put addresses back into the group, under the old ids of their memberships; none of them may be in it."""
    if rows:
        statements.insert_memberships(group.pk, rows)
        _change_group_count(group.pk, len(rows))
        outbox.rows_restored(group.edition, address_ids=(), group_ids=[group.pk])
        tombstones.rows_return(group.edition_id)
        noted.restored_memberships(group.pk, (pk for pk, _ in rows))
    return len(rows)


def change_address_count(edition: Edition, difference: int) -> None:
    if difference:
        Edition.objects.filter(pk=edition.pk).update(address_count=F("address_count") + difference)


def _change_group_count(group_id: int, difference: int) -> None:
    if difference:
        Group.objects.filter(pk=group_id).update(address_count=F("address_count") + difference)
