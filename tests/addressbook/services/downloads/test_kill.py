"""SIGKILL at every crash point: a file is there whole or not at all, and one row has it (SAFETY, I5 to I7)."""

import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from addressbook.models import DepartedAddress, Download
from addressbook.services import downloads
from tests.support.downloads import groups_in, make, rows_of
from tests.support.invariants import assert_consistent, contents
from tests.support.kill import Doom, telling
from workspace import limits
from workspace.models import JobState
from workspace.services.work import claiming

LIMITS = {"ROWS_PER_DOWNLOAD_PAGE": 2, "LEAST_ROWS_PER_DOWNLOAD_PAGE": 2}

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]


@pytest.fixture
def doom(dooms: Doom) -> Callable[..., list[str]]:
    """Runs a function of `doomed` until the crash point; the points that were reached."""

    def doom(fatal: int, folder: Path, act: str, *arguments: object) -> list[str]:
        return dooms.run(fatal, folder, f"tests.addressbook.services.downloads.doomed:{act}", *arguments, **LIMITS)

    return doom


def assert_one_to_one(files: Path) -> None:
    """I7, after a sweep in an hour."""
    folder = files / "downloads"
    long_ago = time.time() - 3600 * limits.STRAY_FILE_HOURS - 60
    for path in folder.iterdir():
        os.utime(path, (long_ago, long_ago))
    downloads.tidy()
    named = set(Download.objects.exclude(stored_file="").values_list("stored_file", flat=True))
    assert {f"downloads/{path.name}" for path in folder.iterdir()} == named
    assert Download.objects.filter(state=JobState.COMPLETE).count() == len(named)


def test_a_worker_killed_at_any_point_leaves_a_whole_file_or_none(
    ask, register, make_group, book, file_store, doom
) -> None:
    register("a@example.com b@example.com c@example.com", make_group("VIP"))
    whole = ask()
    points = doom(0, file_store.parent, "make", whole.pk)
    assert len(points) >= 9, points
    expected = contents(book)
    for fatal in telling(points):
        download = ask()
        doom(fatal, file_store.parent, "make", download.pk)
        download.refresh_from_db()
        where = f"{points[fatal - 1]} ({fatal})"
        if download.state == JobState.RUNNING:
            Download.objects.filter(pk=download.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
            assert claiming.wake_forgotten() >= 1
            download = make(download)
        assert (download.state, download.row_count) == (JobState.COMPLETE, 3), where
        assert groups_in(rows_of(download)) == expected, where
    assert_consistent(book)
    assert_one_to_one(file_store.parent)
    assert not DepartedAddress.objects.exists()


def test_a_request_is_whole_or_absent(book, by, file_store, no_other_worker, doom) -> None:
    points = doom(0, file_store.parent, "request", book.pk, by.user.pk, uuid4())
    assert points == ["download request: before commit"]
    Download.objects.all().delete()
    token = uuid4()
    doom(1, file_store.parent, "request", book.pk, by.user.pk, token)
    assert not Download.objects.exists()
    for _ in range(2):
        doom(0, file_store.parent, "request", book.pk, by.user.pk, token)
    assert make(Download.objects.get()).state == JobState.COMPLETE


def test_a_sweep_killed_at_any_point_is_made_up_for_by_the_next(ask, register, file_store, doom) -> None:
    register("a@example.com")
    make(ask())
    Download.objects.update(expires_at=Now())
    points = doom(0, file_store.parent, "tidy")
    assert len(points) == 2
    for fatal in telling(points):
        download = make(ask())
        Download.objects.filter(pk=download.pk).update(expires_at=Now())
        doom(fatal, file_store.parent, "tidy")
        downloads.tidy()
        download.refresh_from_db()
        assert download.state == JobState.EXPIRED
        assert_one_to_one(file_store.parent)
