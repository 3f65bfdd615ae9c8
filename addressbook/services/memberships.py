"""The rows that put addresses into groups, and the counts that follow them.

These functions are the steps of services, not services: the caller holds the lock of the book, is inside a transaction,
passes at most limits.ROWS_PER_JOB_BATCH ids of one edition, and records what was done. Each returns how many rows it
really changed, and has changed the counts by exactly that.
"""

from collections.abc import Collection

from django.db.models import Count, F

from addressbook.models import Address, Edition, Group, Membership
from addressbook.services import departures


def add_to_group(group: Group, address_ids: Collection[int]) -> int:
    """Put these addresses into the group, where they are not in it yet."""
    there = set(Membership.objects.filter(group=group, address__in=address_ids).values_list("address_id", flat=True))
    missing = [address_id for address_id in address_ids if address_id not in there]
    Membership.objects.bulk_create(Membership(group=group, address_id=address_id) for address_id in missing)
    _change_group_count(group.pk, len(missing))
    return len(missing)


def remove_from_group(group: Group, address_ids: Collection[int]) -> int:
    """Take these addresses out of the group; they stay in the book."""
    departures.note_memberships(group.edition_id, group.pk, address_ids)
    removed, _ = Membership.objects.filter(group=group, address__in=address_ids).delete()
    _change_group_count(group.pk, -removed)
    return removed


def delete_addresses(edition: Edition, address_ids: Collection[int]) -> int:
    """Delete these addresses from the book and so from every group."""
    departures.note_addresses(edition.pk, address_ids)
    memberships = Membership.objects.filter(address__in=address_ids, group__edition=edition)
    lost = memberships.values("group").annotate(lost=Count("id")).order_by("group")
    for row in list(lost):
        _change_group_count(row["group"], -row["lost"])
    Membership.objects.filter(address__in=address_ids).delete()
    deleted, _ = Address.objects.filter(edition=edition, pk__in=address_ids).delete()
    change_address_count(edition, -deleted)
    return deleted


def change_address_count(edition: Edition, difference: int) -> None:
    if difference:
        Edition.objects.filter(pk=edition.pk).update(address_count=F("address_count") + difference)


def _change_group_count(group_id: int, difference: int) -> None:
    if difference:
        Group.objects.filter(pk=group_id).update(address_count=F("address_count") + difference)
