"""The list of mailings and the recipients of one: filters, orders, and pages that lose and repeat nothing."""

from datetime import UTC, date, datetime, timedelta

import pytest

from mailings.models import Mailing, MailingRun, Part, Recipient, Template
from mailings.services.results import history, listing, recipients
from mailings.services.results.listing import Filters, Sort

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def make(book, sender):
    def make(number: int, **fields: object) -> Mailing:
        at = NOON - timedelta(days=number)
        values = {"state": "sent", "confirmed_at": at, "subject": f"Mail {number:02}", "sender_address": sender.address}
        values |= {"planned": number % 3, "sent": number % 3}
        mailing = Mailing.objects.create(book=book, **{**values, **fields})
        Mailing.objects.filter(pk=mailing.pk).update(created_at=at)
        return mailing

    return make


def all_pages(book, filters: Filters, sort: Sort) -> tuple[list[Mailing], list[Mailing]]:
    """What is seen from the first page on, and then back again."""
    page = listing.page_of(book, filters, sort, with_drafts=True)
    assert page.previous is None
    there = list(page.rows)
    while page.following:
        page = listing.page_of(book, filters, sort, place=page.following, with_drafts=True)
        there += page.rows
    back = list(page.rows)
    while page.previous:
        page = listing.page_of(book, filters, sort, place=page.previous, with_drafts=True)
        back = page.rows + back
    return there, back


@pytest.mark.parametrize("sort", Sort)
def test_every_page_there_and_back_shows_everything_once(sort, book, make, monkeypatch) -> None:
    monkeypatch.setattr(listing, "MAILINGS_A_PAGE", 4)
    made = [make(number, subject=f"Mail {number % 4}") for number in range(11)]
    there, back = all_pages(book, Filters(), sort)
    assert there == back
    assert sorted(mailing.pk for mailing in there) == sorted(mailing.pk for mailing in made)
    column, is_descending = listing._COLUMNS[sort]
    values = [(getattr(mailing, column), mailing.pk) for mailing in there]
    assert values == sorted(values, reverse=is_descending)


def test_what_is_added_while_somebody_pages_moves_no_row(book, make, monkeypatch) -> None:
    monkeypatch.setattr(listing, "MAILINGS_A_PAGE", 2)
    for number in range(1, 5):
        make(number)
    first = listing.page_of(book, Filters(), Sort.NEWEST, with_drafts=True)
    make(0)
    second = listing.page_of(book, Filters(), Sort.NEWEST, place=first.following, with_drafts=True)
    assert [mailing.subject for mailing in [*first.rows, *second.rows]] == [f"Mail 0{n}" for n in range(1, 5)]
    assert not listing.page_of(book, Filters(), Sort.NEWEST, place=second.following, with_drafts=True).rows[2:]


def test_each_filter_lets_its_own_through(book, make, sender) -> None:
    template = Template.objects.create(book=book, name="Spring", sid=1)
    found = make(1, kind="advertising", template=template, subject="Sale of spring", state="stopped")
    make(2, sender_address="other@example.org")
    make(30)
    wanted = [
        Filters(state="stopped"),
        Filters(kind="advertising"),
        Filters(template=template.pk),
        Filters(subject="sale"),
        Filters(sender=listing.sender_id(sender.address), since=date(2026, 11, 1)),
        Filters(since=date(2026, 11, 19), until=date(2026, 11, 19)),
    ]
    for filters in wanted:
        page = listing.page_of(book, filters, Sort.NEWEST, with_drafts=True)
        assert page.rows == [found], filters
    assert listing.senders_of(book) == ["news@example.com", "other@example.org"]
    assert listing.templates_of(book) == [(template.pk, "Spring")]
    assert not listing.page_of(book, Filters(sender="unknown"), Sort.NEWEST, with_drafts=True).rows


@pytest.fixture
def mailing(make) -> Mailing:
    mailing = make(1, planned=12, sent=10, failed=2)
    for number in range(1, 13):
        email = f"{'anna' if number % 2 else 'bert'}{number:02}@example.com"
        state, code = ("failed", "SMTP_ERROR") if number > 10 else ("sent", "")
        Recipient.objects.create(mailing=mailing, number=number, email=email, key=email, state=state, result_code=code)
    MailingRun.objects.create(mailing=mailing)
    Part.objects.create(mailing=mailing, number=1, first=1, last=12)
    return mailing


@pytest.mark.parametrize(
    ("filters", "numbers"),
    [
        (recipients.Filters(), list(range(1, 13))),
        (recipients.Filters(state="failed"), [11, 12]),
        (recipients.Filters(state="failed", code="SMTP_ERROR", beginning="bert"), [12]),
        (recipients.Filters(state="failed", code="OTHER"), []),
        (recipients.Filters(beginning="anna"), [1, 3, 5, 7, 9, 11]),
        (recipients.Filters(beginning="anna03@example.com"), [3]),
        (recipients.Filters(beginning="nna"), []),
    ],
)
def test_recipients_are_found_and_paged(filters, numbers, mailing, monkeypatch) -> None:
    monkeypatch.setattr(recipients, "RECIPIENTS_A_PAGE", 2)
    page = recipients.page_of(mailing, filters)
    there = list(page.rows)
    while page.following:
        page = recipients.page_of(mailing, filters, number=page.following)
        there += page.rows
    assert [row.number for row in there] == numbers
    back = list(page.rows)
    while page.previous:
        page = recipients.page_of(mailing, filters, number=page.previous, is_before=True)
        back = page.rows + back
    assert [row.number for row in back] == numbers


def test_the_lines_of_one_mailing_are_its_own(book, by, draft, write) -> None:
    from uuid import uuid4

    from mailings.services import drafts

    other = drafts.begin(book=book, token=uuid4(), by=by)
    write(draft, subject="Changed")
    assert [line.action for line in history.lines_about(draft)] == ["change_mailing", "begin_mailing"]
    assert [line.action for line in history.lines_about(other)] == ["begin_mailing"]
