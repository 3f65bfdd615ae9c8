"""Files made to hurt, through the real worker: each ends as a sentence, and the worker never notices."""

from uuid import uuid4

import psutil
import pytest
from django.core.files.base import ContentFile

from addressbook import limits
from addressbook.models import Upload
from addressbook.services import uploads
from tests.libraries.spreadsheets.attacks import ATTACKS
from tests.support.stack import Stack, wait_for
from tests.support.uploads import counts
from workspace.models import JobState
from workspace.services.work import owners

# The limit on processor time is what ends an attack; the machine may be busy with other tests meanwhile.
SECONDS = 120


@pytest.fixture
def checked_by_worker(stack: Stack, book, by):
    """Sends files, as many at a time as a book may have, and returns their uploads once the worker is done with them.

    Their owner then gives up what could be registered, which makes room for the next.
    """

    def checked(files: dict[str, tuple[str, bytes]]) -> list[Upload]:
        found: list[Upload] = []
        left = list(files.values())
        while left:
            now, left = left[: limits.UPLOADS_PER_BOOK], left[limits.UPLOADS_PER_BOOK :]
            found.extend(checked_together(now))
        return found

    def checked_together(files: list[tuple[str, bytes]]) -> list[Upload]:
        sent = [
            uploads.receive(book=book, group_id=None, file=ContentFile(content), name=name, token=uuid4(), by=by).pk
            for name, content in files
        ]
        found = Upload.objects.filter(pk__in=sent).order_by("pk")
        wait_for(lambda: not found.unfinished().exists(), SECONDS, lambda: stack.log("changes")[-3000:])
        as_checked = list(found)
        for upload in as_checked:
            owners.cancel(Upload, book=book, work_id=upload.pk, by=by)
        return as_checked

    return checked


def worker_pids(stack: Stack) -> set[int]:
    """The pool of the worker, without the children that parse files."""
    (parent,) = [
        process
        for process in psutil.Process(stack.pid).children()
        if process.status() != psutil.STATUS_ZOMBIE and "worker --queues changes" in " ".join(process.cmdline())
    ]
    return {parent.pid, *(child.pid for child in parent.children())}


@pytest.mark.engine_independent
@pytest.mark.timeout(SECONDS + 60)
def test_every_attack_is_refused_by_a_worker_that_lives_on(checked_by_worker, stack) -> None:
    good = {"good": ("list.csv", b"email\na@example.com\n")}
    assert counts(*checked_by_worker(good))["new"] == 1
    before = worker_pids(stack)
    attacks = {name: attack for name, attack in ATTACKS.items() if name != "a byte too many"}
    found = checked_by_worker({name: (file, make()) for name, (file, make, _) in attacks.items()})
    for upload, (name, (_, _, codes)) in zip(found, attacks.items(), strict=True):
        assert (upload.outcome.get("refusal") or upload.check_result.get("refusal")) in codes, name
        assert upload.state in (JobState.REFUSED, JobState.CHECKED), name
        assert upload.attempt == 1, name
    assert worker_pids(stack) == before
    assert counts(*checked_by_worker(good))["new"] == 1
