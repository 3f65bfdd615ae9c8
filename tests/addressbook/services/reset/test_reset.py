from contextlib import suppress
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from addressbook import actions, limits
from addressbook.models import Erasure, Job, Removal, Upload
from addressbook.models.sync import BookSync
from addressbook.services import uploads
from addressbook.services.addresses import bulk, selection
from addressbook.services.reset.editions import Contents, ContentsChangedError
from addressbook.services.reset.reset import NothingToResetError
from addressbook.services.uploads import checking
from tests.addressbook.services.test_concurrency import at_once
from tests.support.downloads import make, path_of
from tests.support.invariants import assert_consistent, contents
from workspace.models import AddressBook, AuditEvent, Edition, JobState
from workspace.services.work import claiming, crash_points, jobs


def test_reset_empties_the_book_and_keeps_a_copy_for_a_week(book, do_reset, make_group, register) -> None:
    register("a@example.com b@example.com", make_group("VIP"))
    done = do_reset()
    assert (done.groups, done.addresses, done.kept) == (1, 2, True)
    assert contents(book) == {}
    old = Edition.objects.get(number=1)
    assert old.erase_after - old.closed_at == timedelta(days=limits.RECOVERY_COPY_DAYS)
    assert abs(old.closed_at - timezone.now()) < timedelta(minutes=1)
    assert (old.address_count, old.groups.get().address_count) == (2, 2)
    assert not Erasure.objects.exists()
    assert_consistent(book)


def test_reset_that_keeps_nothing_begins_to_erase(book, do_reset, register) -> None:
    register("a@example.com")
    do_reset(keep_copy=False)
    erasure = Erasure.objects.get()
    assert (erasure.edition.number, erasure.rows_total, erasure.requester) == (1, 1, "alice")
    assert not Edition.objects.restorable().exists()


def test_the_history_says_what_went_and_for_how_long(book, do_reset, make_group, register) -> None:
    register("a@example.com", make_group("VIP"))
    do_reset()
    event = AuditEvent.objects.get(action=actions.RESET_BOOK)
    assert event.action == "reset_book"
    assert event.detail == {"edition": 1, "groups": 1, "addresses": 1, "days_kept": 7}


@pytest.mark.parametrize("change", ["address", "group", "reset"])
def test_reset_asks_again_when_the_book_has_changed(change, book, do_reset, seen, make_group, register) -> None:
    register("a@example.com")
    before = seen()
    if change == "address":
        register("b@example.com")
    elif change == "group":
        make_group("VIP")
    else:  # and the very same numbers again, but other addresses
        do_reset()
        register("b@example.com")
    with pytest.raises(ContentsChangedError) as changed:
        do_reset(seen=before)
    assert changed.value.now == seen() != before
    assert contents(book)


def test_an_empty_book_is_not_reset(do_reset) -> None:
    with pytest.raises(NothingToResetError):
        do_reset()
    assert Edition.objects.count() == 1


def test_a_reset_sent_twice_has_one_effect_and_one_answer(book, do_reset, seen, register) -> None:
    register("a@example.com")
    before, token = seen(), uuid4()
    first = do_reset(seen=before, token=token)
    register("b@example.com")
    assert do_reset(seen=before, token=token) == first
    assert set(contents(book)) == {"b@example.com"}


@pytest.mark.django_db(transaction=True)
def test_two_resets_at_once_make_one(book, do_reset, seen, register) -> None:
    register("a@example.com")
    before = seen()
    results = at_once(*[lambda: do_reset(seen=before)] * 3)
    assert sum(isinstance(result, ContentsChangedError) for result in results) == 2
    assert Edition.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_double_click_on_reset_makes_one(book, do_reset, seen, register) -> None:
    register("a@example.com")
    before, token = seen(), uuid4()
    results = at_once(*[lambda: do_reset(seen=before, token=token)] * 3)
    assert results[0] == results[1] == results[2]
    assert AuditEvent.objects.filter(action=actions.RESET_BOOK).count() == 1


def test_reset_takes_as_many_statements_for_many_addresses_as_for_few(
    book, do_reset, seen, fill, django_assert_max_num_queries
) -> None:
    fill(3000)
    with django_assert_max_num_queries(40):
        do_reset()


def test_a_reset_of_one_book_leaves_the_others_alone(book, do_reset, register, by) -> None:
    from addressbook.services.addresses import registration
    from workspace.models import Region, Zone
    from workspace.services.books import books

    other = books.create_book(name="Other", zone=Zone.PUBLIC, region=Region.KR, by=by)
    registration.register_typed(book=other, group_id=None, text="o@example.com", token=uuid4(), by=by)
    register("a@example.com")
    do_reset()
    assert set(contents(other)) == {"o@example.com"}


def test_the_sync_is_told_of_one_reset_and_of_no_single_address(book, do_reset, register) -> None:
    BookSync.objects.create(book=book, is_on=True, is_compared=True)
    register("a@example.com b@example.com")
    do_reset()
    assert list(Removal.objects.values_list("kind", "addresses")) == [("reset", [])]


# What was under way -------------------------------------------------------------------------------------------------


@pytest.fixture
def job(book, by, register, monkeypatch) -> Job:
    """A job of three batches, of which the first is done."""
    monkeypatch.setattr(limits, "ROWS_WITHIN_A_CLICK", 2)
    monkeypatch.setattr(limits, "ROWS_PER_JOB_BATCH", 2)
    register(" ".join(f"u{number}@example.com" for number in range(5)))
    everyone = selection.everything(book=book, group_id=None, query="example")
    done = bulk.delete_addresses(book=book, selection=everyone, token=uuid4(), by=by)
    claimed = claiming.claim(Job, done.job_id)
    assert bulk._run_batch(claimed, 2)
    return claimed


