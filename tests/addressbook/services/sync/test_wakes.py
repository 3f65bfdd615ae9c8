"""Which acts wake the sync: those that change what it sends, and no other."""

import pytest

from addressbook.models import BookSync, Download
from addressbook.services import downloads
from addressbook.services.downloads import housekeeping
from tests.support.downloads import make
from tests.support.uploads import work
from workspace.models import JobState, Role
from workspace.services.books import books
from workspace.services.work import owners

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def asleep(book) -> None:
    BookSync.objects.create(book=book, is_on=True, is_compared=True, next_look_at=None)


def is_awake() -> bool:
    return BookSync.objects.get().next_look_at is not None


def test_what_is_registered_wakes_it(register) -> None:
    register("a@example.com")
    assert is_awake()


def test_a_download_from_the_asking_to_its_end_does_not(book, ask, by) -> None:
    download = make(ask())
    housekeeping._close(download, JobState.EXPIRED)
    other = ask()
    owners.cancel(Download, book=book, work_id=other.pk, by=by)
    downloads.retry(book=book, download_id=other.pk, by=by)
    assert not is_awake()


def test_an_upload_that_is_only_checked_does_not(send) -> None:
    work(send("a@example.com\n"))
    assert not is_awake()


def test_a_new_member_does_not(book, by, charlie) -> None:
    books.add_member(book=book, username=charlie.username, role=Role.VIEWER, by=by)
    assert not is_awake()
