"""Two schedulers and two workers on one database: each task of the schedule twice at once does what it does once."""

import pytest
from django.conf import settings
from django.utils.module_loading import import_string

from addressbook.models import Download, Upload
from addressbook.services import downloads, uploads
from tests.addressbook.services.test_concurrency import at_once
from tests.mailerconsole.operations.conftest import lived_in  # noqa: F401 - a fixture
from tests.support.invariants import assert_consistent, contents
from workspace.models import JobState
from workspace.services.work import claiming


def test_every_task_of_the_schedule_twice_at_once_is_harmless(lived_in, book, no_other_worker) -> None:  # noqa: F811
    before, history = contents(book), book.current_edition.address_count
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        task = import_string(entry["task"])
        results = at_once(task, task)
        assert not [result for result in results if isinstance(result, Exception)], entry
    assert contents(book) == before
    assert book.current_edition.address_count == history
    assert_consistent(book)


@pytest.mark.django_db(transaction=True)
def test_two_workers_on_one_upload_and_one_download_do_each_once(send, ask, register, book) -> None:
    register("a@example.com")
    upload, download = send("b@example.com\nc@example.com\n"), ask()

    def work(model, pk, run):
        def act() -> bool:
            claimed = claiming.claim(model, pk)
            if claimed is not None:
                run(claimed)
            return claimed is not None

        return act

    did = at_once(
        *[work(Upload, upload.pk, uploads.run)] * 2,
        *[work(Download, download.pk, downloads.make)] * 2,
    )
    assert sorted(did[:2]) == sorted(did[2:]) == [False, True]
    upload.refresh_from_db()
    download.refresh_from_db()
    assert (upload.state, upload.attempt) == (JobState.CHECKED, 1)
    assert (download.state, download.attempt, download.row_count) == (JobState.COMPLETE, 1, 1)
    assert_consistent(book)
