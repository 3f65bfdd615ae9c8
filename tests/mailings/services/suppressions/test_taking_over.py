"""The service's own list of unsubscribes: read where it answers, and taken over without losing what is held here."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from libraries.outbound_mailer.simulator.blocks import UNSUBSCRIBER
from libraries.outbound_mailer.simulator.faults import Fault, FaultKind
from mailings import limits
from mailings.models import Suppression, Telling
from mailings.services import forgetting
from mailings.services.rules import NotAllowedError
from mailings.services.suppressions import telling
from mailings.views.suppressions import sentences
from workspace.services.history.audit import Actor
from workspace.services.work import crash_points

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def listing(practice, monkeypatch):
    """The service has the operation, and gives two addresses a page."""
    monkeypatch.setattr(limits, "RESULTS_PAGE_ROWS", 2)
    practice.settings = replace(practice.settings, undocumented_operations=True)
    return practice


@pytest.fixture
def refused_there(listing):
    """People refuse at the service itself."""

    def refused_there(*addresses: str) -> None:
        with listing._gateway.lock:
            (place,) = listing._database.rows("SELECT DISTINCT place FROM documents")[0]
            for number, address in enumerate(addresses):
                listing._database.add(UNSUBSCRIBER, place, {"at": 1_700_000_000 + number}, key=address)

    return refused_there


@pytest.fixture
def read(book, by):
    """Asks for a reading, and lets workers read."""

    def read(turns: int = 1) -> Telling:
        telling.read_now(book=book, by=by)
        for _ in range(turns):
            Telling.objects.update(next_at=None, lease_until=None)
            Telling.objects.filter(read_due_at__isnull=False).update(read_due_at=timezone.now())
            telling.run(book.pk)
        return Telling.objects.get(book=book)

    return read


def held() -> list[str]:
    return sorted(Suppression.objects.unsubscribed().values_list("key", flat=True))


def test_what_the_service_knows_is_taken_over_page_by_page(refuse, tell, refused_there, read, consent) -> None:
    refuse("ann@example.com")
    tell()
    refused_there("Kim@example.com", "lee@example.com", "park@example.com")

    row = read()

    assert held() == ["ann@example.com", "kim@example.com", "lee@example.com", "park@example.com"]
    kim = Suppression.objects.get(key="kim@example.com")
    assert (kim.email, kim.source, kim.by_admin) == ("Kim@example.com", "list", True)
    assert kim.since == datetime.fromtimestamp(1_700_000_000, UTC)
    assert not Suppression.objects.untold().exists()
    assert (row.can_read, row.read_count, row.read_page, row.read_began_at) == (True, 4, 0, None)
    assert row.read_due_at > timezone.now() + timedelta(hours=23)
    assert Suppression.objects.filter(read_at=row.read_at).count() == 4


def test_what_only_the_ledger_holds_stays_and_is_shown_as_not_there(refuse, tell, listing, read) -> None:
    refuse("ann@example.com bob@example.com")
    tell()
    with listing._gateway.lock:
        listing._database.remove(
            UNSUBSCRIBER, listing._database.rows("SELECT place FROM documents")[0][0], "ann@example.com"
        )

    row = read()

    assert held() == ["ann@example.com", "bob@example.com"]
    standing = type("Standing", (), {"telling": row})
    shown = {one.key: sentences.at_service(one, standing) for one in Suppression.objects.all()}
    assert shown["ann@example.com"] == "Not in its list any more"
    assert shown["bob@example.com"] != "Not in its list any more"


def test_one_that_is_being_removed_here_does_not_come_back(refuse, tell, consent, listing, read, monkeypatch) -> None:
    refuse("ann@example.com")
    tell()
    waiting = [consent]

    def meanwhile(point: str) -> None:
        if waiting and point == "unsubscribes: page read":
            waiting.pop()("ann@example.com")

    monkeypatch.setattr(crash_points, "reached", meanwhile)
    read()
    assert held() == []
    read()
    tell()
    assert not Suppression.objects.exists()


def test_a_person_who_was_forgotten_is_not_written_down_again(book, refuse, tell, listing, read) -> None:
    refuse("ann@example.com")
    tell()
    forgetting.forget(book=book, keys=["ann@example.com"])

    read()

    row = Suppression.objects.get()
    assert row.email == ""
    assert row.read_at is not None


def test_a_service_without_the_operation_leaves_the_ledger_as_it_is(refuse, tell, practice, read) -> None:
    refuse("ann@example.com")
    tell()

    row = read()

    assert (row.can_read, row.read_at, row.problem, row.failures) == (False, None, "", 0)
    assert held() == ["ann@example.com"]
    standing = type("Standing", (), {"telling": row})
    assert "this is the list that is kept here" in sentences.listed(standing)


def test_a_reading_that_breaks_off_goes_on_where_it_was(refuse, tell, refused_there, read, listing) -> None:
    refuse("ann@example.com")
    tell()
    refused_there("kim@example.com", "lee@example.com", "park@example.com")
    fault = Fault(kind=FaultKind("internal_error"), operation="getUnsubscribersList", times=None, skip=1)
    listing.faults.switch_on(fault)

    row = read()
    assert (row.read_page, row.read_at, row.failures) == (1, None, 0)
    assert row.read_due_at > timezone.now()
    listing.faults.clear()
    began = row.read_began_at
    Telling.objects.update(read_due_at=timezone.now(), lease_until=None)
    telling.run(row.book_id)

    row.refresh_from_db()
    assert (row.read_at, row.read_count) == (began, 4)


def test_without_a_connection_nothing_is_read_and_no_fault_is_shown(read) -> None:
    row = read()
    assert (row.read_due_at, row.problem, row.can_read) == (None, "", None)


def test_viewers_do_not_have_it_read(book, vera) -> None:
    with pytest.raises(NotAllowedError):
        telling.read_now(book=book, by=Actor(vera))
