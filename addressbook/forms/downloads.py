from django import forms

from addressbook.forms.listing import searched
from addressbook.models import Download
from workspace import limits
from workspace.forms.fields import IdField, SentTextField
from workspace.forms.submission import SubmissionForm


class DownloadForm(SubmissionForm):
    """What to put into a file. `group` and `q` are what the list shows; `scope` says how much of that is meant."""

    scope = forms.TypedChoiceField(choices=Download.Scope.choices, coerce=Download.Scope)
    format = forms.TypedChoiceField(choices=Download.Format.choices, coerce=Download.Format)
    group = IdField(required=False)
    q = SentTextField(required=False)
    reason = forms.CharField(required=False, max_length=limits.REASON_CHARACTERS)

    def group_id(self) -> int | None:
        group: int | None = self.cleaned_data["group"]
        return None if self.cleaned_data["scope"] == Download.Scope.BOOK else group

    def query(self) -> str:
        return searched(self.cleaned_data["q"]) if self.cleaned_data["scope"] == Download.Scope.SEARCH else ""

    def clean(self) -> None:
        super().clean()
        values = self.cleaned_data
        if values.get("scope") == Download.Scope.GROUP and values.get("group") is None:
            self.add_error("scope", "group")
        if values.get("scope") == Download.Scope.SEARCH and not searched(values.get("q") or ""):
            self.add_error("scope", "search")
