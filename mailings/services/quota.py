"""How many recipients a book has had in a month: the service counts them too, and tells nobody."""

from datetime import datetime, timedelta

from django.db.models import Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from mailings.models import Mailing, MailingState
from workspace.models import AddressBook


def used_in_month(book: AddressBook, moment: datetime) -> int:
    """Recipients of the calendar month of `moment`, in the installation's zone, those still to be sent to included.

    Whom the service refused or did not reach counts, too: rather a warning too early.
    """
    first = timezone.localtime(moment).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    following = (first + timedelta(days=32)).replace(day=1)
    rows = Mailing.objects.exclude(state=MailingState.DRAFT).filter(book=book)
    rows = rows.annotate(at=Coalesce("began_at", "send_at", "confirmed_at")).filter(at__gte=first, at__lt=following)
    sums = rows.aggregate(planned=Sum("planned"), left_out=Sum("left_out"), cancelled=Sum("cancelled"))
    return (sums["planned"] or 0) - (sums["left_out"] or 0) - (sums["cancelled"] or 0)
