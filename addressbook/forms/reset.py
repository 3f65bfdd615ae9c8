import unicodedata

from django import forms

from addressbook.services.reset.editions import Contents
from addressbook.services.reset.restoring import Newcomers
from workspace.forms.fields import IdField, SentTextField
from workspace.forms.submission import SubmissionForm
from workspace.models import AddressBook


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
    # Of the book, typed by whoever wants it erased at once.
    book_name = SentTextField(required=False)

    def names(self, book: AddressBook) -> bool:
        typed = unicodedata.normalize("NFC", self.cleaned_data["book_name"] or "").strip()
        return typed == unicodedata.normalize("NFC", book.name).strip()


class UndoResetForm(SeenContentsForm):
    newcomers = forms.TypedChoiceField(
        choices=[(choice.value, "") for choice in Newcomers],
        coerce=Newcomers,
        required=False,
        empty_value=Newcomers.ASIDE,
    )
