"""Which addresses an act is about, as the list and the dialogs send it."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from addressbook import limits
from addressbook.forms.listing import FiltersForm, searched
from addressbook.models.groups import UNGROUPED
from addressbook.models.searching import Filters
from addressbook.services.addresses.selection import Selection
from workspace.forms.fields import LARGEST_ID, IdField, SentTextField
from workspace.forms.submission import SubmissionForm


def ids_among(texts: Iterable[str]) -> set[int]:
    numbers = [text for text in texts if text.isascii() and text.isdigit() and len(text) < 20]
    return {number for number in map(int, numbers) if number <= LARGEST_ID}


def picked_ids(data: QueryDict) -> set[int]:
    """The rows ticked on this page (`address`, repeated) and those of other pages and searches (`picked`)."""
    return ids_among(data.getlist("address")) | ids_among(data.get("picked", "").split(","))


class SelectionForm(SubmissionForm):
    """Ticked rows (`address`, repeated), or with `everything` all that the list's group and search find.

    `through` and `seen` pin that set as `services.selection` says. The token is not needed until an act is applied.
    """

    group = IdField(required=False)
    q = SentTextField(required=False)
    everything = forms.BooleanField(required=False)
    through = IdField(required=False)
    seen = IdField(required=False)

    def __init__(self, data: QueryDict, *, asking: bool = False) -> None:
        super().__init__(data)
        self.fields["token"].required = not asking
        self._lists = data
        self._address_ids: tuple[int, ...] = ()

    def _ids(self, name: str) -> set[int]:
        return ids_among(self._lists.getlist(name))

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        self._address_ids = tuple(sorted(picked_ids(self._lists)))
        if values.get("everything") and values.get("group") == UNGROUPED:
            # A colleague who takes an address out of its last group would put it among what is being deleted.
            raise forms.ValidationError(_("Addresses without a group can only be selected page by page."))
        if not values.get("everything") and not self._address_ids:
            raise forms.ValidationError(_("Select at least one address first."))
        if len(self._address_ids) > limits.PICKED_ADDRESSES:
            limit = f"{limits.PICKED_ADDRESSES:,}"
            sentence = _("At most %(limit)s addresses can be selected one by one. Select a group or a search instead.")
            raise forms.ValidationError(sentence % {"limit": limit})
        return values

    def selection(self) -> Selection:
        values = self.cleaned_data
        return Selection(
            group_id=values.get("group"),
            query=searched(values.get("q") or ""),
            address_ids=None if values.get("everything") else self._address_ids,
            through_id=values.get("through") or 0,
            seen_count=values.get("seen") or 0,
            filters=FiltersForm(self.data).filters() if values.get("everything") else Filters(),
        )


class DeleteForm(SelectionForm):
    """`traces`: erase what speaks of the addresses elsewhere too."""

    traces = forms.BooleanField(required=False)


class EditGroupsForm(SelectionForm):
    """The ticks of "Edit group".

    `in`: ticked now. `on`: every selected address was in it. `cleared`: some were, and the user took the tick away on
    purpose. Only the difference is applied, so that a group which was left alone stays as it is for everybody.
    """

    @property
    def to_add(self) -> set[int]:
        return self._ids("in") - self._ids("on")

    @property
    def to_remove(self) -> set[int]:
        return (self._ids("on") | self._ids("cleared")) - self._ids("in")
