from typing import Any

from django import forms
from django.contrib.auth.forms import UserCreationForm
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _

from workspace import limits
from workspace.forms.fields import IdField, SentTextField
from workspace.forms.submission import SubmissionForm
from workspace.forms.usernames import check_username
from workspace.models import Role, User


class NewMemberForm(forms.Form):
    username = forms.CharField(
        label=_("Username"), max_length=150, error_messages={"required": _("Type the name of a user.")}
    )
    role = forms.TypedChoiceField(label=_("Role"), choices=Role.choices, coerce=Role)


class MemberForm(forms.Form):
    user = IdField()


class MemberRoleForm(MemberForm):
    """`confirmed`: asked whether they want a lesser role themselves, the user has said yes."""

    role = forms.TypedChoiceField(choices=Role.choices, coerce=Role)
    confirmed = forms.BooleanField(required=False)


class InvitationForm(SubmissionForm):
    role = forms.TypedChoiceField(label=_("Role"), choices=Role.choices, coerce=Role)


class WithdrawForm(forms.Form):
    invitation = IdField()


class CodeForm(forms.Form):
    """The code of an invitation, or the link with it."""

    code = SentTextField()

    def clean_code(self) -> str:
        return str(self.cleaned_data["code"])[: limits.INVITATION_LINK_CHARACTERS]


class NewAccountForm(UserCreationForm):
    """A user who is invited chooses a name and a password, by the rules that hold for everybody."""

    class Meta(UserCreationForm.Meta):
        model = User
        fields = ("username",)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["username"].validators.append(check_username)
        # As much as the sign-in page takes, or it could never be used again.
        for name in ("password1", "password2"):
            field = self.fields[name]
            field.max_length = limits.PASSWORD_CHARACTERS  # type: ignore[attr-defined]
            field.validators.append(MaxLengthValidator(limits.PASSWORD_CHARACTERS))

    def validate_password_for_user(self, user: User, password_field_name: str = "password1") -> None:  # noqa: S107 - the name of a field
        """What is wrong with the password is said where it was chosen, not where it was repeated."""
        super().validate_password_for_user(user, password_field_name)  # type: ignore[misc]  # the stubs lack it
