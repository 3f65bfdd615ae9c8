"""Values in the details of an act that have a name on the screen."""

from typing import Any

from django.db.models import TextChoices

from workspace.models import Masking, Region, Zone

_CHOICES: dict[str, type[TextChoices]] = {"zone": Zone, "region": Region, "masking": Masking}


def add_names(detail: str, choices: type[TextChoices]) -> None:
    """For the acts of a package above, when it starts."""
    _CHOICES[detail] = choices


def named(detail: str, value: Any) -> str:
    """A value as the page calls it on which it is chosen."""
    return str(_CHOICES[detail](value).label) if detail in _CHOICES else str(value)
