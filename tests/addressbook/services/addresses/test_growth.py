"""How a book and its groups grow: every week is the one before, plus who joined, less who left."""

import itertools
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from addressbook.models import Address, GrowthWeek
from addressbook.services.addresses import bulk, growth
from addressbook.services.addresses.selection import Selection

pytestmark = pytest.mark.django_db


@pytest.fixture
def edition(book):
    return book.current_edition


@pytest.fixture
def pass_week(book):
    """What was counted so far becomes last week's."""

    def pass_week() -> None:
        growth.record(book)
        for row in GrowthWeek.objects.order_by("week"):
            row.week -= timedelta(weeks=1)
            row.save()

    return pass_week


@pytest.fixture
def delete(book, by):
    def delete(*emails: str) -> None:
        ids = tuple(Address.objects.filter(email__in=emails).values_list("pk", flat=True))
        selection = Selection(group_id=None, address_ids=ids)
        bulk.delete_addresses(book=book, selection=selection, token=uuid4(), by=by)

    return delete


def told(edition, group_id: int = 0) -> list[tuple[int, int | None, int | None]]:
    return [(row.address_count, row.joined, row.left) for row in growth.weeks_of(edition, group_id, most=10)]


def test_who_joins_and_who_leaves_is_counted(book, edition, register, make_group, pass_week, delete) -> None:
    group = make_group("VIP")
    register("a@example.com b@example.com c@example.com", group)
    pass_week()
    register("d@example.com e@example.com", group)
    delete("a@example.com")
    assert told(edition)[-1] == (4, 2, 1)
    assert told(edition, group.pk)[-1] == (4, 2, 1)
    for _ in range(2):
        growth.record(book)
        assert told(edition)[-1] == (4, 2, 1)
    assert GrowthWeek.objects.filter(edition=edition, group=0).count() == 2


def test_every_week_is_the_one_before_and_what_changed(book, edition, register, pass_week, delete) -> None:
    for number in range(4):
        register(f"n{number}@example.com m{number}@example.com")
        if number:
            delete(f"n{number - 1}@example.com")
        pass_week()
    rows = growth.weeks_of(edition, 0, most=10)
    assert len(rows) == 5
    for before, after in itertools.pairwise(rows):
        assert after.joined is not None
        assert after.address_count == before.address_count + after.joined - after.left
    assert rows[-1].address_count == edition.__class__.objects.get(pk=edition.pk).address_count


def test_the_weeks_before_anybody_counted_are_told_from_who_is_still_here(edition, register) -> None:
    register("a@example.com b@example.com")
    long_ago = timezone.now() - timedelta(weeks=3)
    Address.objects.filter(email="a@example.com").update(registered_at=long_ago)
    rows = growth.weeks_of(edition, 0, most=10)
    assert [(row.address_count, row.joined, row.left) for row in rows] == [(1, 1, None), (2, 1, 0)]
    assert not GrowthWeek.objects.exists()


def test_a_new_group_joins_and_one_that_is_gone_is_forgotten(book, edition, register, make_group, pass_week) -> None:
    register("a@example.com")
    pass_week()
    group = make_group("New")
    register("b@example.com c@example.com", group)
    assert told(edition, group.pk) == [(2, 2, 0)]
    growth.record(book)
    group.memberships.all().delete()
    group.delete()
    growth.record(book)
    assert set(GrowthWeek.objects.values_list("group", flat=True)) == {0}


def test_old_weeks_go(book, edition, register) -> None:
    register("a@example.com")
    growth.record_all()
    GrowthWeek.objects.update(week=timezone.localdate() - timedelta(weeks=growth.WEEKS_KEPT + 1))
    growth.record_all()
    assert GrowthWeek.objects.filter(week__lt=timezone.localdate() - timedelta(weeks=growth.WEEKS_KEPT)).count() == 0


def test_all_of_a_new_book_was_registered_this_week(edition, register) -> None:
    register("a@example.com b@example.com")
    assert told(edition) == [(2, 2, None)]
