"""Cancelled, reset, expired, doubled, taken over: nothing half done, and every stored file has its row."""

from datetime import timedelta
from threading import Thread
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from addressbook import limits
from addressbook.models import Upload
from addressbook.services import uploads
from addressbook.services.addresses.groups import GroupGoneError
from addressbook.services.uploads import (
    CheckOutdatedError,
    FileTooLargeError,
    NothingToApplyError,
    UploadGoneError,
    files,
)
from addressbook.services.uploads.applying import _apply_batch
from libraries.spreadsheets import Choice
from libraries.spreadsheets import limits as spreadsheet_limits
from tests.support.invariants import assert_consistent, contents
from tests.support.uploads import assert_accounted_for, counts, work
from workspace.models import AddressBook, Edition, JobState
from workspace.services.work import claiming, jobs, owners
from workspace.services.work.jobs import JobLostError

SIX = "email\n" + "".join(f"u{number}@example.com\n" for number in range(6))


@pytest.fixture
def small_batches(monkeypatch) -> None:
    monkeypatch.setattr(limits, "ROWS_PER_UPLOAD_BATCH", 2)


@pytest.fixture
def one_batch_applied(check, book, by, small_batches) -> Upload:
    """An upload of six addresses of which the worker has registered two."""
    upload = check(SIX)
    uploads.apply(book=book, upload_id=upload.pk, group_id=None, seen=upload.attempt, by=by)
    claimed = claiming.claim(Upload, upload.pk)
    with files.local(claimed.rows_file) as path, path.open("rb") as rows:
        _apply_batch(claimed, rows)
    return claimed


