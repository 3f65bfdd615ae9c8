"""Numbers of mails by month, sender and template. Tests are no part of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final

from django.db.models import Case, CharField, Count, QuerySet, Sum, Value, When
from django.utils import timezone

from mailings.models import COUNTERS, Mailing
from mailings.services.results.listing import templates_of
from workspace.models import AddressBook

MONTHS: Final = 12
_LISTED_MOST: Final = 50


@dataclass(frozen=True, slots=True)
class Line:
    """Of a month, a sender or a template: how many mailings, and how many recipients in each state."""

    name: Any
    mailings: int
    counts: dict[str, int]

    @property
    def planned(self) -> int:
        return sum(self.counts.values())


def by_month(book: AddressBook) -> list[Line]:
    """The last MONTHS months, oldest first, those without a mail too; `name` is the first day."""
    months = _months()
    # By bounds, newest first: SQLite has Python work out the month of every row otherwise.
    within = [When(began_at__gte=_moment(month), then=Value(month.isoformat())) for month in reversed(months)]
    rows = _begun(book, months[0]).annotate(name=Case(*within, output_field=CharField()))
    found = {date.fromisoformat(line.name): line for line in _lines(rows)}
    empty: dict[str, int] = dict.fromkeys(COUNTERS, 0)
    lines = (found.get(month) for month in months)
    return [
        Line(month, line.mailings if line else 0, line.counts if line else empty)
        for month, line in zip(months, lines, strict=True)
    ]


def by_sender(book: AddressBook) -> list[Line]:
    """The senders of those months, the busiest first."""
    return _busiest(_lines(_begun(book, _months()[0]), name="sender_address"))


def by_template(book: AddressBook) -> list[Line]:
    """The same by template; `name` is "" for mails that began without one."""
    names = dict(templates_of(book))
    lines = _lines(_begun(book, _months()[0]), name="template")
    return _busiest([Line(names.get(line.name, ""), line.mailings, line.counts) for line in lines])


def _begun(book: AddressBook, since: date) -> QuerySet[Mailing]:
    return Mailing.objects.filter(book=book, is_test=False, began_at__gte=_moment(since)).order_by()


def _moment(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _lines(rows: QuerySet[Mailing], *, name: str = "name") -> list[Line]:
    sums = {f"sum_{counter}": Sum(counter) for counter in COUNTERS}
    found = rows.values(name).annotate(mailings=Count("pk"), **sums)
    return [
        Line(row[name], row["mailings"], {counter: row[f"sum_{counter}"] or 0 for counter in COUNTERS}) for row in found
    ]


def _busiest(lines: Iterable[Line]) -> list[Line]:
    return sorted(lines, key=lambda line: (-line.planned, str(line.name)))[:_LISTED_MOST]


def _months() -> list[date]:
    first = timezone.localdate().replace(day=1)
    months = [first]
    while len(months) < MONTHS:
        year, month = divmod(months[-1].year * 12 + months[-1].month - 2, 12)
        months.append(date(year, month + 1, 1))
    return months[::-1]
