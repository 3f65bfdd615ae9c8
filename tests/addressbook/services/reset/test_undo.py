from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from addressbook import actions, limits
from addressbook.models import Erasure, Group, Job, Removal, Upload
from addressbook.models.sync import BookSync
from addressbook.services.addresses.groups import TooManyGroupsError
from addressbook.services.reset import erasing, restoring
from addressbook.services.reset.editions import ContentsChangedError
from addressbook.services.reset.restoring import CopyGoneError, Newcomers
from tests.addressbook.services.test_concurrency import at_once
from tests.support.invariants import assert_consistent, contents
from tests.support.resets import erase_all
from workspace import limits as workspace_limits
from workspace.models import AddressBook, AuditEvent, Edition, JobState
from workspace.services.work import claiming, jobs


@pytest.fixture
def copy(do_reset, make_group, register) -> int:
    """The number of an edition with two addresses, one of them in the group VIP, that was reset away."""
    register("a@example.com", make_group("VIP"))
    register("b@example.com")
    return do_reset().number


BEFORE = {"a@example.com": {"VIP"}, "b@example.com": set()}


def newcomers(make_group, register) -> None:
    register("B@example.com c@example.com", make_group("New"))
    register("c@example.com", make_group("VIP"))


MERGED = {"a@example.com": {"VIP"}, "b@example.com": {"New"}, "c@example.com": {"VIP", "New"}}


def work() -> None:
    for job_id in Job.objects.unfinished().values_list("pk", flat=True):
        jobs.work_on(claiming.claim(Job, job_id))


def test_undo_brings_everything_back(book, copy, undo) -> None:
    done = undo(copy)
    assert (done.groups, done.addresses, done.merged) == (1, 2, {})
    assert contents(book) == BEFORE
    current = AddressBook.objects.get(pk=book.pk).current_edition
    assert (current.number, current.closed_at, current.erase_after) == (copy, None, None)
    assert_consistent(book)


def test_the_empty_edition_of_a_reset_goes_with_its_undo(copy, undo) -> None:
    undo(copy)
    assert Erasure.objects.get().edition.number == 2
    assert not Edition.objects.restorable().exists()


def test_newcomers_are_merged_and_counted(book, copy, undo, make_group, register) -> None:
    newcomers(make_group, register)
    done = undo(copy, Newcomers.MERGE)
    assert done.merged == {"groups_created": 1, "registered": 1, "already_there": 1, "added_to_group": 3}
    assert contents(book) == MERGED
    assert_consistent(book)


def test_who_was_there_keeps_how_it_was_typed(book, copy, undo, make_group, register) -> None:
    newcomers(make_group, register)
    undo(copy, Newcomers.MERGE)
    current = AddressBook.objects.get(pk=book.pk).current_edition
    assert current.addresses.get(key="b@example.com").email == "b@example.com"


def test_newcomers_are_set_aside(book, copy, undo, make_group, register) -> None:
    newcomers(make_group, register)
    undo(copy, Newcomers.ASIDE)
    assert contents(book) == BEFORE
    assert [edition.number for edition in restoring.copies(book)] == [2]
    assert_consistent(book)


@pytest.mark.parametrize("choice", list(Newcomers))
def test_an_undo_can_be_undone_and_that_again(choice, book, copy, undo, make_group, register) -> None:
    newcomers(make_group, register)
    before = contents(book)
    undo(copy, choice)
    after = contents(book)
    undo(2, Newcomers.ASIDE)
    assert contents(book) == before
    undo(copy, Newcomers.ASIDE)
    assert contents(book) == after
    assert_consistent(book)


def test_many_newcomers_are_merged_by_a_job(book, copy, undo, make_group, register, monkeypatch) -> None:
    monkeypatch.setattr(limits, "ROWS_WITHIN_A_CLICK", 2)
    monkeypatch.setattr(limits, "ROWS_PER_JOB_BATCH", 1)
    newcomers(make_group, register)
    done = undo(copy, Newcomers.MERGE)
    assert contents(book) == BEFORE
    work()
    job = Job.objects.get(pk=done.job_id)
    assert (job.state, job.rows_done, job.rows_total) == (JobState.COMPLETE, 2, 2)
    assert job.outcome == {"registered": 1, "already_there": 1, "added_to_group": 3}
    assert contents(book) == MERGED
    assert AuditEvent.objects.get(action=actions.MERGE_ADDRESSES).detail["registered"] == 1
    assert_consistent(book)


def test_a_merger_ends_with_the_next_reset(book, copy, undo, do_reset, make_group, register, monkeypatch) -> None:
    monkeypatch.setattr(limits, "ROWS_WITHIN_A_CLICK", 2)
    newcomers(make_group, register)
    undo(copy, Newcomers.MERGE)
    do_reset()
    assert Job.objects.get().outcome["reason"] == "reset"
    assert contents(book) == {}


