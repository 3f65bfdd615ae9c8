"""Why recipients of a mailing were not reached, and how many for each reason."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from django.db.models import Count, Q, QuerySet

from mailings.models import Mailing, Recipient, RecipientState
from mailings.services.sending.following import HARD_BOUNCES

# Reached, or not known yet.
_NO_REASON: Final = (RecipientState.OPEN, RecipientState.SENT)
_FORGOTTEN: Final = "forgotten"


@dataclass(frozen=True, slots=True)
class Reason:
    """A state with the service's code, or ours; `count` recipients have it."""

    state: RecipientState
    code: str
    count: int = 0

    @property
    def name(self) -> str:
        return f"{self.state}:{self.code}"

    @property
    def is_hard_bounce(self) -> bool:
        """Whether the service blocks the address after it."""
        return self.state == RecipientState.FAILED and self.code in HARD_BOUNCES


def reasons_of(mailing: Mailing) -> list[Reason]:
    """All that recipients have, the most frequent of each state first."""
    rows = Recipient.objects.filter(mailing=mailing).exclude(state__in=_NO_REASON).order_by()
    counted = rows.values_list("state", "result_code").annotate(count=Count("pk"))
    found = [Reason(RecipientState(state), code, count) for state, code, count in counted]
    order = list(RecipientState)
    return sorted(found, key=lambda reason: (order.index(reason.state), -reason.count, reason.code))


def named(mailing: Mailing, names: Collection[str]) -> list[Reason]:
    """Those of the mailing's reasons that have one of the names."""
    return [reason for reason in reasons_of(mailing) if reason.name in names]


def may_be_sent_to(reason: Reason) -> bool:
    """Not to people who refused or asked to be forgotten."""
    return reason.state != RecipientState.UNSUBSCRIBED and reason.code != _FORGOTTEN


def with_reasons(mailing: Mailing, reasons: Collection[Reason]) -> QuerySet[Recipient]:
    """The recipients that have one of them; those who were forgotten have no address and are not among them."""
    wanted = Q(pk__in=[])
    for reason in reasons:
        wanted |= Q(state=reason.state, result_code=reason.code)
    return Recipient.objects.filter(wanted, mailing=mailing).exclude(email="")
