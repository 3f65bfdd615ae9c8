"""What the history can tell of. Each app says in its `actions.py` what its acts are called and how they are told.

A line holds the code of its act as plain text, and outlives the app that wrote it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from django.db.models import TextChoices
from django.utils.functional import Promise

Text = str | Promise
# The details of a line: counts and names, never an address of a book.
Details = Mapping[str, Any]


class Action(str):
    """The code of an act, with what people read of it.

    `name`: how the provider calls it in its own log; `heading`: how our pages do. `sentence` tells of a line by
    its details, where the heading does not say it all, and `said` names the details that it tells. `is_personal`: it
    belongs to a person, and stands in the history of no book.
    """

    __slots__ = ("heading", "is_personal", "name", "said", "sentence")

    name: str
    heading: Text
    sentence: Callable[[Details], str] | None
    said: tuple[str, ...]
    is_personal: bool

    def __new__(
        cls,
        code: str,
        name: str,
        heading: Text,
        sentence: Callable[[Details], str] | None = None,
        *,
        said: tuple[str, ...] = (),
        is_personal: bool = False,
    ) -> Self:
        self = super().__new__(cls, code)
        self.name, self.heading, self.sentence, self.said, self.is_personal = name, heading, sentence, said, is_personal
        ACTIONS[code] = self
        return self


@dataclass(frozen=True, slots=True)
class Detail:
    """How a detail is told: a label; the names of its values where those are choices; the count that belongs to it."""

    label: Text
    names: type[TextChoices] | None = None
    counted_by: str = ""

    def named(self, value: Any) -> str:
        """A value as the page calls it on which it is chosen."""
        return str(self.names(value).label) if self.names else str(value)


ACTIONS: Final[dict[str, Action]] = {}
# In the order in which they are told.
DETAILS: Final[dict[str, Detail]] = {}
# Details that are told by a sentence of their own, which may name the `count`; "": there is nothing to tell.
NOTES: Final[dict[str, Callable[[Any], str]]] = {}
