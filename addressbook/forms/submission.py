from typing import Any
from uuid import UUID, uuid4

from django import forms


class SubmissionForm(forms.Form):
    """A form whose every copy carries a token of its own, by which a second sending is recognised."""

    token = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Ids come from the templates, where labels need them; Django's own would clash between the dialogs of a page.
        super().__init__(*args, **{"auto_id": False, **kwargs})

    def fresh_token(self) -> UUID:
        """The token for a form that is shown again: the same one as long as what it stood for has not happened."""
        token: UUID | None = self.cleaned_data.get("token") if self.is_bound and hasattr(self, "cleaned_data") else None
        return token or uuid4()
