from uuid import uuid4

from django import forms


class SubmissionForm(forms.Form):
    """A form whose every copy carries a token of its own, by which a second sending is recognised."""

    token = forms.UUIDField(initial=uuid4)
