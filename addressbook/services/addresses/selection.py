"""What the user has selected: these rows, or everything that a filter found, and no other set.

A set that a filter found is pinned by the highest id that existed when it was counted. Ids are given out under the lock
of the book (`books.lock`), so what joins the set later has a higher one: the set can only shrink, and both what came
and what went is known exactly. Only an undo gives rows back under old ids; an act that goes on after the answer
therefore does not start while an undo does, nor the other way round.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any, Self

from django.db import transaction
from django.db.models import Max, QuerySet

from addressbook.models import Address, Membership
from addressbook.models.addresses import AddressQuerySet
from addressbook.models.searching import Filters
from workspace.models import AddressBook, Edition
from workspace.services.books import books


class SelectionChangedError(Exception):
    """The set is not the one that the user saw. `now` is the set as it is, for a second question."""

    def __init__(self, *, added: int, removed: int, now: "Selection") -> None:
        super().__init__(f"{added} added, {removed} removed")
        self.added = added
        self.removed = removed
        self.now = now


@dataclass(frozen=True, slots=True)
class Selection:
    """Either `address_ids`, or what the search for `query` and the filters find in the group (None: the whole book).

    `through_id` is the highest id of the set when it was counted: of a membership in a group, else of an address.
    """

    group_id: int | None
    query: str = ""
    address_ids: tuple[int, ...] | None = None
    through_id: int = 0
    seen_count: int = 0
    # Days and uploads of an address never change, so that a set of them can only shrink, too.
    filters: Filters = field(default_factory=Filters)

    def as_json(self) -> dict[str, Any]:
        found = self.filters
        days = [day.isoformat() if day else None for day in (found.since, found.until)]
        return {**asdict(self), "filters": [*days, found.upload_id]}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        ids = values["address_ids"]
        since, until, upload_id = values.get("filters", (None, None, None))
        first, last = (date.fromisoformat(day) if day else None for day in (since, until))
        return cls(
            **{**values, "address_ids": None if ids is None else tuple(ids), "filters": Filters(first, last, upload_id)}
        )

    def addresses(self, edition: Edition) -> AddressQuerySet:
        """The rows of the set that are still there, in no order."""
        if self.address_ids is not None:
            return Address.objects.filter(edition=edition, pk__among=self.address_ids)
        return self._matching(edition, id__lte=self.through_id)

    def count(self, edition: Edition) -> int:
        """How many of the set are still there."""
        if self.address_ids is not None:
            return self.addresses(edition).count()
        return self._count(edition, id__lte=self.through_id)

    def next_ids(self, edition: Edition, *, after: int, limit: int) -> list[int]:
        """The ids of the next addresses of the set that are still there, in their order."""
        if self.address_ids is not None or self.group_id is None:
            rows = self.addresses(edition).filter(pk__gt=after).order_by("pk")
            return list(rows.values_list("pk", flat=True)[:limit])
        # In the order of the index from `after` on: else each batch would sort what is left of the group.
        bounds = {"id__lte": self.through_id, "address_id__gt": after}
        if self.query or self.filters:
            rows = self._matching(edition, **bounds).filter(pk__gt=after).order_by("memberships__address_id")
            return list(rows.values_list("pk", flat=True)[:limit])
        members = self._members(edition, **bounds).order_by("address_id")
        return list(members.values_list("address_id", flat=True)[:limit])

    def require_unchanged(self, edition: Edition) -> None:
        """Raises SelectionChangedError when a pinned set has gained or lost rows since it was counted.

        Rows that were ticked one by one cannot change: those that are gone are simply not there any more.
        """
        if self.address_ids is not None:
            return
        kept = self.count(edition)
        added = self._count(edition, id__gt=self.through_id)
        # More than were counted: an undo has given some back, under their old ids.
        added += max(0, kept - self.seen_count)
        if added or kept != self.seen_count:
            now = _pinned(edition, group_id=self.group_id, query=self.query, filters=self.filters)
            raise SelectionChangedError(added=added, removed=max(0, self.seen_count - kept), now=now)

    def _matching(self, edition: Edition, **bounds: int) -> AddressQuerySet:
        """What the filter finds: within bounds of an address, or in a group of its membership there."""
        rows = Address.objects.filter(edition=edition).search(self.query).within(self.filters)
        if self.group_id is None:
            return rows.filter(**bounds)
        of_membership = {f"memberships__{name}": value for name, value in bounds.items()}
        return rows.filter(memberships__group=self.group_id, **of_membership)

    def _members(self, edition: Edition, **bounds: int) -> QuerySet[Membership]:
        return Membership.objects.filter(group=self.group_id, group__edition=edition, **bounds)

    def _count(self, edition: Edition, **bounds: int) -> int:
        # A whole group is known by its memberships, without a look at its addresses.
        is_whole_group = self.group_id is not None and not self.query and not self.filters
        return (self._members if is_whole_group else self._matching)(edition, **bounds).count()


def everything(
    *, book: AddressBook, group_id: int | None, query: str = "", filters: Filters | None = None
) -> Selection:
    """All that the filter finds now, pinned."""
    with transaction.atomic():
        edition = books.lock(book)
        through_id = _highest_id(group_id)
    # Counted without the lock, since counting a search is slow; rows deleted during the count are not counted.
    pinned = Selection(group_id=group_id, query=query, through_id=through_id, filters=filters or Filters())
    return _counted(pinned, edition)


def _pinned(edition: Edition, *, group_id: int | None, query: str, filters: Filters) -> Selection:
    pinned = Selection(group_id=group_id, query=query, through_id=_highest_id(group_id), filters=filters)
    return _counted(pinned, edition)


def _counted(pinned: Selection, edition: Edition) -> Selection:
    return replace(pinned, seen_count=pinned.count(edition))


def _highest_id(group_id: int | None) -> int:
    # Of all books: it only has to be above every committed id of this one, and this way costs one look at an index.
    model = Address if group_id is None else Membership
    return model._default_manager.aggregate(highest=Max("id"))["highest"] or 0
