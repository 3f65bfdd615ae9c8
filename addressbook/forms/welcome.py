from django import forms

from workspace.services.people.hints import Hint


class PutAwayForm(forms.Form):
    """Which hints are not to be shown any more."""

    hint = forms.MultipleChoiceField(choices=[(hint.value, hint.value) for hint in Hint])
