from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from workspace import limits
from workspace.forms.submission import SubmissionForm


class KeysForm(SubmissionForm):
    """Empty fields leave what is kept. Spaces at the ends come with copying, and are dropped."""

    access_key = forms.CharField(label=_("Access key"), max_length=limits.API_KEY_CHARACTERS, required=False)
    secret_key = forms.CharField(
        label=_("Secret key"),
        max_length=limits.API_KEY_CHARACTERS,
        required=False,
        widget=forms.PasswordInput(render_value=False),
        help_text=_("It is kept encrypted and is never shown again."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if settings.MAILER_HOSTS:
            choices = [("", _("The service’s own")), *((host, host) for host in settings.MAILER_HOSTS)]
            self.fields["base_url"] = forms.ChoiceField(label=_("Host"), choices=choices, required=False)


class ExistingForm(forms.Form):
    existing = forms.ChoiceField(choices=[("keep", ""), ("rebuild", "")])
