"""The rows of the address list: one page, in a constant number of queries whatever the book's size."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _

from addressbook import limits
from addressbook.forms.listing import Listing
from addressbook.models import Address, Group, Membership, Upload
from addressbook.models.addresses import NEWEST, AddressQuerySet
from addressbook.models.groups import UNGROUPED, TreeGroup
from addressbook.models.searching import Search, beginning_of, ending_of
from workspace.models import Edition


@dataclass(frozen=True, slots=True)
class Row:
    address: Address
    groups: list[str]

    @property
    def named_groups(self) -> list[str]:
        return self.groups[: limits.GROUPS_NAMED_PER_ROW]

    @property
    def other_groups(self) -> list[str]:
        return self.groups[limits.GROUPS_NAMED_PER_ROW :]


@dataclass(frozen=True, slots=True)
class AddressPage:
    """One page of the list. `count` is how many addresses the group and the search find in all.

    `beginning`, `ending`: what these begin or end with, where that was searched for; `named`: how many addresses were
    searched for, where there were several. `is_counted` False: this is the first page,
    more than `count` are found, and how many was not asked yet.
    """

    listing: Listing
    group: TreeGroup | None
    rows: list[Row]
    count: int
    number: int
    page_count: int
    beginning: str = ""
    ending: str = ""
    named: int = 0
    is_counted: bool = True

    @property
    def keys(self) -> list[str]:
        return [row.address.key for row in self.rows]

    @property
    def first_row(self) -> int:
        return (self.number - 1) * self.listing.size + 1 if self.rows else 0

    @property
    def last_row(self) -> int:
        return self.first_row + len(self.rows) - 1 if self.rows else 0

    @property
    def previous(self) -> int:
        return max(1, self.number - 1)

    @property
    def next(self) -> int:
        return min(self.page_count, self.number + 1)

    @property
    def numbers(self) -> list[int | None]:
        """The page numbers to offer: the ends and the neighbours; None where some are left out."""
        near = range(max(1, self.number - 2), min(self.page_count, self.number + 2) + 1)
        offered = sorted({1, self.page_count, *near})
        result: list[int | None] = []
        for number in offered:
            if result and result[-1] is not None and number - result[-1] > 1:
                # A gap of one page is as wide as the mark for it.
                result.append(number - 1 if number - result[-1] == 2 else None)
            result.append(number)
        return result


def chosen_group(edition: Edition, listing: Listing, tree: list[TreeGroup] | None) -> TreeGroup | None:
    """The group that the list shows, out of the `tree` where that was read. Raises Http404 for an unknown one."""
    if listing.group_id is None:
        return None
    if listing.group_id == UNGROUPED:
        return TreeGroup(UNGROUPED, _("No group"), 0)
    groups = tree if tree is not None else Group.objects.filter(edition=edition, pk=listing.group_id).as_tree()
    group = next((group for group in groups if group.pk == listing.group_id), None)
    if group is None:
        raise Http404
    return group


def upload_name(edition: Edition, upload_id: int | None) -> str:
    """What the file was called of which the list shows the addresses; empty where that is not known any more."""
    if upload_id is None:
        return ""
    names = Upload.objects.filter(edition=edition, pk=upload_id).values_list("name", flat=True)
    return next(iter(names), "")


def address_page(
    edition: Edition,
    group: TreeGroup | None,
    listing: Listing,
    *,
    masked: bool = False,
    looked_up: str = "",
    may_count_later: bool = False,
) -> AddressPage:
    """The page that `listing` asks for, of all addresses or of `group`, or the last one when there are fewer.

    `masked`: only what is shown of masked addresses is searched; and `looked_up`, the key of one address.
    `may_count_later`: the first page of a search that finds many is not to wait until they are counted.
    """
    found = _found(edition, group, listing, masked=masked, looked_up=looked_up)
    is_ungrouped = group is not None and group.pk == UNGROUPED
    is_narrowed = bool(listing.query or listing.filters or is_ungrouped)
    # Days alone are found, and counted, by their index.
    needs_look = listing.query or listing.filters.upload_id or is_ungrouped
    few = _few(group, found, listing.sort) if needs_look else None
    said = {} if masked or not listing.query else _said(listing.query)
    # Of those that a search finds in the whole book, few may be in a group.
    if needs_look and few is None and may_count_later and not (group and group.pk) and listing.page == 1:
        many = limits.SEARCH_FINDS_FEW
        rows = rows_of(_ids(group, listing, found, offset=0, size=listing.size, count=many), listing.sort)
        return AddressPage(listing, group, rows, many, 1, 1, **said, is_counted=False)
    count = _count(edition, group, found, is_narrowed=is_narrowed) if few is None else len(few)
    page_count = max(1, -(-count // listing.size))
    number = min(listing.page, page_count)
    offset = (number - 1) * listing.size
    ids = (
        _ids(group, listing, found, offset=offset, size=listing.size, count=count)
        if few is None
        else few[offset : offset + listing.size]
    )
    return AddressPage(listing, group, rows_of(ids, listing.sort), count, number, page_count, **said)


def _said(query: str) -> dict[str, Any]:
    """What the page has to know of a search to say what it looked for."""
    return {"beginning": beginning_of(query), "ending": ending_of(query), "named": len(Search.of(query).keys)}


def _found(
    edition: Edition, group: TreeGroup | None, listing: Listing, *, masked: bool, looked_up: str
) -> AddressQuerySet:
    rows = Address.objects.filter(edition=edition).within(listing.filters)
    if group and group.pk == UNGROUPED:
        rows = rows.ungrouped()
    if looked_up:
        return rows.filter(key=looked_up)
    return rows.search_shown(listing.query) if masked else rows.search(listing.query)


def _few(group: TreeGroup | None, found: AddressQuerySet, sort: str) -> list[int] | None:
    """The ids of all that a search or filter finds, in order, where those are few: None where they are not.

    A search looks at every address of the book. Where it finds few, this one look serves the count and the page; where
    it finds many, it ends early, and so does the one for the page.
    """
    ids = list(found.order_by().values_list("pk", flat=True)[: limits.SEARCH_FINDS_FEW + 1])
    if len(ids) > limits.SEARCH_FINDS_FEW:
        return None
    if group and group.pk:
        members = Membership.objects.filter(group=group.pk, address__among=ids)
        ids = list(members.values_list("address_id", flat=True))
    if sort in (NEWEST, "oldest"):
        return sorted(ids, reverse=sort == NEWEST)
    return list(Address.objects.filter(pk__among=ids).sorted_by(sort).values_list("pk", flat=True))


def _count(edition: Edition, group: TreeGroup | None, found: AddressQuerySet, *, is_narrowed: bool) -> int:
    if is_narrowed:
        return (found.in_group(group.pk) if group and group.pk else found).count()
    return group.address_count if group else edition.address_count


def _ids(
    group: TreeGroup | None, listing: Listing, found: AddressQuerySet, *, offset: int, size: int, count: int
) -> QuerySet[Any, int]:
    """The ids of a page, from the nearer end: the last page costs as little as the first."""
    ids: QuerySet[Any, int]
    by_id = listing.sort in (NEWEST, "oldest")
    if group and group.pk and by_id and not listing.query and not listing.filters:
        # Memberships hold all that is asked for, in the order of their index; the addresses need not be joined.
        order = "address_id" if listing.sort == "oldest" else "-address_id"
        ids = Membership.objects.filter(group=group.pk).order_by(order).values_list("address_id", flat=True)
    else:
        if group and group.pk:
            members = Membership.objects.filter(group=group.pk, address=OuterRef("pk"))
            found = found.in_group(group.pk) if by_id else found.filter(Exists(members))
        if by_id and listing.filters:
            # In the order of the index of days, which is that of the ids.
            sign = "" if listing.sort == "oldest" else "-"
            found = found.order_by(f"{sign}registered_at", f"{sign}id")
        else:
            found = found.sorted_by(listing.sort)
        ids = found.values_list("pk", flat=True)
    size = max(0, min(size, count - offset))
    from_end = count - offset - size
    return ids.reverse()[from_end : from_end + size] if from_end < offset else ids[offset : offset + size]


def rows_of(ids: QuerySet[Any, int] | list[int], sort: str = NEWEST) -> list[Row]:
    """The addresses with these ids and the names of their groups, in order."""
    addresses = list(Address.objects.filter(pk__in=ids).sorted_by(sort))
    names: dict[int, list[str]] = defaultdict(list)
    memberships = Membership.objects.filter(address__in=[row.pk for row in addresses]).order_by("group__name")
    for address_id, name in memberships.values_list("address_id", "group__name"):
        names[address_id].append(name)
    return [Row(address, names[address.pk]) for address in addresses]