def test_a_copy_is_not_erased_while_a_merger_reads_it(book, by, copy, undo, make_group, register, monkeypatch) -> None:
    monkeypatch.setattr(limits, "ROWS_WITHIN_A_CLICK", 2)
    newcomers(make_group, register)
    undo(copy, Newcomers.MERGE)
    Edition.objects.filter(number=2).update(erase_after=timezone.now() - timedelta(seconds=5))
    assert erasing.start_due() == 0
    with pytest.raises(CopyGoneError):
        restoring.erase_copy(book=book, number=2, by=by)
    work()
    assert erasing.start_due() == 1
    assert contents(book) == MERGED


def test_undo_with_too_many_groups_says_so_and_changes_nothing(
    book, copy, undo, make_group, register, monkeypatch
) -> None:
    newcomers(make_group, register)
    before = contents(book)
    monkeypatch.setattr(workspace_limits, "GROUPS_PER_BOOK", 1)
    with pytest.raises(TooManyGroupsError):
        undo(copy, Newcomers.MERGE)
    assert contents(book) == before
    assert Group.objects.filter(edition__number=copy).count() == 1


def test_undo_asks_again_when_the_book_has_changed(book, copy, undo, seen, register) -> None:
    before = seen()
    register("c@example.com")
    with pytest.raises(ContentsChangedError):
        undo(copy, seen=before)
    assert set(contents(book)) == {"c@example.com"}


@pytest.mark.parametrize("why", ["no such", "current", "time over", "being erased", "other book"])
def test_only_a_living_copy_comes_back(why, book, by, copy, undo) -> None:
    if why == "time over":
        Edition.objects.filter(number=copy).update(erase_after=timezone.now() - timedelta(seconds=5))
    elif why == "being erased":
        restoring.erase_copy(book=book, number=copy, by=by)
    elif why == "other book":
        from workspace.models import Region, Zone
        from workspace.services.books import books

        other = books.create_book(name="Other", zone=Zone.PUBLIC, region=Region.KR, by=by)
        Edition.objects.filter(book=book, number=copy).update(book=other, number=7)
    with pytest.raises(CopyGoneError):
        undo({"no such": 4711, "current": 2, "other book": 7}.get(why, copy))
    assert contents(book) == {}


def test_an_undo_sent_twice_has_one_effect_and_one_answer(book, copy, undo, seen, make_group, register) -> None:
    newcomers(make_group, register)
    before, token = seen(), uuid4()
    answers = [undo(copy, seen=before, token=token) for _ in range(2)]
    assert answers[0] == answers[1]
    assert AuditEvent.objects.filter(action=actions.UNDO_RESET).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_undos_at_once_make_one(book, copy, undo, seen) -> None:
    before = seen()
    results = at_once(*[lambda: undo(copy, seen=before)] * 2)
    assert sum(isinstance(result, CopyGoneError) for result in results) == 1
    assert contents(book) == BEFORE


@pytest.mark.django_db(transaction=True)
def test_undo_and_erasing_at_once_never_restore_what_is_being_erased(book, by, copy, undo, seen) -> None:
    before = seen()
    restored, erased = at_once(
        lambda: undo(copy, seen=before), lambda: restoring.erase_copy(book=book, number=copy, by=by)
    )
    assert isinstance(restored, CopyGoneError) != isinstance(erased, CopyGoneError)
    erase_all()
    assert contents(book) == ({} if isinstance(restored, CopyGoneError) else BEFORE)
    assert_consistent(book)


def test_uploads_into_the_newer_edition_are_stopped(copy, undo, send, register) -> None:
    register("c@example.com")
    upload = send("email\nd@example.com\n")
    undo(copy)
    upload.refresh_from_db()
    assert (upload.state, upload.outcome["reason"], upload.edition.number) == (JobState.FAILED, "reset", copy)
    assert Upload.objects.unfinished().count() == 0


def test_the_sync_sends_everything_again(book, undo, do_reset, register) -> None:
    sync = BookSync.objects.create(book=book, is_on=True, is_compared=True)
    register("a@example.com")
    address = book.current_edition.addresses.get()
    BookSync.objects.filter(pk=sync.pk).update(addresses_sent=address.pk, addresses_confirmed=address.pk)
    undo(do_reset().number)
    sync.refresh_from_db()
    assert sync.addresses_sent == 0
    assert [removal.kind for removal in Removal.objects.all()] == ["reset"]


def test_the_preview_counts_what_is_in_both(book, copy, make_group, register) -> None:
    newcomers(make_group, register)
    preview = restoring.preview(book, copy)
    assert (preview.copy.addresses, preview.now.addresses, preview.known) == (2, 2, 1)


def test_the_preview_of_a_large_book_is_not_counted(book, copy, register, monkeypatch) -> None:
    monkeypatch.setattr(limits, "ADDRESSES_COMPARED", 0)
    register("c@example.com")
    assert restoring.preview(book, copy).known is None
