"""Which addresses the list shows: the state that every request about the list carries with it."""

from collections.abc import Mapping
from dataclasses import dataclass

from django import forms

from addressbook import limits


@dataclass(frozen=True, slots=True)
class Listing:
    """The chosen group (None: all addresses), the search, and the page of `size` rows, counted from 1."""

    group_id: int | None = None
    query: str = ""
    page: int = 1
    size: int = limits.DEFAULT_PAGE_SIZE_ROWS


class ListingForm(forms.Form):
    group = forms.IntegerField(required=False, min_value=1)
    q = forms.CharField(required=False, max_length=limits.SEARCH_CHARACTERS)
    page = forms.IntegerField(required=False, min_value=1)
    size = forms.TypedChoiceField(
        required=False, coerce=int, empty_value=None, choices=[(size, size) for size in limits.PAGE_SIZES_ROWS]
    )

    def listing(self) -> Listing:
        """The state that was asked for; what cannot be read of it falls back to the first page of everything."""
        self.is_valid()
        values = self.cleaned_data
        return Listing(
            group_id=values.get("group"),
            query=values.get("q") or "",
            page=values.get("page") or 1,
            size=values.get("size") or limits.DEFAULT_PAGE_SIZE_ROWS,
        )


def listing_from(data: Mapping[str, str]) -> Listing:
    return ListingForm(data).listing()
