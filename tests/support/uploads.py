"""Uploads as tests make them: sent, checked, accepted, without a worker process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from addressbook.models import Group, Upload
    from libraries.spreadsheets import Batch, Layout
    from workspace.models import AddressBook
    from workspace.services.history.audit import Actor


@pytest.fixture
def file_store(settings, tmp_path: Path) -> Path:
    """The folder of the stored files, of this test alone."""
    settings.MEDIA_ROOT = tmp_path / "files"
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "incoming"
    settings.FILE_UPLOAD_TEMP_DIR.mkdir()
    return settings.MEDIA_ROOT / "uploads"


@pytest.fixture
def no_other_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeps what is announced from the worker of `stack`, where that runs on the same database."""
    from celery import current_app

    monkeypatch.setattr(current_app, "send_task", lambda *arguments, **options: None)


@pytest.fixture
def send(book: AddressBook, by: Actor, file_store: Path, no_other_worker: None) -> Callable[..., Upload]:
    """Sends a file and leaves the upload waiting for its check."""
    from django.core.files.base import ContentFile

    from addressbook.services import uploads

    def send(content: bytes | str, name: str = "list.csv", group: Group | None = None, **options) -> Upload:
        file = ContentFile(content.encode() if isinstance(content, str) else content)
        group_id = group.pk if group else None
        values = {"book": book, "token": uuid4(), "by": by, **options}
        return uploads.receive(group_id=group_id, file=file, name=name, **values)

    return send


@pytest.fixture
def check(send: Callable[..., Upload]) -> Callable[..., Upload]:
    """Sends a file and checks it."""
    return lambda *args, **options: work(send(*args, **options))


@pytest.fixture
def accept(book: AddressBook, by: Actor) -> Callable[[Upload], Upload]:
    """Says OK to a checked upload, and applies it."""
    from addressbook.services import uploads

    def accept(upload: Upload) -> Upload:
        uploads.apply(book=book, upload_id=upload.pk, group_id=upload.group_id, seen=upload.attempt, by=by)
        return work(upload)

    return accept


@dataclass
class _Reading:
    layout: Layout
    batches: Iterator[Batch]

    def __iter__(self) -> Iterator[Batch]:
        return self.batches


@pytest.fixture
def reading_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the child process does, without a process a file: the library's own tests have those."""
    from libraries import spreadsheets
    from libraries.spreadsheets.guard import admit
    from libraries.spreadsheets.layout import find_layout
    from libraries.spreadsheets.rows import read_others, read_rows
    from libraries.spreadsheets.sources import open_source

    @contextmanager
    def read(path, *, name, choice=None, with_cells=False):
        choice = choice or spreadsheets.Choice()
        admitted = admit(Path(path).read_bytes(), name)
        found = find_layout(admitted.kind, open_source(admitted, choice.encoding, choice.delimiter), choice)
        batches = read_rows(found.table, found.layout, with_cells=with_cells)
        yield _Reading(found.layout, batches if with_cells else chain(batches, read_others(found.others)))

    monkeypatch.setattr(spreadsheets, "read", read)


def work(upload: Upload) -> Upload:
    """What a worker does when it hears of the upload."""
    from addressbook.models import Upload
    from workspace.services.work import claiming, jobs

    claimed = claiming.claim(Upload, upload.pk)
    assert claimed is not None
    jobs.work_on(claimed)
    upload.refresh_from_db()
    return upload


def counts(upload: Upload) -> dict[str, int]:
    names = ("rows", "new", "already_there", "doubled", "invalid", "blank")
    return {name: upload.check_result[name] for name in names}


def assert_accounted_for(upload: Upload) -> None:
    """SAFETY, I1: of the check, and of what was applied."""
    found = counts(upload)
    assert found["rows"] + upload.check_result["extra"] == sum(found.values()) - found["rows"]
    if upload.state == "complete":
        assert upload.rows_done == upload.rows_total == found["new"] + found["already_there"]
        assert upload.outcome["registered"] <= upload.rows_done
