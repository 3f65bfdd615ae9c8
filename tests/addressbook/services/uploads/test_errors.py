"""A full disk, a failing database, no memory at every crash point: the report and the book come out whole (I5)."""

import errno
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.db import OperationalError
from django.utils import timezone

from addressbook import limits
from addressbook.models import Upload
from addressbook.services import uploads
from addressbook.services.addresses import groups
from tests.addressbook.services.uploads.doomed import CONTENT
from tests.support.invariants import assert_consistent, contents
from tests.support.uploads import assert_accounted_for, work
from workspace.models import JobState, Region, Zone
from workspace.services.books import books
from workspace.services.work import claiming, crash_points

pytestmark = pytest.mark.django_db(transaction=True)

EXPECTED = {f"u{n}@example.com": {"Gold"} if n % 2 else {"VIP"} for n in range(5)}
ERRORS = {
    "disk": OSError(errno.ENOSPC, "No space left on device"),
    "database": OperationalError("disk I/O error"),
    "memory": MemoryError(),
}


@pytest.fixture
def strike(monkeypatch):
    """Raises the error at the n-th crash point from now (0: at none); returns the list of the points reached."""

    def strike(fatal: int, error: Exception) -> list[str]:
        reached: list[str] = []

        def fail(point: str) -> None:
            reached.append(point)
            if len(reached) == fatal:
                raise error

        monkeypatch.setattr(crash_points, "reached", fail)
        return reached

    return strike


@pytest.fixture
def upload_in(send, by, monkeypatch, strike, reading_in_this_process):
    """A new upload in a book of its own that waits for the phase."""
    monkeypatch.setattr(limits, "ROWS_PER_UPLOAD_BATCH", 2)

    def upload_in(phase: str) -> Upload:
        strike(0, MemoryError())
        book = books.create_book(name="Fault", zone=Zone.PUBLIC, region=Region.KR, by=by)
        group = groups.create_group(book=book, name="VIP", token=uuid4(), by=by)
        upload = send(CONTENT, book=book)
        if phase == "apply":
            upload = work(upload)
            uploads.apply(book=book, upload_id=upload.pk, group_id=group.pk, seen=upload.attempt, by=by)
        return upload

    return upload_in


def names_of_files() -> set[str]:
    rows = Upload.objects.values_list("stored_file", "rows_file", "refused_file")
    return {name.removeprefix("uploads/") for row in rows for name in row if name}


@pytest.mark.parametrize("kind", ERRORS)
@pytest.mark.parametrize("phase", ["check", "apply"])
def test_work_goes_on_after_an_error_at_any_point(phase, kind, upload_in, strike, file_store) -> None:
    whole = upload_in(phase)
    points = strike(0, ERRORS[kind])
    whole = work(whole)
    assert len(points) >= 5
    for fatal in range(1, len(points) + 1):
        upload = upload_in(phase)
        strike(fatal, ERRORS[kind])
        with pytest.raises(type(ERRORS[kind])):
            work(upload)
        strike(0, ERRORS[kind])
        upload.refresh_from_db()
        if upload.state == JobState.RUNNING:
            Upload.objects.filter(pk=upload.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
            assert claiming.wake_forgotten() >= 1
            upload = work(upload)
        where = f"{points[fatal - 1]} ({fatal})"
        assert (upload.state, upload.check_result, upload.outcome) == (
            whole.state,
            whole.check_result,
            whole.outcome,
        ), where
        assert_accounted_for(upload)
        if phase == "apply":
            assert contents(upload.edition.book) == EXPECTED, where
        assert_consistent(upload.edition.book)
    # What was stored is what rows name: an error, unlike a kill, leaves nothing to be swept.
    assert {path.name for path in file_store.iterdir()} == names_of_files()


@pytest.mark.parametrize("kind", ERRORS)
def test_a_file_that_could_not_be_received_is_not_there(kind, book, by, send, strike, file_store) -> None:
    points = strike(0, ERRORS[kind])
    send(CONTENT)
    for fatal in range(1, len(points) + 1):
        token = uuid4()
        strike(fatal, ERRORS[kind])
        with pytest.raises(type(ERRORS[kind])):
            send(CONTENT, token=token)
        assert {path.name for path in file_store.iterdir()} == names_of_files()
        strike(0, ERRORS[kind])
        before = Upload.objects.count()
        uploads.receive(book=book, group_id=None, file=ContentFile(CONTENT.encode()), name="a.csv", token=token, by=by)
        assert Upload.objects.count() == before + 1
