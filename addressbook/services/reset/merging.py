"""Copying the addresses and memberships of one edition of a book into another, which is the current one."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from addressbook import limits
from addressbook.models import Address, Group, Job, Membership
from addressbook.services.addresses import memberships
from workspace.models import Edition, JobState
from workspace.services.work import crash_points, jobs

# registered + already_there = the addresses that were copied.
COUNTS: Final = ("registered", "already_there", "added_to_group")


def reads(edition: Edition) -> bool:
    """Whether a job still copies out of this edition."""
    unfinished = Job.objects.unfinished().filter(edition__book=edition.book_id, kind=Job.Kind.MERGE_EDITIONS)
    return unfinished.filter(parameters__source=edition.pk).exists()


def run(job: Job) -> None:
    """Work on a claimed job until it is over. Raises JobLostError when another worker has it."""
    while _run_batch(job):
        pass
    crash_points.reached("merge: done")


def _run_batch(job: Job) -> bool:
    """One batch; whether there may be another."""
    with jobs.batch(job) as batch:
        source = Edition.objects.get(pk=batch.row.parameters["source"])
        rest = Address.objects.filter(edition=source, pk__gt=batch.row.cursor or 0).order_by("pk")
        ids = list(rest.values_list("pk", flat=True)[: limits.ROWS_PER_JOB_BATCH])
        if not ids:
            jobs.finish(batch.row, JobState.COMPLETE)
            return False
        changes = copy_addresses(source, batch.change.edition, ids)
        crash_points.reached("merge: rows copied")
        batch.keep(cursor=ids[-1], rows=len(ids), changes=changes)
    return True


def copy_addresses(source: Edition, target: Edition, ids: Sequence[int]) -> dict[str, int]:
    """Copy these addresses of `source`, and put them into the groups of `target` that have the names of theirs.

    The caller holds the lock of the book. An address that is there already keeps what it was typed as and when.
    """
    copied = {address.key: address for address in Address.objects.filter(edition=source, pk__in=ids).order_by("pk")}
    there = set(Address.objects.filter(edition=target, key__in=copied).values_list("key", flat=True))
    Address.objects.bulk_create(
        # Without its upload, which stays behind.
        Address(edition=target, email=address.email, key=address.key, registered_at=address.registered_at)
        for address in copied.values()
        if address.key not in there
    )
    registered = len(copied) - len(there)
    memberships.change_address_count(target, registered)
    added = _copy_memberships(target, ids)
    return {"registered": registered, "already_there": len(there), "added_to_group": added}


def _copy_memberships(target: Edition, ids: Sequence[int]) -> int:
    wanted: dict[str, list[str]] = defaultdict(list)
    rows = Membership.objects.filter(address__in=ids).values_list("group__name", "address__key").order_by("group__name")
    for name, key in rows:
        wanted[name].append(key)
    keys = {key for members in wanted.values() for key in members}
    places = dict(Address.objects.filter(edition=target, key__in=keys).values_list("key", "pk"))
    added = 0
    # Skips groups that have been deleted or renamed.
    for group in Group.objects.filter(edition=target, name__in=wanted):
        added += memberships.add_to_group(group, [places[key] for key in wanted[group.name]])
    return added
