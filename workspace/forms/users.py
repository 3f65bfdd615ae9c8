from enum import StrEnum

from django import forms

from workspace import limits
from workspace.forms.fields import SentTextField
from workspace.forms.usernames import UsernameField


class Act(StrEnum):
    """What a superuser does with the account of another, by the name of its button."""

    DEACTIVATE = "deactivate"
    ACTIVATE = "activate"
    MAKE_SUPERUSER = "make_superuser"
    UNMAKE_SUPERUSER = "unmake_superuser"
    RESET_TWO_FACTOR = "reset_two_factor"
    MAKE_LINK = "make_link"


class NewUserForm(forms.Form):
    username = UsernameField()


class ActForm(forms.Form):
    act = forms.TypedChoiceField(choices=[(act.value, act.value) for act in Act], coerce=Act)


class PasswordLinkForm(forms.Form):
    """The code of a link for a new password, or the link itself."""

    code = SentTextField()

    def clean_code(self) -> str:
        return str(self.cleaned_data["code"])[: limits.INVITATION_LINK_CHARACTERS]
