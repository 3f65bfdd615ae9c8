"""Which addresses the list shows: the state that every request about the list carries with it."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from django import forms

from addressbook import limits
from addressbook.models.addresses import NEWEST, SORTS
from addressbook.models.searching import Filters
from workspace.forms.fields import IdField, SentTextField


@dataclass(frozen=True, slots=True)
class Listing:
    """The chosen group, the search, filters and order, and the page of `size` rows, counted from 1.

    The group is None for all addresses, and UNGROUPED for those that are in none.
    """

    group_id: int | None = None
    query: str = ""
    page: int = 1
    size: int = limits.DEFAULT_PAGE_SIZE_ROWS
    sort: str = NEWEST
    filters: Filters = field(default_factory=Filters)


class FiltersForm(forms.Form):
    since = forms.DateField(required=False, input_formats=["%Y-%m-%d"])
    until = forms.DateField(required=False, input_formats=["%Y-%m-%d"])
    upload = IdField(required=False, min_value=1)

    def filters(self) -> Filters:
        """What can be read of them; the rest is left out."""
        self.is_valid()
        values = self.cleaned_data
        return Filters(values.get("since"), values.get("until"), values.get("upload"))


class ListingForm(forms.Form):
    group = IdField(required=False)
    q = SentTextField(required=False)
    page = IdField(required=False, min_value=1)
    size = forms.TypedChoiceField(
        required=False, coerce=int, empty_value=None, choices=[(size, size) for size in limits.PAGE_SIZES_ROWS]
    )
    sort = forms.ChoiceField(required=False, choices=[(sort, sort) for sort in SORTS])

    def listing(self) -> Listing:
        """The state that was asked for; what cannot be read of it falls back to the first page of everything."""
        self.is_valid()
        values = self.cleaned_data
        return Listing(
            group_id=values.get("group"),
            query=searched(values.get("q") or ""),
            page=values.get("page") or 1,
            size=values.get("size") or limits.DEFAULT_PAGE_SIZE_ROWS,
            sort=values.get("sort") or NEWEST,
            filters=FiltersForm(self.data).filters(),
        )


class CountingForm(forms.Form):
    """Which results on the page ask how many they are: by then others may stand in their place."""

    counting = forms.UUIDField(required=False)

    def token(self) -> UUID:
        """Where it says none, one that no results have."""
        self.is_valid()
        return self.cleaned_data.get("counting") or uuid4()


def searched(text: str) -> str:
    """What to look for: without spaces around it, cut where no address goes on, full-width letters made plain.

    No stored address holds a full-width letter or a NUL, but a Japanese keyboard types the one, and PostgreSQL does not
    take the other.
    """
    plain = unicodedata.normalize("NFKC", text[: limits.SEARCH_CHARACTERS]).replace("\0", "\ufffd")
    return plain.strip()


def listing_from(data: Mapping[str, str]) -> Listing:
    return ListingForm(data).listing()