def test_a_running_job_is_stopped_by_reset(job, book, do_reset) -> None:
    do_reset()
    with pytest.raises(jobs.JobLostError):
        jobs.work_on(job)
    job.refresh_from_db()
    assert (job.state, job.outcome) == (JobState.FAILED, {"deleted": 2, "reason": "reset"})
    assert Edition.objects.get(number=1).address_count == 3
    event = AuditEvent.objects.get(action=actions.DELETE_ADDRESS)
    assert (event.detail["reason"], event.detail["deleted"]) == ("reset", 2)


def test_what_was_stopped_is_told_in_the_book_as_it_is_now_and_knows_no_address(job, do_reset) -> None:
    do_reset()
    job.refresh_from_db()
    assert (job.edition.number, job.parameters) == (2, {})


@pytest.mark.parametrize(("keep_copy", "name"), [(True, "list.csv"), (False, "")])
def test_the_line_of_a_stopped_upload_names_its_file_unless_all_is_erased(
    book, check, register, do_reset, keep_copy, name
) -> None:
    register("a@example.com")
    upload = check("b@example.com\n")
    do_reset(keep_copy=keep_copy)
    upload.refresh_from_db()
    assert (upload.edition.number, upload.name, upload.stored_file) == (2, name, "")


def test_a_reset_is_possible_while_the_numbers_move(job, book, do_reset, seen, register) -> None:
    """What the user saw is from before the last batch; after the work has ended it would be another matter."""
    before = seen()
    register("between@example.com")
    assert do_reset(seen=before).addresses == before.addresses + 1
    assert_consistent(book)
    before = seen()
    register("after@example.com")
    with pytest.raises(ContentsChangedError):
        do_reset(seen=before)


def test_a_reset_is_possible_while_an_upload_is_applied(book, by, check, do_reset, seen, monkeypatch) -> None:
    monkeypatch.setattr(limits, "ROWS_PER_UPLOAD_BATCH", 1)
    upload = check("a@example.com\nb@example.com\nc@example.com\n")
    uploads.apply(book=book, upload_id=upload.pk, group_id=None, seen=upload.attempt, by=by)
    before = seen()
    reset_after = iter([False, True])

    def stop(point: str) -> None:
        if point == "upload: batch kept" and next(reset_after, False):
            assert do_reset(seen=before).addresses > before.addresses

    monkeypatch.setattr(crash_points, "reached", stop)
    with suppress(jobs.JobLostError):
        jobs.work_on(claiming.claim(Upload, upload.pk))
    upload.refresh_from_db()
    assert (upload.state, upload.outcome["reason"]) == (JobState.FAILED, "reset")
    assert_consistent(book)


@pytest.mark.parametrize("phase", ["waiting", "checking", "checked", "to apply", "applying"])
def test_an_upload_is_stopped_by_reset_in_every_phase(phase, book, by, send, do_reset, register, file_store) -> None:
    register("z@example.com")
    upload = send("email\na@example.com\nwrong\n")
    claimed = None
    if phase != "waiting":
        claimed = claiming.claim(Upload, upload.pk)
    if phase in {"checked", "to apply", "applying"}:
        checking.check_file(claimed)
    if phase in {"to apply", "applying"}:
        uploads.apply(book=book, upload_id=upload.pk, group_id=None, seen=claimed.attempt, by=by)
    if phase == "applying":
        claimed = claiming.claim(Upload, upload.pk)
    with_files = list(file_store.iterdir())
    assert with_files
    do_reset()
    if phase in {"checking", "applying"}:
        with pytest.raises(jobs.JobLostError):
            jobs.work_on(claimed)
    upload.refresh_from_db()
    assert (upload.state, upload.outcome["reason"]) == (JobState.FAILED, "reset")
    assert (upload.files, upload.edition.number) == ([], 2)
    assert "a@example.com" not in str([upload.check_result, upload.groups, upload.choice])


@pytest.mark.django_db(transaction=True)
def test_the_files_of_stopped_uploads_go_at_once(send, check, do_reset, register, file_store) -> None:
    register("z@example.com")
    send("email\na@example.com\n")
    check("email\nb@example.com\nwrong\n")
    do_reset()
    assert list(file_store.iterdir()) == []


def test_a_file_sent_again_after_a_reset_meets_no_fault(book, by, send, do_reset, register, token) -> None:
    register("z@example.com")
    same = token()
    first = send("email\na@example.com\n", token=same)
    do_reset()
    again = send("email\na@example.com\n", token=same)
    assert (again.pk, again.state) == (first.pk, JobState.FAILED)


def test_an_edition_keeps_its_number_to_itself(book, do_reset, undo, register) -> None:
    register("a@example.com")
    first = do_reset()
    undo(first.number)  # the empty second one goes
    Edition.objects.filter(number=2).delete()
    do_reset()
    assert AddressBook.objects.get(pk=book.pk).current_edition.number == 3


def test_a_reset_does_not_wait_for_readers_of_other_books(book, do_reset, register, seen) -> None:
    """It is one transaction of a few rows; on PostgreSQL it takes no lock on a table."""
    register("a@example.com")
    assert isinstance(seen(), Contents)
    do_reset()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND pid = pg_backend_pid()"
            )
            assert cursor.fetchone() == (0,)


def test_a_download_that_is_made_stays_and_one_that_is_not_is_stopped(book, do_reset, register, ask) -> None:
    register("a@example.com")
    made, waiting = make(ask()), ask()
    do_reset()
    for download in (made, waiting):
        download.refresh_from_db()
    assert made.state == JobState.COMPLETE
    assert path_of(made).exists()
    assert (waiting.state, waiting.outcome["reason"]) == (JobState.FAILED, "reset")
