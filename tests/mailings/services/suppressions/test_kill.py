"""kill -9 at every crash point of an act on a list: the ledger and the book are those of a run without (I5)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from addressbook import actions as addressbook_actions
from addressbook.models import Upload
from addressbook.services import uploads
from addressbook.services.addresses import registration
from mailings import actions
from mailings.models import Suppression
from tests.support.invariants import assert_consistent, contents
from tests.support.kill import telling
from tests.support.uploads import work
from workspace.models import JobState, Region, Zone
from workspace.services.books import books

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]

PEOPLE = [f"u{number}@example.com" for number in range(5)]


@pytest.fixture
def upload_for(send, by, token, reading_in_this_process):
    """A list in a book of its own that waits for its act."""

    def upload_for(action: str) -> Upload:
        book = books.create_book(name="Kill", zone=Zone.PUBLIC, region=Region.KR, by=by)
        text = " ".join([*PEOPLE[:3], "other@example.com"])
        registration.register_typed(book=book, group_id=None, text=text, token=token(), by=by)
        upload = work(send("\n".join(PEOPLE), book=book, purpose=Upload.Purpose.LIST, action=""))
        values = {"action": action, "group_id": None, "reason": "", "seen": upload.attempt, "by": by}
        return uploads.apply_list(book=book, upload_id=upload.pk, **values)

    return upload_for


@pytest.fixture
def doom(dooms, file_store):
    """A worker that is killed at the crash point (0: at none); the points that it reached."""
    target = "tests.addressbook.services.uploads.doomed:work"
    return lambda fatal, upload: dooms.run(fatal, file_store.parent, target, upload.pk, ROWS_PER_JOB_BATCH=2)


def refused_in(upload: Upload) -> set[str]:
    held = Suppression.objects.unsubscribed().filter(book=upload.edition.book)
    return set(held.values_list("key", flat=True))


@pytest.mark.parametrize("action", [actions.REGISTER_UNSUBSCRIBES, addressbook_actions.DELETE_ADDRESS])
def test_a_worker_killed_at_any_point_loses_and_doubles_nothing(action, upload_for, doom) -> None:
    whole = upload_for(action)
    points = doom(0, whole)
    whole.refresh_from_db()
    for fatal in telling(points):
        upload = upload_for(action)
        doom(fatal, upload)
        upload.refresh_from_db()
        if upload.state == JobState.RUNNING:
            Upload.objects.filter(pk=upload.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
            work(upload)
        where = f"{points[fatal - 1]} ({fatal})"
        assert (upload.state, upload.outcome, upload.rows_done) == (whole.state, whole.outcome, 5), where
        registers = action == actions.REGISTER_UNSUBSCRIBES
        assert refused_in(upload) == (set(PEOPLE) if registers else set()), where
        left = {*PEOPLE[:3], "other@example.com"} if registers else {"other@example.com"}
        assert set(contents(upload.edition.book)) == left, where
        assert_consistent(upload.edition.book)
