"""Reset, cancelled, no room, taken over, expired: nothing half visible, and every file has its row (SAFETY, I7)."""

import errno
import os
import time
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from addressbook import actions, limits
from addressbook.models import DepartedAddress, DepartedMembership, Download
from addressbook.services import downloads
from addressbook.services.addresses import memberships, tombstones
from addressbook.services.downloads import DownloadGoneError
from tests.support.downloads import make, path_of, rows_of
from workspace import limits as workspace_limits
from workspace.models import AddressBook, AuditEvent, Edition, JobState
from workspace.services.work import claiming, crash_points, owners
from workspace.services.work.jobs import JobLostError


def files_in(file_store) -> list:
    folder = file_store.parent / "downloads"
    return list(folder.iterdir()) if folder.exists() else []


@pytest.fixture
def at(monkeypatch):
    """Does something when a crash point is reached for the first time."""

    def at(point: str, act) -> None:
        done: list[str] = []

        def reached(here: str) -> None:
            if here == point and not done:
                done.append(here)
                act()

        monkeypatch.setattr(crash_points, "reached", reached)

    return at


@pytest.fixture
def every_beat(monkeypatch) -> None:
    monkeypatch.setattr(limits, "DOWNLOAD_HEARTBEAT_SECONDS", 0)


def reset(book: AddressBook) -> None:
    new = Edition.objects.create(book=book, number=2, opened_at=timezone.now())
    AddressBook.objects.filter(pk=book.pk).update(current_edition=new)


@pytest.mark.parametrize(
    "point", ["download: begin", "download: moment pinned", "download: page written", "download: file stored"]
)
def test_a_reset_ends_it(ask, register, book, at, file_store, every_beat, point) -> None:
    register("a@example.com")
    at(point, lambda: reset(book))
    download = make(ask())
    assert (download.state, download.outcome) == (JobState.FAILED, {"reason": "reset"})
    assert files_in(file_store) == []
    with pytest.raises(DownloadGoneError):
        downloads.retry(book=book, download_id=download.pk, by=None)


@pytest.mark.parametrize("point", ["download: moment pinned", "download: file written", "download: file stored"])
def test_cancelled_at_any_time_there_is_no_file(ask, register, book, by, at, file_store, every_beat, point) -> None:
    register("a@example.com")
    download = ask(scope="search", query="a@")
    at(point, lambda: owners.cancel(Download, book=book, work_id=download.pk, by=by))
    assert make(download).state == JobState.CANCELLED
    assert files_in(file_store) == []
    assert AuditEvent.objects.get(action=actions.MAKE_DOWNLOAD).detail["state"] == JobState.CANCELLED


