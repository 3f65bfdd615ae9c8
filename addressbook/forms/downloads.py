from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _

from addressbook import limits
from addressbook.forms.listing import searched
from addressbook.forms.selection import picked_ids
from addressbook.models import Download
from workspace import limits as workspace_limits
from workspace.forms.fields import IdField, SentTextField
from workspace.forms.submission import SubmissionForm

# Those of the address book, and the list of unsubscribes.
_SCOPES = [
    (scope.value, scope.label)
    for scope in (
        Download.Scope.BOOK,
        Download.Scope.GROUP,
        Download.Scope.SEARCH,
        Download.Scope.CHOSEN,
        Download.Scope.UNSUBSCRIBED,
    )
]


class DownloadForm(SubmissionForm):
    """What to put into a file. `group` and `q` are what the list shows; `scope` says how much of that is meant."""

    scope = forms.TypedChoiceField(choices=_SCOPES, coerce=Download.Scope)
    format = forms.TypedChoiceField(choices=Download.Format.choices, coerce=Download.Format)
    group = IdField(required=False)
    q = SentTextField(required=False)
    reason = forms.CharField(required=False, max_length=workspace_limits.REASON_CHARACTERS)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        self._picked = picked_ids(data)

    def group_id(self) -> int | None:
        group: int | None = self.cleaned_data["group"]
        of_a_place = self.cleaned_data["scope"] in {Download.Scope.GROUP, Download.Scope.SEARCH}
        return group if of_a_place else None

    def query(self) -> str:
        return searched(self.cleaned_data["q"]) if self.cleaned_data["scope"] == Download.Scope.SEARCH else ""

    def address_ids(self) -> list[int]:
        return sorted(self._picked) if self.cleaned_data["scope"] == Download.Scope.CHOSEN else []

    def clean(self) -> None:
        super().clean()
        values = self.cleaned_data
        if values.get("scope") == Download.Scope.GROUP and values.get("group") is None:
            self.add_error("scope", "group")
        if values.get("scope") == Download.Scope.SEARCH and not searched(values.get("q") or ""):
            self.add_error("scope", "search")
        if values.get("scope") == Download.Scope.UNSUBSCRIBED and values.get("format") == Download.Format.CONSOLE:
            self.add_error(None, _("The list of unsubscribes is made as Excel or CSV."))
        if values.get("scope") == Download.Scope.CHOSEN and not 0 < len(self._picked) <= limits.PICKED_ADDRESSES:
            self.add_error("scope", "chosen")