def let_the_lease_run_out(upload: Upload) -> None:
    Upload.objects.filter(pk=upload.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_a_worker_that_takes_over_goes_on_where_the_last_batch_ended(one_batch_applied, book) -> None:
    let_the_lease_run_out(one_batch_applied)
    upload = work(one_batch_applied)
    assert (upload.state, upload.rows_done, upload.outcome["registered"]) == (JobState.COMPLETE, 6, 6)
    assert len(contents(book)) == 6
    assert_consistent(book)


def test_a_worker_that_lost_an_upload_writes_nothing(one_batch_applied, book) -> None:
    let_the_lease_run_out(one_batch_applied)
    work(one_batch_applied)
    with pytest.raises(JobLostError):
        jobs.work_on(one_batch_applied)
    assert_consistent(book)


def test_cancel_keeps_what_was_registered_and_says_how_much(one_batch_applied, book, by) -> None:
    owners.cancel(Upload, book=book, work_id=one_batch_applied.pk, by=by)
    jobs.work_on(one_batch_applied)
    one_batch_applied.refresh_from_db()
    assert (one_batch_applied.state, one_batch_applied.rows_done) == (JobState.CANCELLED, 2)
    assert len(contents(book)) == 2
    assert_consistent(book)


def test_a_reset_stops_what_is_being_applied(one_batch_applied, book) -> None:
    old = book.current_edition
    new = Edition.objects.create(book=book, number=2, opened_at=timezone.now())
    AddressBook.objects.filter(pk=book.pk).update(current_edition=new)
    jobs.work_on(one_batch_applied)
    one_batch_applied.refresh_from_db()
    assert (one_batch_applied.state, one_batch_applied.outcome["reason"]) == (JobState.FAILED, "reset")
    assert (old.addresses.count(), new.addresses.count()) == (2, 0)
    assert_consistent(book)


def test_a_reset_while_a_file_is_checked_ends_it(send, book) -> None:
    claimed = claiming.claim(Upload, send(SIX).pk)
    new = Edition.objects.create(book=book, number=2, opened_at=timezone.now())
    AddressBook.objects.filter(pk=book.pk).update(current_edition=new)
    jobs.work_on(claimed)
    claimed.refresh_from_db()
    assert (claimed.state, claimed.outcome) == (JobState.FAILED, {"reason": "reset"})


def test_ok_after_another_check_is_refused(check, book, by) -> None:
    upload = check(SIX)
    seen = upload.attempt
    uploads.choose(book=book, upload_id=upload.pk, choice=Choice(email_column=0, header_row=0), seen=seen, by=by)
    again = work(upload)
    assert counts(again)["invalid"] == 1  # the heading is a row now
    with pytest.raises(CheckOutdatedError):
        uploads.apply(book=book, upload_id=upload.pk, group_id=None, seen=seen, by=by)


def test_ok_into_a_group_that_is_gone_changes_nothing(check, book, by) -> None:
    upload = check(SIX)
    with pytest.raises(GroupGoneError):
        uploads.apply(book=book, upload_id=upload.pk, group_id=4711, seen=upload.attempt, by=by)
    upload.refresh_from_db()
    assert upload.state == JobState.CHECKED


def test_ok_on_a_file_without_addresses_is_refused(check, book, by) -> None:
    upload = check("email\nwrong\n")
    with pytest.raises(NothingToApplyError):
        uploads.apply(book=book, upload_id=upload.pk, group_id=None, seen=upload.attempt, by=by)


def test_a_file_that_is_not_the_checked_one_is_not_applied(check, book, by, file_store) -> None:
    upload = check(SIX)
    (file_store.parent / upload.rows_file).write_text("evil@example.com\t\t0\n")
    uploads.apply(book=book, upload_id=upload.pk, group_id=None, seen=upload.attempt, by=by)
    upload = work(upload)
    assert (upload.state, upload.outcome["reason"]) == (JobState.FAILED, "file_gone")
    assert contents(book) == {}


def test_one_byte_too_many_is_refused_and_nothing_kept(send, file_store) -> None:
    with pytest.raises(FileTooLargeError):
        send(b"a" * (spreadsheet_limits.UPLOAD_FILE_BYTES + 1))
    assert not file_store.exists() or not list(file_store.iterdir())


def test_the_same_token_is_the_same_upload(send, file_store, django_capture_on_commit_callbacks) -> None:
    token = uuid4()
    with django_capture_on_commit_callbacks(execute=True):
        first, second = send(SIX, token=token), send(SIX, token=token)
    assert first.pk == second.pk
    assert len(list(file_store.iterdir())) == 1


def test_the_sweep_goes_on_when_a_file_goes_meanwhile(db, file_store) -> None:
    file_store.mkdir(parents=True, exist_ok=True)
    # In the list of the folder, and not there when it is asked for: as one that another sweep has just removed.
    (file_store / "gone").symlink_to("nowhere")
    uploads.tidy()
    assert [path.name for path in file_store.iterdir()] == ["gone"]


def test_files_go_with_their_time(check, accept, file_store, django_capture_on_commit_callbacks) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        waiting = check("email\na@example.com\nwrong\n")
        done = accept(check("email\nb@example.com\nwrong\n"))
    assert len(list(file_store.iterdir())) == 3 + 1  # the refused rows of the one that is done are still offered
    Upload.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with django_capture_on_commit_callbacks(execute=True):
        uploads.tidy()
    assert list(file_store.iterdir()) == []
    waiting.refresh_from_db()
    done.refresh_from_db()
    assert (waiting.state, waiting.outcome) == (JobState.CANCELLED, {"reason": "expired"})
    assert "@" not in str([waiting.check_result, done.check_result])
    with pytest.raises(UploadGoneError):
        uploads.apply(
            book=done.edition.book, upload_id=waiting.pk, group_id=None, seen=waiting.attempt, by=by_of(waiting)
        )


def by_of(upload: Upload):
    from workspace.services.history.audit import Actor

    return Actor(upload.requested_by)


def test_stray_files_go_after_an_hour_and_no_others(check, file_store, settings) -> None:
    import os
    import time

    upload = check(SIX)
    long_ago = time.time() - 2 * 3600
    for path in (file_store / "stray", settings.FILE_UPLOAD_TEMP_DIR / "half.upload"):
        path.write_text("x")
    for path in [*file_store.iterdir(), *settings.FILE_UPLOAD_TEMP_DIR.iterdir()]:
        os.utime(path, (long_ago, long_ago))
    (file_store / "new").write_text("x")
    uploads.tidy()
    assert {path.name for path in file_store.iterdir()} == {
        "new",
        upload.stored_file.removeprefix("uploads/"),
        upload.rows_file.removeprefix("uploads/"),
    }
    assert not list(settings.FILE_UPLOAD_TEMP_DIR.iterdir())


@pytest.mark.django_db(transaction=True)
def test_two_uploads_into_one_group_at_once(check, book, by, make_group, small_batches) -> None:
    group = make_group("VIP")
    both = [check(SIX, group=group), check(SIX.replace("u0", "v0"), group=group)]
    for upload in both:
        uploads.apply(book=book, upload_id=upload.pk, group_id=group.pk, seen=upload.attempt, by=by)

    def run(upload: Upload) -> None:
        try:
            work(upload)
        finally:
            connection.close()

    threads = [Thread(target=run, args=[upload]) for upload in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for upload in both:
        upload.refresh_from_db()
        assert upload.state == JobState.COMPLETE
        assert_accounted_for(upload)
    assert sum(upload.outcome["registered"] for upload in both) == len(contents(book)) == 7
    assert set.union(*contents(book).values()) == {"VIP"}
    assert_consistent(book)
