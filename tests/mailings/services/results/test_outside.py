"""What the same account sent elsewhere, read from the service's own list into the list of mailings."""

from datetime import timedelta

import pytest
from django.utils import timezone

from libraries.outbound_mailer import MailRequest
from libraries.outbound_mailer import Recipient as MailRecipient
from libraries.outbound_mailer.simulator import Fault, FaultKind
from mailings import limits, tasks
from mailings.models import OutsideReading, OutsideRequest, Part
from mailings.services.results import listing, outside
from mailings.services.results.listing import Filters, Sort, Tool
from mailings.services.rules import NotAllowedError
from workspace.services.books.connection import client_for
from workspace.services.history.audit import Actor

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def send_elsewhere(book, practice):
    """A request of another program with the book's account."""

    def send_elsewhere(count: int = 1) -> list[str]:
        with client_for(book) as client:
            request = MailRequest(
                sender_address="shop@example.com", title="T", body="B", recipients=(MailRecipient("a@example.com"),)
            )
            return [client.mail.create_request(request).request_id for _ in range(count)]

    return send_elsewhere


@pytest.fixture
def read(book, by):
    def read() -> OutsideReading:
        outside.read_now(book=book, by=by)
        tasks.read_outside_requests(book.pk)
        return OutsideReading.objects.get(book=book)

    return read


def found(book) -> list[str]:
    return list(outside.of_book(book).order_by("requested_at").values_list("request_id", flat=True))


def test_what_was_sent_elsewhere_is_listed_and_our_own_is_not(send_elsewhere, read, book, ready, work) -> None:
    mailing = work(ready(3))
    elsewhere = send_elsewhere(2)
    reading = read()
    assert (reading.problem, sorted(found(book))) == ("", sorted(elsewhere))
    row = OutsideRequest.objects.get(request_id=elsewhere[0])
    assert (row.tool, row.sender_address, row.recipient_count) == ("API", "shop@example.com", 1)
    page = listing.page_of(book, Filters(), Sort.NEWEST, with_drafts=True)
    assert [type(one).__name__ for one in page.rows] == ["OutsideRequest"] * 2 + ["Mailing"]
    assert listing.page_of(book, Filters(tool=Tool.HERE), Sort.NEWEST, with_drafts=True).rows == [mailing]
    assert len(listing.page_of(book, Filters(tool=Tool.API), Sort.OLDEST, with_drafts=True).rows) == 2
    assert not listing.page_of(book, Filters(tool=Tool.CONSOLE), Sort.OLDEST, with_drafts=True).rows
    # The service's list says nothing of a subject.
    assert not listing.page_of(book, Filters(subject="T"), Sort.NEWEST, with_drafts=True).rows


def test_both_kinds_are_paged_there_and_back(send_elsewhere, read, book, make_mailings, monkeypatch) -> None:
    make_mailings(4)
    send_elsewhere(3)
    read()
    # Two at the same moment as a mailing, and one between.
    moments = list(listing.Mailing.objects.order_by("created_at").values_list("created_at", flat=True))
    for row, moment in zip(OutsideRequest.objects.order_by("pk"), [moments[1], moments[1], moments[3]], strict=True):
        OutsideRequest.objects.filter(pk=row.pk).update(requested_at=moment)
    monkeypatch.setattr(listing, "MAILINGS_A_PAGE", 2)
    for sort in (Sort.NEWEST, Sort.OLDEST):
        page = listing.page_of(book, Filters(), sort, with_drafts=True)
        there = list(page.rows)
        while page.following:
            page = listing.page_of(book, Filters(), sort, place=page.following, with_drafts=True)
            there += page.rows
        back = list(page.rows)
        while page.previous:
            page = listing.page_of(book, Filters(), sort, place=page.previous, with_drafts=True)
            back = page.rows + back
        assert there == back
        assert len({(type(row), row.pk) for row in there}) == len(there) == 7


@pytest.fixture
def make_mailings(book):
    def make_mailings(count: int) -> None:
        for number in range(count):
            at = timezone.now() - timedelta(hours=number)
            row = listing.Mailing.objects.create(book=book, state="sent", confirmed_at=at, subject=str(number))
            listing.Mailing.objects.filter(pk=row.pk).update(created_at=at)

    return make_mailings


def test_it_is_read_on_from_where_it_was_read(send_elsewhere, read, book, practice, monkeypatch) -> None:
    monkeypatch.setattr(limits, "RESULTS_PAGE_ROWS", 2)
    send_elsewhere(5)
    read()
    assert len(found(book)) == 5
    # Everything is final, so a day is read again, in one step of three pages.
    OutsideRequest.objects.update(status="S")
    before = len(practice.log.requests("getMailRequestList"))
    send_elsewhere(1)
    read()
    assert len(found(book)) == 6
    assert len(practice.log.requests("getMailRequestList")) == before + 3
    # Within its time it is not read again.
    tasks.read_outside_requests(book.pk)
    assert len(practice.log.requests("getMailRequestList")) == before + 3


def test_a_request_whose_answer_was_not_kept_yet_is_not_shown_as_from_elsewhere(
    send_elsewhere, read, book, ready, work
) -> None:
    (request_id,) = send_elsewhere()
    read()
    assert found(book) == [request_id]
    mailing = ready(1)
    Part.objects.create(mailing=mailing, number=9, first=1, last=1, request_id=request_id)
    assert found(book) == []


def test_a_service_that_fails_is_said_and_asked_again(send_elsewhere, read, book, practice) -> None:
    send_elsewhere()
    practice.faults.switch_on(Fault(kind=FaultKind.INTERNAL_ERROR, operation="getMailRequestList", times=1))
    reading = read()
    assert reading.problem
    assert reading.next_at > timezone.now()
    assert not found(book)
    assert read().problem == ""
    assert len(found(book)) == 1


def test_after_two_months_they_go_and_another_account_has_its_own(send_elsewhere, read, book) -> None:
    send_elsewhere(2)
    read()
    old = OutsideRequest.objects.first()
    OutsideRequest.objects.filter(pk=old.pk).update(requested_at=timezone.now() - timedelta(days=62))
    outside.sweep()
    assert len(found(book)) == 1
    outside.begin_again(book)
    assert not found(book)
    assert OutsideReading.objects.get(book=book).read_through is None


def test_a_viewer_does_not_have_the_service_asked(book, vera) -> None:
    with pytest.raises(NotAllowedError):
        outside.read_now(book=book, by=Actor(vera))
    assert not OutsideReading.objects.exists()
