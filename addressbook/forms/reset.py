from django import forms

from addressbook.services.reset.editions import Contents
from addressbook.services.reset.restoring import Newcomers
from workspace.forms.fields import IdField
from workspace.forms.submission import SubmissionForm


class SeenContentsForm(SubmissionForm):
    """A decision about a whole book, with the numbers that the user saw before it."""

    seen_edition = IdField()
    seen_groups = IdField()
    seen_addresses = IdField()

    @property
    def seen(self) -> Contents:
        values = self.cleaned_data
        return Contents(values["seen_edition"], values["seen_groups"], values["seen_addresses"])


class ResetForm(SeenContentsForm):
    """`copy`: "keep" or "erase". Neither is the answer of a form that somebody cut short."""

    copy = forms.ChoiceField(choices=[("keep", ""), ("erase", "")])


class UndoResetForm(SeenContentsForm):
    newcomers = forms.TypedChoiceField(
        choices=[(choice.value, "") for choice in Newcomers],
        coerce=Newcomers,
        required=False,
        empty_value=Newcomers.ASIDE,
    )
