"""Reading the history: filters, pages, and speed that does not hang on its size."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from addressbook import actions
from addressbook.services.addresses import groups
from workspace import actions as workspace_actions
from workspace.models import AuditEvent
from workspace.services import history
from workspace.services.history import Filters
from workspace.services.history.audit import Actor


@pytest.fixture
def lines(book, by, bob):
    """Ten groups made by alice and bob in turn; with the creation and bob's joining twelve lines."""
    for number in range(10):
        actor = Actor(bob) if number % 2 else by
        groups.create_group(book=book, name=f"g{number}", token=uuid4(), by=actor)


def numbers(book, filters: Filters = Filters(), size: int = 100) -> list[int]:  # noqa: B008 - frozen
    """Through all pages of this size."""
    found: list[int] = []
    before = None
    while True:
        page = history.page_of(book, filters, before=before, size=size)
        found += [line.number for line in page.lines]
        if page.before is None:
            return found
        assert len(page.lines) == size
        before = page.before


@pytest.mark.parametrize("size", [1, 3, 4, 12, 13])
def test_pages_show_each_line_once_newest_first(book, lines, size) -> None:
    assert numbers(book, size=size) == list(range(12, 0, -1))


def test_pages_show_lines_of_one_moment_once(book, lines) -> None:
    AuditEvent.objects.update(at=timezone.now())
    assert numbers(book, size=5) == list(range(12, 0, -1))


def test_filters_find_person_kind_and_time(book, lines) -> None:
    assert numbers(book, Filters(username="bob")) == [12, 10, 8, 6, 4]
    assert numbers(book, Filters(action=workspace_actions.ADD_MEMBER)) == [2]
    assert numbers(book, Filters(username="alice", action=actions.ADD_GROUP), size=2) == [11, 9, 7, 5, 3]
    now = timezone.now()
    assert numbers(book, Filters(since=now)) == []
    assert numbers(book, Filters(until=now)) == numbers(book)
    assert numbers(book, Filters(until=now - timedelta(hours=1))) == []
    assert numbers(book, Filters(username="nobody")) == []


def test_people_are_those_who_stand_in_it(book, lines) -> None:
    assert history.people_in(book) == ["alice", "bob"]


def test_a_page_after_a_line_that_is_gone_is_empty(book, lines) -> None:
    assert history.page_of(book, Filters(), before=4711, size=5).lines == []


@pytest.mark.parametrize(
    "filters", [Filters(), Filters(username="bob"), Filters(action="add_group"), Filters(until=timezone.now())]
)
@pytest.mark.engine_independent  # with a dozen rows PostgreSQL rightly reads the table
def test_every_page_is_found_by_an_index(book, lines, filters) -> None:
    newest = AuditEvent.objects.latest("number")
    plan = history.reading.lines_of(book, filters).filter(at__lte=newest.at).explain()
    assert "audit_newest" in plan
    assert "TEMP B-TREE" not in plan
