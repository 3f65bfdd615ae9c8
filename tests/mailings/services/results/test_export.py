"""Files of results: what stands in them, who is masked, and what is left of them afterwards."""

from datetime import date

import pytest

from addressbook.models import Download
from libraries.outbound_mailer.simulator import Outcome
from mailings.services.results import export
from mailings.services.results.listing import Filters, Sort
from tests.support.downloads import rows_of
from workspace.models import AddressBook, JobState, Masking

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ended(ready, work, practice):
    practice.outcomes.set(Outcome(pattern="r1@*", status="F", code="SMTP_ERROR", message="550 r1@example.com: =no"))
    practice.outcomes.set(Outcome(pattern="r2@*", status="F", code="NEW_CODE"))
    return work(ready(4, 2))


@pytest.fixture
def results(made, ended):
    def results(**wanted: object) -> Download:
        parameters = {"mailing": ended.pk, "subject": ended.subject, **wanted}
        return made(scope="mail", format="csv", parameters=parameters)

    return results


def test_every_recipient_with_result_and_reason(results, monkeypatch) -> None:
    monkeypatch.setattr(export, "_PAGE_ROWS", 2)
    download = results()
    assert (download.state, download.row_count) == (JobState.COMPLETE, 4)
    rows = rows_of(download)
    assert [row[:3] for row in rows] == [
        ["r0@example.com", "", "Sent"],
        ["r1@example.com", "", "Failed"],
        ["r2@example.com", "", "Failed"],
        ["r3@example.com", "", "Sent"],
    ]
    assert rows[1][3:6] == [
        "The recipient’s mail server reported an error.",
        "SMTP_ERROR",
        "550 r1@example.com: =no",
    ]


@pytest.mark.parametrize(
    ("wanted", "emails"),
    [
        ({"not_reached": True}, ["r1@example.com", "r2@example.com"]),
        ({"state": "sent"}, ["r0@example.com", "r3@example.com"]),
    ],
)
def test_only_those_that_were_asked_for(results, wanted, emails) -> None:
    assert [row[0] for row in rows_of(results(**wanted))] == emails


def test_the_book_masks_its_files_too(results, book) -> None:
    AddressBook.objects.filter(pk=book.pk).update(masking=Masking.EVERYBODY)
    text = str(rows_of(results()))
    assert "r1@example.com" not in text
    assert "***@example.com" in text
    AddressBook.objects.filter(pk=book.pk).update(masking=Masking.VIEWERS)
    assert "r1@example.com" in str(rows_of(results()))


def test_the_list_as_it_was_filtered(made, ended, draft, by, book) -> None:
    parameters = export.parameters_of(Filters(state="sent", since=date(2020, 1, 1)), Sort.OLDEST)
    (row,) = rows_of(made(scope="mails", format="xlsx", parameters=parameters))
    assert row[:7] == [ended.subject, "news@example.com", "General mail", "Sent", "4", "2", "2"]
    assert row[-1] == ", ".join(ended.parts.order_by("number").values_list("request_id", flat=True))
    assert rows_of(made(scope="mails", format="csv", parameters=export.parameters_of(Filters(), Sort.NEWEST)))


def test_every_mail_to_an_address_and_no_trace_of_the_address(made, ended) -> None:
    download = made(scope="person", format="csv", query="r1@example.com")
    ((subject, email, result, *_rest),) = rows_of(download)
    assert (subject, email, result) == (ended.subject, "r1@example.com", "Failed")
    assert download.query == ""


def test_a_mailing_of_another_book_is_not_read(made, ended, by) -> None:
    from mailings.models import Mailing
    from workspace.models import Region, Zone
    from workspace.services.books import books

    other = books.create_book(name="Other", zone=Zone.PUBLIC, region=Region.KR, by=by)
    Mailing.objects.filter(pk=ended.pk).update(book=other)
    download = made(scope="mail", format="csv", parameters={"mailing": ended.pk, "subject": ""})
    assert download.row_count == 0
