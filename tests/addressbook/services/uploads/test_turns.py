"""One book, or one file, does not keep the workers from the others."""

from uuid import uuid4

import pytest

from addressbook import limits
from addressbook.models import Upload
from addressbook.services import uploads
from libraries.spreadsheets import limits as spreadsheet_limits
from tests.support.sizes import size
from tests.support.uploads import work
from workspace.models import JobState, Region, Zone
from workspace.services.books import books
from workspace.services.work import claiming, jobs, owners


@pytest.fixture
def other(by):
    return books.create_book(name="Other", zone=Zone.PUBLIC, region=Region.KR, by=by)


def in_turn(*tickets: Upload) -> list[int]:
    """The books that are served, when messages about these uploads come in this order and each ends at once."""
    served = []
    for ticket in tickets:
        claimed = claiming.claim_in_turn(Upload, ticket.pk)
        served.append(claimed.edition.book_id if claimed else None)
        if claimed:
            jobs.work_on(claimed)
    return served


def test_a_book_with_a_queue_takes_turns_with_the_others(book, other, send) -> None:
    queue = [send("a@example.com") for _ in range(4)]
    late = send("b@example.com", book=other)
    assert in_turn(*queue, late) == [book.pk, other.pk, book.pk, book.pk, book.pk]
    assert not Upload.objects.filter(state=JobState.WAITING).exists()


def test_a_book_with_nothing_at_work_comes_first(book, other, send) -> None:
    queue = [send("a@example.com") for _ in range(3)]
    assert claiming.claim_in_turn(Upload, queue[0].pk).pk == queue[0].pk
    late = send("b@example.com", book=other)
    assert claiming.claim_in_turn(Upload, queue[1].pk).pk == late.pk
    assert claiming.claim_in_turn(Upload, late.pk).pk == queue[1].pk


def test_a_message_of_a_book_alone_is_about_its_row(send) -> None:
    first, second = send("a@example.com"), send("b@example.com")
    assert claiming.claim_in_turn(Upload, second.pk).pk == second.pk
    assert claiming.claim_in_turn(Upload, second.pk).pk == first.pk
    assert claiming.claim_in_turn(Upload, second.pk) is None


def test_a_row_whose_worker_died_is_taken_over(send) -> None:
    upload = send("a@example.com")
    claiming.claim_in_turn(Upload, upload.pk)
    Upload.objects.update(lease_until="2026-01-01T00:00:00Z")
    assert claiming.claim_in_turn(Upload, upload.pk).attempt == 2


def test_the_lease_is_kept_while_refused_rows_are_written(send, monkeypatch) -> None:
    """The file of the trial, smaller: an unbalanced quote, and nothing but invalid rows."""
    monkeypatch.setattr(limits, "UPLOAD_HEARTBEAT_SECONDS", 0)
    upload = claiming.claim(Upload, send('email\n"' + "a\n" * 2000).pk)
    original, kept = jobs.keep_lease, []

    def noted(work, *, rows_done):
        kept.append(rows_done)
        return original(work, rows_done=rows_done)

    monkeypatch.setattr(jobs, "keep_lease", noted)
    jobs.work_on(upload)
    # Two batches of the first reading, its end, and two batches of the second, which had none of its own.
    assert kept == [1000, 2000, 2000, 2000, 2000]


def test_a_text_file_has_as_many_rows_as_a_sheet(check, monkeypatch, reading_in_this_process) -> None:
    # A million rows take a minute.
    monkeypatch.setattr(spreadsheet_limits, "SHEET_ROWS", size(2_000, spreadsheet_limits.SHEET_ROWS))
    lines = "a\n" * (spreadsheet_limits.SHEET_ROWS + 1)
    upload = check("email\n" + lines)
    assert (upload.state, upload.outcome["refusal"]) == (JobState.REFUSED, "too_many_rows")


def test_files_that_wait_are_limited_by_book(book, other, send, check, by, file_store) -> None:
    waiting = [send(f"a{number}@example.com") for number in range(limits.UPLOADS_PER_BOOK)]
    with pytest.raises(uploads.TooManyUploadsError):
        send("b@example.com")
    assert len(list(file_store.iterdir())) == limits.UPLOADS_PER_BOOK
    send("b@example.com", book=other)
    # One that waits for an OK counts too; one that was cancelled does not.
    work(waiting[0])
    with pytest.raises(uploads.TooManyUploadsError):
        send("b@example.com")
    owners.cancel(Upload, book=book, work_id=waiting[1].pk, by=by)
    send("b@example.com", token=uuid4())
