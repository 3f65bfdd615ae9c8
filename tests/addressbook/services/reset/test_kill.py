"""kill -9 at every crash point: reset and undo are whole or absent; erasing, merging, forgetting end as without."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.utils import timezone

from addressbook import actions, limits
from addressbook.models import Address, Erasure, Group, Job, Upload
from addressbook.services.addresses import groups, registration
from addressbook.services.addresses.selection import Selection
from addressbook.services.reset import editions, forget_person, reset, restoring
from tests.support.invariants import assert_consistent, contents
from tests.support.kill import Doom, telling
from tests.support.uploads import work
from workspace.models import AddressBook, AuditEvent, Edition, JobState, LeasedWork, Region, Zone
from workspace.services.books import books
from workspace.services.work import claiming, jobs

LIMITS = {
    "ROWS_PER_ERASING_BATCH": 2,
    "ROWS_PER_ERASING_BATCH_LEAST": 2,
    "ROWS_PER_JOB_BATCH": 2,
    "ROWS_WITHIN_A_CLICK": 2,
}

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]

BEFORE = {f"u{n}@example.com": {"VIP"} if n < 3 else set() for n in range(5)}
AFTER = {"u0@example.com": {"New"}, "v@example.com": {"New"}, "w@example.com": {"New"}}
MERGED = BEFORE | {"u0@example.com": {"VIP", "New"}, "v@example.com": {"New"}, "w@example.com": {"New"}}


@pytest.fixture
def doom(dooms: Doom) -> Callable[..., list[str]]:
    """Runs a function of `doomed` until the crash point; the points that were reached."""

    def doom(fatal: int, folder: Path, act: str, *arguments: object) -> list[str]:
        return dooms.run(fatal, folder, f"tests.addressbook.services.reset.doomed:{act}", *arguments, **LIMITS)

    return doom


@pytest.fixture(autouse=True)
def few_rows_within_a_click(monkeypatch, no_other_worker) -> None:
    monkeypatch.setattr(limits, "ROWS_WITHIN_A_CLICK", 2)
    monkeypatch.setattr(limits, "ROWS_PER_JOB_BATCH", 2)
    monkeypatch.setattr(limits, "ROWS_PER_ERASING_BATCH", 2)


@pytest.fixture
def new_book(by):
    """A book of its own for every run: five addresses, two groups."""

    def new_book() -> AddressBook:
        book = books.create_book(name="Kill", zone=Zone.PUBLIC, region=Region.KR, by=by)
        vip = groups.create_group(book=book, name="VIP", token=uuid4(), by=by)
        groups.create_group(book=book, name="Empty", token=uuid4(), by=by)
        for names, group in ((range(3), vip.pk), (range(3, 5), None)):
            text = " ".join(f"u{n}@example.com" for n in names)
            registration.register_typed(book=book, group_id=group, text=text, token=uuid4(), by=by)
        return book

    return new_book


def do_reset(book: AddressBook, by, *, keep_copy: bool) -> None:
    seen = editions.contents(Edition.objects.get(current_of=book))
    reset.reset(book=book, seen=seen, keep_copy=keep_copy, token=uuid4(), by=by)


def register_newcomers(book: AddressBook, by) -> None:
    group = groups.create_group(book=book, name="New", token=uuid4(), by=by)
    registration.register_typed(book=book, group_id=group.pk, text=" ".join(AFTER), token=uuid4(), by=by)


def lose_lease(found: LeasedWork) -> None:
    """What happens once the lease of the killed worker has run out."""
    rows = type(found)._default_manager.filter(pk=found.pk, state=JobState.RUNNING)
    rows.update(lease_until=timezone.now() - timedelta(seconds=1))


def lines(book: AddressBook, action: str) -> int:
    return AuditEvent.objects.filter(book_id=book.pk, action=action).count()


def test_a_web_process_killed_in_a_reset_has_done_all_or_nothing(new_book, by, file_store, doom) -> None:
    points = doom(0, file_store, "reset", new_book().pk, by.user.pk, uuid4())
    assert len(points) == 2
    for fatal in telling(points):
        book, token = new_book(), uuid4()
        doom(fatal, file_store, "reset", book.pk, by.user.pk, token)
        assert contents(book) == BEFORE
        assert not Erasure.objects.filter(edition__book=book).exists()
        for _again in range(2):
            doom(0, file_store, "reset", book.pk, by.user.pk, token)
        assert contents(book) == {}
        assert lines(book, actions.RESET_BOOK) == 1
        assert Erasure.objects.filter(edition__book=book).count() == 1


def test_a_web_process_killed_in_an_undo_has_done_all_or_nothing(new_book, by, file_store, doom) -> None:
    def closed_book() -> AddressBook:
        book = new_book()
        do_reset(book, by, keep_copy=True)
        register_newcomers(book, by)
        return book

    points = doom(0, file_store, "undo", closed_book().pk, by.user.pk, uuid4())
    assert len(points) == 2
    for fatal in telling(points):
        book, token = closed_book(), uuid4()
        doom(fatal, file_store, "undo", book.pk, by.user.pk, token)
        assert contents(book) == AFTER
        doom(0, file_store, "undo", book.pk, by.user.pk, token)
        assert contents(book) == BEFORE
        jobs.work_on(claiming.claim(Job, Job.objects.get(edition__book=book).pk))
        assert contents(book) == MERGED


def test_a_worker_killed_in_a_merger_copies_all_and_counts_it_once(new_book, by, file_store, doom) -> None:
    def job_of() -> Job:
        book = new_book()
        do_reset(book, by, keep_copy=True)
        register_newcomers(book, by)
        seen = editions.contents(Edition.objects.get(current_of=book))
        merge = restoring.Newcomers.MERGE
        done = restoring.undo_reset(book=book, number=1, seen=seen, newcomers=merge, token=uuid4(), by=by)
        return Job.objects.get(pk=done.job_id)

    points = doom(0, file_store, "merge", job_of().pk)
    assert len(points) >= 5, points
    for fatal in telling(points):
        job = job_of()
        doom(fatal, file_store, "merge", job.pk)
        lose_lease(job)
        if (claimed := claiming.claim(Job, job.pk)) is not None:
            jobs.work_on(claimed)
        job.refresh_from_db()
        where = f"{points[fatal - 1]} ({fatal})"
        assert job.outcome == {"registered": 2, "already_there": 1, "added_to_group": 3}, where
        assert contents(job.edition.book) == MERGED, where
        assert_consistent(job.edition.book)


def test_a_worker_killed_in_an_erasing_leaves_nothing_behind(new_book, by, file_store, send, doom) -> None:
    def erasure_of() -> Erasure:
        book = new_book()
        upload = work(send("email\nz@example.com\nwrong\n", book=book))
        from addressbook.services import uploads

        uploads.apply(book=book, upload_id=upload.pk, group_id=None, seen=upload.attempt, by=by)
        work(upload)
        do_reset(book, by, keep_copy=False)
        return Erasure.objects.get(edition__book=book)

    points = doom(0, file_store.parent, "erase", erasure_of().pk)
    assert len(points) >= 10, points
    for fatal in telling(points):
        erasure = erasure_of()
        book = erasure.edition.book
        doom(fatal, file_store.parent, "erase", erasure.pk)
        lose_lease(erasure)
        assert_consistent(book)
        if (claimed := claiming.claim(Erasure, erasure.pk)) is not None:
            jobs.work_on(claimed)
        where = f"{points[fatal - 1]} ({fatal})"
        assert Edition.objects.filter(book=book).count() == 1, where
        for model in (Address, Group, Upload):
            assert not model.objects.filter(edition__book=book).exists(), where
        event = AuditEvent.objects.get(book_id=book.pk, action=actions.ERASE_EDITION)
        assert event.detail == {"edition": 1, "addresses": 6, "groups": 2, "rewritten": True}, where
    assert list(file_store.iterdir()) == []


def test_a_worker_killed_in_forgetting_forgets_all_the_same(new_book, by, file_store, send, doom) -> None:
    def job_of() -> Job:
        book = new_book()
        do_reset(book, by, keep_copy=True)
        register_newcomers(book, by)
        work(send("email\nu0@example.com\n", book=book))
        chosen = Address.objects.get(edition__current_of=book, key="u0@example.com")
        everything = Selection(None, address_ids=(chosen.pk,))
        done = forget_person.erase_traces(book=book, selection=everything, token=uuid4(), by=by)
        return Job.objects.get(pk=done.job_id)

    points = doom(0, file_store.parent, "forget", job_of().pk)
    assert len(points) >= 4, points
    for fatal in telling(points):
        job = job_of()
        doom(fatal, file_store.parent, "forget", job.pk)
        lose_lease(job)
        if (claimed := claiming.claim(Job, job.pk)) is not None:
            jobs.work_on(claimed)
        job.refresh_from_db()
        where = f"{points[fatal - 1]} ({fatal})"
        assert (job.state, job.parameters) == (JobState.COMPLETE, {}), where
        assert not Address.objects.filter(edition__book=job.edition.book, key="u0@example.com").exists(), where
        assert lines(job.edition.book, actions.ERASE_TRACES) == 1, where
        assert_consistent(job.edition.book)
    assert list(file_store.iterdir()) == []
