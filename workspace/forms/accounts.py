from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from libraries.email_addresses import InvalidEmailError, parse
from workspace import limits
from workspace.models import User


def _password_field() -> forms.CharField:
    """A password as it was typed: spaces at its ends belong to it."""
    return forms.CharField(strip=False, max_length=limits.PASSWORD_CHARACTERS)


class EmailForm(forms.Form):
    email = forms.CharField(max_length=254, required=False)

    def clean_email(self) -> str:
        text = str(self.cleaned_data["email"]).strip()
        try:
            return parse(text).text if text else ""
        except InvalidEmailError as error:
            raise ValidationError(_("This is no email address.")) from error


class SignInForm(forms.Form):
    username = forms.CharField(max_length=150)
    password = _password_field()


class CodeForm(forms.Form):
    code = forms.CharField(max_length=limits.TYPED_CODE_CHARACTERS)


class FreshSignInForm(forms.Form):
    """What shows that it is still the same person: the password, and the code where one is asked for."""

    current_password = _password_field()
    current_code = forms.CharField(max_length=limits.TYPED_CODE_CHARACTERS, required=False)


class NewPasswordForm(forms.Form):
    """A password, typed twice, by the rules that hold for everybody."""

    new_password = forms.CharField(
        strip=False,
        max_length=limits.PASSWORD_CHARACTERS,
        error_messages={"required": _("Type a new password.")},
    )
    repeated = _password_field()

    def __init__(self, data: object = None, *, user: User) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        self._user = user

    def clean(self) -> None:
        super().clean()
        new = self.cleaned_data.get("new_password")
        if new is None:
            return
        try:
            validate_password(new, self._user)
        except ValidationError as error:
            self.add_error("new_password", error)
        if new != self.cleaned_data.get("repeated"):
            self.add_error("repeated", _("This is not the same password."))


class ChangePasswordForm(NewPasswordForm):
    """The present password is judged elsewhere, where guesses are counted."""

    current_password = _password_field()


class SignedCodesForm(forms.Form):
    """New recovery codes, signed for their owner, on the way to a file."""

    codes = forms.CharField(max_length=1000)
