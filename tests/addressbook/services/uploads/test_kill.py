"""kill -9 at every crash point of receive, check and apply: the report and the book are those of a run without (I5)."""

import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.utils import timezone

from addressbook.models import Upload
from addressbook.services import uploads
from addressbook.services.addresses import groups
from tests.addressbook.services.uploads.doomed import CONTENT
from tests.support.invariants import assert_consistent, contents
from tests.support.kill import Doom, telling
from tests.support.uploads import assert_accounted_for, counts, work
from workspace import limits
from workspace.models import AddressBook, JobState, Region, Zone
from workspace.services.books import books
from workspace.services.work import claiming

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]

EXPECTED = {f"u{n}@example.com": {"Gold"} if n % 2 else {"VIP"} for n in range(5)}


@pytest.fixture
def doom(dooms: Doom, file_store: Path) -> Callable[..., list[str]]:
    """Runs a function of `doomed` until the crash point; the points that were reached."""

    def doom(fatal: int, act: str, *arguments: object) -> list[str]:
        target = f"tests.addressbook.services.uploads.doomed:{act}"
        return dooms.run(fatal, file_store.parent, target, *arguments, ROWS_PER_UPLOAD_BATCH=2)

    return doom


@pytest.fixture
def new_book(by):
    """A book of its own for every run, with the group VIP."""

    def new_book() -> tuple[AddressBook, int]:
        book = books.create_book(name="Kill", zone=Zone.PUBLIC, region=Region.KR, by=by)
        return book, groups.create_group(book=book, name="VIP", token=uuid4(), by=by).pk

    return new_book


@pytest.fixture
def upload_in(send, new_book, by, reading_in_this_process):
    """A new upload that waits for the phase."""

    def upload_in(phase: str) -> Upload:
        book, group_id = new_book()
        upload = send(CONTENT, book=book)
        if phase == "apply":
            upload = work(upload)
            uploads.apply(book=book, upload_id=upload.pk, group_id=group_id, seen=upload.attempt, by=by)
        return upload

    return upload_in


def take_over(upload: Upload) -> Upload:
    """What happens once the lease of the killed worker has run out."""
    upload.refresh_from_db()
    if upload.state == JobState.RUNNING:
        Upload.objects.filter(pk=upload.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
        assert claiming.wake_forgotten() >= 1
        upload = work(upload)
    return upload


def assert_no_stray_file(file_store: Path) -> None:
    """I7, after a sweep in an hour."""
    long_ago = time.time() - 3600 * limits.STRAY_FILE_HOURS - 60
    for path in file_store.iterdir():
        os.utime(path, (long_ago, long_ago))
    uploads.tidy()
    rows = Upload.objects.values_list("stored_file", "rows_file", "refused_file")
    named = {name.removeprefix("uploads/") for row in rows for name in row if name}
    assert {path.name for path in file_store.iterdir()} == named


@pytest.mark.parametrize("phase", ["check", "apply"])
def test_a_worker_killed_at_any_point_loses_and_doubles_nothing(phase, upload_in, file_store, doom) -> None:
    whole = upload_in(phase)
    points = doom(0, "work", whole.pk)
    assert len(points) >= 5, points
    whole.refresh_from_db()
    for fatal in telling(points):
        upload = upload_in(phase)
        doom(fatal, "work", upload.pk)
        upload = take_over(upload)
        where = f"{points[fatal - 1]} ({fatal})"
        assert (upload.state, upload.check_result) == (whole.state, whole.check_result), where
        outcomes = [{**run.outcome} for run in (upload, whole)]
        assert outcomes[0] == outcomes[1], where
        assert_accounted_for(upload)
        if phase == "apply":
            assert contents(upload.edition.book) == EXPECTED, where
        assert_consistent(upload.edition.book)
    assert not Upload.objects.unfinished().exists()
    assert_no_stray_file(file_store)


def test_a_web_process_killed_while_it_receives_has_taken_all_or_nothing(new_book, by, file_store, doom) -> None:
    book, _ = new_book()
    points = doom(0, "receive", book.pk, by.user.pk, uuid4())
    assert len(points) == 2
    for fatal in telling(points):
        book, _ = new_book()
        token = uuid4()
        doom(fatal, "receive", book.pk, by.user.pk, token)
        assert not Upload.objects.filter(edition__book=book).exists()
        for _again in range(2):
            doom(0, "receive", book.pk, by.user.pk, token)
        upload = Upload.objects.get(edition__book=book)
        assert counts(work(upload))["new"] == 5
    assert_no_stray_file(file_store)