def test_a_worker_that_lost_it_leaves_nothing_behind(ask, register, at, file_store) -> None:
    register("a@example.com")
    download = ask()

    def take_over() -> None:
        Download.objects.filter(pk=download.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
        assert claiming.claim(Download, download.pk) is not None

    at("download: file stored", take_over)
    with pytest.raises(JobLostError):
        make(download)
    assert files_in(file_store) == []


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_no_room_is_said_and_can_be_tried_again(ask, register, book, by, at, file_store, code) -> None:
    register("a@example.com")

    def full() -> None:
        raise OSError(code, os.strerror(code))

    at("download: page written", full)
    download = make(ask())
    assert (download.state, download.outcome) == (JobState.FAILED, {"reason": "no_space"})
    downloads.retry(book=book, download_id=download.pk, by=by)
    assert make(download).state == JobState.COMPLETE
    assert len(files_in(file_store)) == 1


def test_any_other_fault_is_the_sweepers(ask, register, at) -> None:
    register("a@example.com")

    def fail() -> None:
        raise MemoryError

    at("download: page written", fail)
    download = ask()
    with pytest.raises(MemoryError):
        make(download)
    for _ in range(workspace_limits.JOB_ATTEMPTS):
        Download.objects.filter(pk=download.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
        claiming.wake_forgotten()
        claimed = claiming.claim(Download, download.pk)
    assert claimed is None
    download.refresh_from_db()
    assert download.state == JobState.FAILED


def test_a_group_that_is_gone_before_it_begins(ask, make_group, book) -> None:
    group = make_group("VIP")
    download = ask(scope="group", group_id=group.pk)
    group.delete()
    assert (make(download).state, Download.objects.get().outcome) == (JobState.FAILED, {"reason": "group_gone"})


def test_files_go_when_their_week_is_over_by_the_databases_clock(
    made, register, file_store, django_capture_on_commit_callbacks
) -> None:
    register("a@example.com")
    stays, goes = made(), made()
    weeks = (stays.expires_at - stays.finished_at).total_seconds() / (7 * 24 * 3600)
    assert weeks == pytest.approx(1, rel=1e-4)
    Download.objects.filter(pk=goes.pk).update(expires_at=Now())
    # Times of files say nothing: this one claims to be of tomorrow, that one of long ago.
    path = path_of(goes)
    os.utime(path, (time.time() + 86_400,) * 2)
    os.utime(path_of(stays), (0, 0))
    with django_capture_on_commit_callbacks(execute=True):
        downloads.tidy()
    goes.refresh_from_db()
    assert (goes.state, goes.stored_file, goes.row_count) == (JobState.EXPIRED, "", 1)
    assert files_in(file_store) == [path_of(stays)]


def test_a_clock_that_was_ahead_keeps_no_file_for_longer(made, register) -> None:
    register("a@example.com")
    download = made()
    Download.objects.update(expires_at=Now() + timedelta(days=365))
    downloads.tidy()
    download.refresh_from_db()
    assert download.expires_at < timezone.now() + timedelta(days=limits.DOWNLOAD_KEPT_DAYS, minutes=1)


@pytest.mark.parametrize("age", [-7200, 7200])
def test_stray_files_go_after_an_hour_whatever_their_time(made, register, file_store, age) -> None:
    register("a@example.com")
    download = made()
    folder = file_store.parent / "downloads"
    for name in ("stray", "new"):
        (folder / name).write_text("x")
    os.utime(folder / "stray", (time.time() - age,) * 2)
    downloads.tidy()
    assert {path.name for path in files_in(file_store)} == {"new", path_of(download).name}


def test_a_row_without_its_file_says_so(made, register) -> None:
    register("a@example.com")
    download = made()
    path_of(download).unlink()
    downloads.tidy()
    download.refresh_from_db()
    assert (download.state, download.outcome) == (JobState.FAILED, {"reason": "file_gone"})


def test_a_query_goes_with_the_file_or_after_a_day(ask, register, book) -> None:
    register("a@example.com")
    made, failed = ask(scope="search", query="a@"), ask(scope="search", query="a@")
    make(made)
    Download.objects.filter(pk=failed.pk).update(state="failed", finished_at=timezone.now())
    downloads.tidy()
    assert [d.query for d in Download.objects.order_by("pk")] == ["", "a@"]
    Download.objects.filter(pk=failed.pk).update(finished_at=timezone.now() - timedelta(days=1, seconds=1))
    downloads.tidy()
    failed.refresh_from_db()
    assert failed.query == ""
    assert not downloads.may_retry(failed)


def test_notes_of_departures_go_when_nobody_reads(ask, register, make_group, book) -> None:
    register("a@example.com b@example.com", make_group("VIP"))
    download = ask()
    Download.objects.filter(pk=download.pk).update(state="running", lease_until=timezone.now(), taken_at=timezone.now())
    ids = list(book.current_edition.addresses.values_list("pk", flat=True))
    memberships.delete_addresses(book.current_edition, ids)
    assert (DepartedAddress.objects.count(), DepartedMembership.objects.count()) == (2, 2)
    tombstones.forget_all()
    assert DepartedAddress.objects.count() == 2
    Download.objects.filter(pk=download.pk).update(state="failed", lease_until=None, finished_at=timezone.now())
    tombstones.forget_all()
    assert (DepartedAddress.objects.count(), DepartedMembership.objects.count()) == (0, 0)


def test_rows_without_a_file_and_files_without_a_row_are_refused_by_the_database(ask) -> None:
    download = ask()
    for values in ({"stored_file": "x"}, {"state": "complete", "finished_at": timezone.now()}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Download.objects.filter(pk=download.pk).update(**values)


def test_a_file_begins_at_the_moment_of_its_last_attempt(ask, register, at, book, monkeypatch) -> None:
    register("a@example.com")
    download = ask()

    def die() -> None:
        raise MemoryError

    at("download: file written", die)
    with pytest.raises(MemoryError):
        make(download)
    register("b@example.com")
    Download.objects.filter(pk=download.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert {row[0] for row in rows_of(make(download))} == {"a@example.com", "b@example.com"}
