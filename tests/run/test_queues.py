"""A long upload keeps every process for changes busy; downloads are made and the sync goes on all the same."""

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from celery import current_app
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from addressbook.models import Download, Upload
from addressbook.services import downloads, sync, uploads
from libraries.outbound_mailer.simulator import DEFAULT_ACCOUNT
from mailerconsole.operations.supervisor import read_procfile
from mailings.services.sending import lease
from tests.support.stack import wait_for
from workspace.models import JobState
from workspace.models.work import kinds
from workspace.services.books import keys
from workspace.services.work import jobs

KEYS = DEFAULT_ACCOUNT.credentials
SECONDS = 60
# As many as the Procfile gives to changes.
PROCESSES = 2


class HeldUpload:
    """An upload whose file is a pipe: the worker that opens it waits until it is let go."""

    CONTENT = b"email\nheld@example.com\n"

    def __init__(self, book, by) -> None:
        options = {"group_id": None, "name": "list.csv", "token": uuid4(), "by": by}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(current_app, "send_task", lambda *args, **more: None)
            self.upload = uploads.receive(book=book, file=ContentFile(self.CONTENT), **options)
        self.path = Path(default_storage.path(self.upload.stored_file))
        self.path.unlink()
        os.mkfifo(self.path)
        jobs.announce(self.upload)

    def state(self) -> str:
        self.upload.refresh_from_db()
        return self.upload.state

    def let_go(self) -> None:
        """The worker reads the pipe to its end, and finds a file from then on."""
        with self.path.open("wb") as pipe:
            file = self.path.with_suffix(".whole")
            file.write_bytes(self.CONTENT)
            file.replace(self.path)
            pipe.write(self.CONTENT)


@pytest.fixture
def held(stack, book, by) -> Iterator[list[HeldUpload]]:
    held = [HeldUpload(book, by) for _ in range(PROCESSES)]
    wait_for(lambda: [one.state() for one in held] == [JobState.RUNNING] * PROCESSES, SECONDS)
    yield held
    for one in held:
        if one.path.is_fifo():
            one.let_go()
    wait_for(lambda: not Upload.objects.unfinished().exists(), SECONDS)


def test_downloads_and_sync_go_on_while_long_uploads_run(held, stack, remote, book, by, register) -> None:
    register("a@example.com b@example.com")
    account = {"access_key": KEYS.access_key, "secret_key": KEYS.secret_key, "base_url": remote.base_url}
    keys.change_keys(book=book, **account, token=uuid4(), by=by)
    sync.turn_on(book=book, by=by)
    wanted = {"scope": "book", "format": "xlsx", "group_id": None, "query": "", "reason": "", "language": "en"}
    download = downloads.request(book=book, **wanted, token=uuid4(), by=by)

    def is_made() -> bool:
        return Download.objects.get(pk=download.pk).state == JobState.COMPLETE

    wait_for(is_made, SECONDS, lambda: stack.log("worker")[-2000:])
    wait_for(lambda: sync.status(book).state == "in_sync", SECONDS, lambda: stack.log("worker")[-2000:])
    assert set(remote.book(KEYS.access_key).addresses) == {"a@example.com", "b@example.com"}
    assert [one.state() for one in held] == [JobState.RUNNING] * PROCESSES
    for one in held:
        one.let_go()
    wait_for(lambda: [one.state() for one in held] == [JobState.CHECKED] * PROCESSES, SECONDS)


@pytest.mark.engine_independent
def test_every_kind_of_work_has_a_queue_that_a_worker_serves() -> None:
    served = {
        queue
        for command in read_procfile().values()
        if " worker " in command
        for queue in command.split("--queues ")[1].split()[0].split(",")
    }
    queues = {kind: kind.QUEUE for kind in kinds()}
    assert queues.pop(Download) == "downloads"
    assert set(queues.values()) == {"changes"}
    mail = current_app.amqp.router.route({}, lease.TASK)["queue"].name
    assert mail == "mail"
    assert served == {"changes", "downloads", mail, settings.CELERY_TASK_DEFAULT_QUEUE}
