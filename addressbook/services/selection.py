"""What the user has selected: these rows, or everything that a filter found, and no other set.

A set that a filter found is pinned by the highest id that existed when it was counted. Ids are given out under the lock
of the book (`books.lock`), so what joins the set later has a higher one: the set can only shrink, and both what came
and what went is known exactly. Only an undo gives rows back under old ids; an act that goes on after the answer
therefore does not start while an undo does, nor the other way round.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from django.db import transaction
from django.db.models import Max

from addressbook.models import Address, AddressBook, Edition, Membership
from addressbook.models.addresses import AddressQuerySet
from addressbook.services import books


class SelectionChangedError(Exception):
    """The set is not the one that the user saw. `now` is the set as it is, for a second question."""

    def __init__(self, *, added: int, removed: int, now: "Selection") -> None:
        super().__init__(f"{added} added, {removed} removed")
        self.added = added
        self.removed = removed
        self.now = now


@dataclass(frozen=True, slots=True)
class Selection:
    """Either `address_ids`, or what the search for `query` finds in the group (None: in the whole book).

    `through_id` is the highest id of the set when it was counted: of a membership in a group, else of an address.
    """

    group_id: int | None
    query: str = ""
    address_ids: tuple[int, ...] | None = None
    through_id: int = 0
    seen_count: int = 0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        ids = values["address_ids"]
        return cls(**{**values, "address_ids": None if ids is None else tuple(ids)})

    def addresses(self, edition: Edition) -> AddressQuerySet:
        """The rows of the set that are still there, in no order."""
        if self.address_ids is not None:
            return Address.objects.filter(edition=edition, pk__in=self.address_ids)
        return self._matching(edition, lte=self.through_id)

    def require_unchanged(self, edition: Edition) -> None:
        """Raises SelectionChangedError when a pinned set has gained or lost rows since it was counted.

        Rows that were ticked one by one cannot change: those that are gone are simply not there any more.
        """
        if self.address_ids is not None:
            return
        kept = self._matching(edition, lte=self.through_id).count()
        added = self._matching(edition, gt=self.through_id).count()
        # More than were counted: an undo has given some back, under their old ids.
        added += max(0, kept - self.seen_count)
        if added or kept != self.seen_count:
            now = _pinned(edition, group_id=self.group_id, query=self.query)
            raise SelectionChangedError(added=added, removed=max(0, self.seen_count - kept), now=now)

    def _matching(self, edition: Edition, **bound: int) -> AddressQuerySet:
        (comparison, value), *_ = bound.items()
        rows = Address.objects.filter(edition=edition).search(self.query)
        if self.group_id is None:
            return rows.filter(**{f"id__{comparison}": value})
        return rows.filter(memberships__group=self.group_id, **{f"memberships__id__{comparison}": value})


def everything(*, book: AddressBook, group_id: int | None, query: str = "") -> Selection:
    """All that the filter finds now, pinned."""
    with transaction.atomic():
        edition = books.lock(book, is_change=False)
        through_id = _highest_id(group_id)
    # Counting a search takes long enough that others should not wait for it; what is lost meanwhile is not counted.
    pinned = Selection(group_id=group_id, query=query, through_id=through_id)
    return _counted(pinned, edition)


def _pinned(edition: Edition, *, group_id: int | None, query: str) -> Selection:
    return _counted(Selection(group_id=group_id, query=query, through_id=_highest_id(group_id)), edition)


def _counted(pinned: Selection, edition: Edition) -> Selection:
    return Selection(**{**pinned.as_json(), "seen_count": pinned.addresses(edition).count()})


def _highest_id(group_id: int | None) -> int:
    # Of all books: it only has to be above every committed id of this one, and this way costs one look at an index.
    model = Address if group_id is None else Membership
    return model._default_manager.aggregate(highest=Max("id"))["highest"] or 0
