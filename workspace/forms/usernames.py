"""Names that people can tell apart: two accounts whose names look alike are one too many in a history."""

import unicodedata
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from workspace.models import User

# The scripts by the first word of their characters' names. Korean and Japanese are each written in several.
_TOGETHER: Final = ({"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "IDEOGRAPHIC"}, {"CJK", "HANGUL"})


def check_username(name: str) -> None:
    """Raises ValidationError for a name without a letter or digit, or of more than one script."""
    letters = [
        character for character in name if character.isalpha() or (character.isdigit() and not character.isascii())
    ]
    if not letters and not any(character.isdigit() for character in name):
        raise ValidationError(_("Use at least one letter or digit."))
    scripts = {unicodedata.name(letter, "?").split()[0] for letter in letters}
    if len(scripts) > 1 and not any(scripts <= together for together in _TOGETHER):
        raise ValidationError(_("Use letters of one script only: names that look alike cannot be told apart."))


class UsernameField(forms.CharField):
    """The name of a new user, by Django's rules and ours."""

    def __init__(self, **options: Any) -> None:
        field = User._meta.get_field("username")
        label, required = _("Username"), {"required": _("Type a name for the user.")}
        super().__init__(label=label, max_length=field.max_length, error_messages=required, **options)
        self.validators += [*field.validators, check_username]

    def to_python(self, value: object) -> str:
        return str(User.normalize_username(str(super().to_python(value))))
