from django import forms

from addressbook.forms.submission import SubmissionForm


class RegistrationForm(SubmissionForm):
    """Pasted addresses and the group that they go into (none: no group)."""

    text = forms.CharField(required=False, strip=False, widget=forms.Textarea)
    into = forms.IntegerField(required=False, min_value=1)


class RepairForm(RegistrationForm):
    """Which proposed repairs to take: that of the entry `repair`, or all of them with `repair_all`."""

    repair = forms.CharField(required=False, strip=False)
    repair_all = forms.BooleanField(required=False)
