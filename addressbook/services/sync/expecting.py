"""The counts that the service should show: those of the book, less what it refused for good."""

from collections import Counter
from dataclasses import dataclass

from addressbook.models import Group, ParkedEntry
from workspace.models import Edition


@dataclass(frozen=True, slots=True)
class Expected:
    """`groups` are counts by name; a group that was itself refused is missing."""

    addresses: int
    groups: dict[str, int]


def expected(edition: Edition) -> Expected:
    parked = set(ParkedEntry.objects.filter(book=edition.book_id).values_list("address_id", "group_id"))
    refused: Counter[int | None] = Counter(group_id for address_id, group_id in parked if address_id is not None)
    rows = Group.objects.filter(edition=edition).values_list("pk", "name", "address_count")
    return Expected(
        # An address that was refused as a member is tried without a group, too, before it counts as refused.
        addresses=edition.address_count - refused[None],
        groups={name: count - refused[pk] for pk, name, count in rows if (None, pk) not in parked},
    )
