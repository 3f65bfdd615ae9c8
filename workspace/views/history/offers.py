"""What apps offer beside lines of the history: to undo an act, for one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from workspace.models import AuditEvent
from workspace.views.pages.access import Access


@dataclass(frozen=True, slots=True)
class Offered:
    """`template` shows it, with `offer` for what is offered and `line` for the line."""

    template: str
    offer: Any


# For some lines, by their ids, what this member may do about them.
Offer = Callable[[Access, Sequence[AuditEvent]], Mapping[int, Offered]]
_OFFERS: Final[list[Offer]] = []


def offer_beside_lines(offer: Offer) -> None:
    """Apps say so when they are ready; beside one line stands one offer, the one that was named first."""
    if offer not in _OFFERS:
        _OFFERS.append(offer)


def offered(access: Access, events: Sequence[AuditEvent]) -> Mapping[int, Offered]:
    found: dict[int, Offered] = {}
    for offer in _OFFERS:
        found = {**offer(access, events), **found}
    return found
