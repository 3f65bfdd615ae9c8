"""The counters of a mailing, changed by as many as rows really changed, in the same transaction."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Count, Q

from mailings.models import COUNTERS, Mailing, Part, Recipient, RecipientState


def move(
    mailing: Mailing,
    rows: Q,
    *,
    to: RecipientState,
    at: datetime,
    code: str = "",
    message: str = "",
    from_states: tuple[RecipientState, ...] = (RecipientState.OPEN,),
) -> int:
    """Give those of `rows` that are in `from_states` another state; returns how many those were.

    The caller holds the lock of the book; `mailing` is saved by `save`.
    """
    moved = 0
    for state in from_states:
        own = Recipient.objects.filter(rows, mailing=mailing, state=state)
        count = own.update(state=to, result_code=code, result_message=message, result_at=at)
        _count(mailing, state, -count)
        _count(mailing, to, count)
        moved += count
    return moved


def save(mailing: Mailing, *also: str) -> None:
    mailing.save(update_fields=[*COUNTERS, "planned", *also])


def of_part(part: Part) -> Q:
    return Q(number__gte=part.first, number__lte=part.last)


def with_keys(keys: Collection[str]) -> Q:
    return Q(key__in=list(keys))


def recounted(mailing: Mailing) -> dict[str, int]:
    """The counters recomputed from the rows, for checks and tests."""
    rows = Recipient.objects.filter(mailing=mailing).order_by().values_list("state")
    states = dict(rows.annotate(count=Count("pk")))
    return {name: states.get(name, 0) for name in COUNTERS}


def _count(mailing: Mailing, state: RecipientState, difference: int) -> None:
    setattr(mailing, state.value, getattr(mailing, state.value) + difference)
