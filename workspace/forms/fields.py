from typing import Any, Final

from django import forms

# The largest id that both databases can hold; a greater number is no id and must not reach them.
LARGEST_ID: Final = 2**63 - 1


class SentTextField(forms.Field):
    """Text exactly as it was sent: neither stripped nor judged. What it means and what is wrong with it, services say.

    Django's CharField refuses a NUL with a sentence about NULs, and with that the whole form; here one odd character
    spoils one entry.
    """

    def to_python(self, value: Any) -> str:
        return "" if value is None else str(value)


class IdField(forms.IntegerField):
    """The id of a row, or a bound on ids."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"min_value": 0, "max_value": LARGEST_ID, **kwargs})
