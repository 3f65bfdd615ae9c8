"""How a book and its groups grow, week by week.

Rows have no history of their own. But ids are given out in order, so what is above the highest id of the last count
came since then, and what went is the rest of the difference.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Count, Max, QuerySet
from django.db.models.functions import TruncWeek
from django.utils import timezone

from addressbook.models import Address, Group, GrowthWeek, Membership
from workspace.models import AddressBook, Edition
from workspace.services.books import books

WEEKS_KEPT: Final = 104


@dataclass(frozen=True, slots=True)
class _Counted:
    """`joined` since an id: by group, 0 for the whole edition."""

    sizes: dict[int, int]
    joined: dict[int, int]
    # Those that were made this week: all of them joined.
    new_groups: frozenset[int]
    through_address: int
    through_membership: int


def record_all() -> None:
    """Count the current week of every book; harmless when two run at once. Weeks beyond WEEKS_KEPT go."""
    for book in AddressBook.objects.all():
        record(book)
    oldest = _monday() - timedelta(weeks=WEEKS_KEPT)
    GrowthWeek.objects.filter(week__lt=oldest).delete()


def record(book: AddressBook) -> None:
    """Count the current week of a book, as often as wanted: the last count of a week stays."""
    week = _monday()
    with transaction.atomic():
        edition = books.lock(book)
        own = GrowthWeek.objects.filter(edition=edition)
        if not own.exists():
            GrowthWeek.objects.bulk_create(_weeks_before_counting(edition, week))
        rows = _current(edition, week, _latest_before(edition, week))
        # What was counted of this week before, and everything of groups that are gone.
        own.filter(week=week).delete()
        own.exclude(group__in=[row.group for row in rows]).delete()
        GrowthWeek.objects.bulk_create(rows)


def weeks_of(edition: Edition, group_id: int, *, most: int) -> list[GrowthWeek]:
    """The last weeks, oldest first, the current one as it is now; group 0 is the whole edition."""
    week = _monday()
    own = GrowthWeek.objects.filter(edition=edition)
    rows = list(own.filter(group=group_id, week__lt=week).order_by("-week")[: most - 1])[::-1]
    latest = _latest_before(edition, week)
    if not own.exists():
        latest = uncounted = _weeks_before_counting(edition, week)
        rows = [] if group_id else uncounted[-(most - 1) :]
    return rows + [row for row in _current(edition, week, latest) if row.group == group_id]


def _current(edition: Edition, week: date, latest: Sequence[GrowthWeek]) -> list[GrowthWeek]:
    before = {row.group: row for row in latest}
    counted = _count(edition, before)
    return [_row(edition, group, week, counted, before) for group in counted.sizes]


def _row(edition: Edition, group: int, week: date, counted: _Counted, weeks: Mapping[int, GrowthWeek]) -> GrowthWeek:
    before = weeks.get(group)
    size, joined = counted.sizes[group], counted.joined.get(group, 0)
    through = counted.through_membership if group else counted.through_address
    row = GrowthWeek(edition=edition, group=group, week=week, address_count=size, through_id=through)
    if before is not None:
        # What an undo gave back under an old id counts as joined too.
        row.joined = max(joined, size - before.address_count)
        row.left = before.address_count + row.joined - size
    elif not group:
        # Nobody was here before this week; who left during it is not known.
        row.joined = size
    elif group in counted.new_groups:
        row.joined, row.left = size, 0
    return row


def _weeks_before_counting(edition: Edition, week: date) -> list[GrowthWeek]:
    """Who is still here was registered then; who left is not known."""
    registered = Address.objects.filter(edition=edition, registered_at__lt=_moment(week)).order_by()
    by_week = registered.annotate(week=TruncWeek("registered_at")).values_list("week").annotate(count=Count("pk"))
    size, rows = 0, []
    for monday, count in sorted((moment.date(), count) for moment, count in by_week):
        size += count
        rows.append(GrowthWeek(edition=edition, week=monday, address_count=size, joined=count))
    if rows:
        rows[-1].through_id = registered.aggregate(highest=Max("pk"))["highest"] or 0
    return rows[-WEEKS_KEPT:]


def _latest_before(edition: Edition, week: date) -> list[GrowthWeek]:
    newest = GrowthWeek.objects.filter(edition=edition, week__lt=week).order_by("group").values("group")
    latest = {row["group"]: row["last"] for row in newest.annotate(last=Max("week"))}
    rows = GrowthWeek.objects.filter(edition=edition, week__in=set(latest.values()))
    return [row for row in rows if latest[row.group] == row.week]


def _count(edition: Edition, before: dict[int, GrowthWeek]) -> _Counted:
    addresses = Address.objects.filter(edition=edition)
    own = Group.objects.filter(edition=edition)
    groups = dict(own.values_list("pk", "address_count"))
    (size,) = Edition.objects.filter(pk=edition.pk).values_list("address_count", flat=True)
    whole = before.get(0)
    joined = {0: addresses.filter(pk__gt=whole.through_id if whole else 0).count()}
    since = min((row.through_id for group, row in before.items() if group), default=None)
    if since is not None:
        joined |= _joined_groups(groups, since)
    return _Counted(
        sizes={0: size, **groups},
        joined=joined,
        new_groups=frozenset(own.filter(created_at__gte=_moment(_monday())).values_list("pk", flat=True)),
        through_address=addresses.aggregate(highest=Max("pk"))["highest"] or 0,
        through_membership=Membership.objects.aggregate(highest=Max("pk"))["highest"] or 0,
    )


def _joined_groups(groups: Collection[int], since: int) -> dict[int, int]:
    rows: QuerySet[Membership] = Membership.objects.filter(pk__gt=since, group__in=list(groups)).order_by()
    return dict(rows.values_list("group").annotate(count=Count("pk")))


def _monday() -> date:
    today = timezone.localdate()
    return today - timedelta(days=today.weekday())


def _moment(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
