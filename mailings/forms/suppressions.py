from django import forms

from workspace import limits
from workspace.forms.fields import SentTextField
from workspace.forms.submission import SubmissionForm


class RegisterUnsubscribesForm(SubmissionForm):
    text = SentTextField(required=False)


class TakeBackForm(SubmissionForm):
    reason = forms.CharField(max_length=limits.REASON_CHARACTERS, required=False)


class RemoveUnsubscribesForm(RegisterUnsubscribesForm):
    reason = forms.CharField(max_length=limits.REASON_CHARACTERS, required=False)
