"""How far the mailings of a book are, how quickly they go, and how long that will take."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import F, Min, Q, QuerySet, Sum
from django.utils import timezone

from mailings.models import Mailing, MailingState, Part, PartState
from workspace.models import AddressBook

# What somebody on another page has to know of: it goes out now, or waits for a decision.
SHOWN_EVERYWHERE: Final = (
    MailingState.FREEZING,
    MailingState.HELD,
    MailingState.SENDING,
    MailingState.PAUSED,
    MailingState.UNKNOWN,
    MailingState.MISSED,
)
# The pace is that of the last calls: the service may have become slower.
_CALLS_LOOKED_AT: Final = 11


@dataclass(frozen=True, slots=True)
class Progress:
    """`accepted` by the service, and `waiting` to be handed to it, in recipients.

    `a_minute` and `seconds_left` are None as long as nobody can tell. `again_at` is when calls go on that the service
    has put off. Another mailing of the book may have to go out first.
    """

    accepted: int
    waiting: int
    a_minute: int | None
    seconds_left: int | None
    again_at: datetime | None
    waits_for_another: bool


def progress_of(mailing: Mailing) -> Progress:
    own = Part.objects.filter(mailing=mailing)
    is_accepted = Q(state__in=[PartState.ACCEPTED, PartState.DONE])
    is_waiting = Q(state__in=[PartState.WAITING, PartState.CALLING])
    sums = own.aggregate(
        accepted=Sum("recipient_count", filter=is_accepted & ~Q(request_id="")),
        waiting=Sum(F("last") - F("first") + 1, filter=is_waiting),
        now=Min("number", filter=Q(state=PartState.WAITING) & _may_be_called()),
        again_at=Min("not_before", filter=Q(state=PartState.WAITING)),
    )
    waiting = sums["waiting"] or 0
    pace = _a_second(own) if waiting and mailing.state == MailingState.SENDING else None
    return Progress(
        accepted=sums["accepted"] or 0,
        waiting=waiting,
        a_minute=round(pace * 60) if pace else None,
        seconds_left=round(waiting / pace) if pace else None,
        again_at=sums["again_at"] if sums["now"] is None else None,
        waits_for_another=mailing.state == MailingState.SENDING and waits_for_another(mailing.pk),
    )


def waits_for_another(mailing_id: int) -> bool:
    """One mailing of a book at a time: the one that began first. Nobody waits for a test, and no test for anybody."""
    own = Mailing.objects.only("book_id", "is_test", "began_at").get(pk=mailing_id)
    if own.is_test:
        return False
    earlier = Q(began_at__lt=own.began_at) | Q(began_at=own.began_at, pk__lt=own.pk) if own.began_at else Q()
    others = Mailing.objects.filter(earlier, book=own.book_id, state=MailingState.SENDING, is_test=False)
    return others.exclude(pk=own.pk).exists()


def shown_everywhere(book: AddressBook) -> list[Mailing]:
    """Those that the pages of the book tell of, the one that began first on top. Test mails are not among them."""
    rows = Mailing.objects.without_content().filter(book=book, state__in=SHOWN_EVERYWHERE, is_test=False)
    return sorted(rows, key=lambda mailing: (mailing.began_at is None, mailing.began_at or timezone.now(), mailing.pk))


def _may_be_called() -> Q:
    return Q(not_before__isnull=True) | Q(not_before__lte=timezone.now())


def _a_second(own: QuerySet[Part]) -> float | None:
    """Recipients that the service has taken a second, over the last calls; None before there are two."""
    last = list(
        own.exclude(request_id="")
        .filter(answered_at__isnull=False)
        .order_by("-answered_at")
        .values_list("recipient_count", "answered_at")[:_CALLS_LOOKED_AT]
    )
    moments = [moment for _, moment in last if moment is not None]
    if len(moments) < 2:
        return None
    seconds = (moments[0] - moments[-1]).total_seconds()
    return sum(count for count, _ in last[:-1]) / seconds if seconds > 0 else None
