from django import forms

from workspace.forms.fields import IdField, SentTextField
from workspace.forms.submission import SubmissionForm


class RegistrationForm(SubmissionForm):
    """Pasted addresses and the group that they go into (none: no group)."""

    text = SentTextField(required=False)
    into = IdField(required=False)
    # A group to be made for them; where one of this name is there already, that one.
    new_group = SentTextField(required=False)


class RepairForm(RegistrationForm):
    """Which proposed repairs to take: that of the entry `repair`, or all of them with `repair_all`."""

    repair = SentTextField(required=False)
    repair_all = forms.BooleanField(required=False)
