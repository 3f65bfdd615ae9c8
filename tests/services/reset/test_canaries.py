"""I10: after an erasing no byte of it is left in the database's files, the file store, the broker, the logs."""

import random
from collections.abc import Iterator
from pathlib import Path
from threading import Timer
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import connection

from addressbook import limits
from addressbook.models import Address, Edition, Erasure, Job, JobState, Region, Upload, Zone
from addressbook.services import books, bulk, groups, registration, reset, scrubbing, selection, uploads
from addressbook.services.editions import contents
from tests.stack import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

ROWS = 3000


@pytest.fixture
def other(by):
    """Another book, whose addresses lie on the same pages; it stays."""
    return books.create_book(name="Other", zone=Zone.PUBLIC, region=Region.KR, by=by)


@pytest.fixture
def full(stack, book, other, by) -> str:
    """Fills the book in all ways, by the real worker; returns the canary that every address holds."""
    name = f"canary{uuid4().hex}"
    dice = random.Random(7)
    text = [f"{dice.getrandbits(48):012x}.{name}@example.com" for _ in range(ROWS)]
    rows = "email,note\n" + "".join(f"{entry},x\n" for entry in text) + f"wrong {name},y\n"
    # Names of groups stand in the history for good.
    group = groups.create_group(book=book, name="VIP", token=uuid4(), by=by)
    for part in range(0, 2000, 500):
        for into, label in ((book, name), (other, "stays")):
            typed = "\n".join(f"{dice.getrandbits(48):012x}.{label}@example.org" for _ in range(part, part + 500))
            registration.register_typed(book=into, group_id=None, text=typed, token=uuid4(), by=by)
    upload = send(book, rows, f"{name}.csv", by)
    uploads.apply(book=book, upload_id=upload.pk, group_id=group.pk, seen=upload.attempt, by=by)
    wait_for(lambda: Upload.objects.get(pk=upload.pk).state == JobState.COMPLETE, 30)
    everyone = selection.everything(book=book, group_id=None, query=name)
    done = bulk.edit_groups(book=book, selection=everyone, add=[group.pk], remove=[], token=uuid4(), by=by)
    wait_for(lambda: Job.objects.get(pk=done.job_id).state == JobState.COMPLETE, 30)
    send(book, rows, f"{name}.csv", by)  # checked, and waits
    assert Address.objects.filter(edition__book=book).count() == ROWS + 2000
    return name


def send(book, content: str, name: str, by) -> Upload:
    upload = uploads.receive(
        book=book, group_id=None, file=ContentFile(content.encode()), name=name, token=uuid4(), by=by
    )
    wait_for(lambda: Upload.objects.get(pk=upload.pk).state == JobState.CHECKED, 30)
    upload.refresh_from_db()
    return upload


def places() -> Iterator[Path]:
    """Every file that the product writes; of PostgreSQL its tables and indexes, but not its write-ahead log."""
    yield from Path(settings.DATA_DIR).rglob("*")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("CHECKPOINT")
            cursor.execute("SHOW data_directory")
            (folder,) = cursor.fetchone()
        for path in Path(folder).rglob("*"):
            if "pg_wal" not in path.parts:
                yield path


def found(name: str) -> list[str]:
    needles = [name.encode(), name.encode("utf-16-le")]
    return [
        str(path)
        for path in places()
        if path.is_file() and any(needle in content for content in [path.read_bytes()] for needle in needles)
    ]


def test_an_erasing_reset_leaves_no_byte(full, book, other, by) -> None:
    assert found(full)
    edition = Edition.objects.get(current_of=book)
    reset.reset(book=book, seen=contents(edition), keep_copy=False, token=uuid4(), by=by)
    wait_for(lambda: not Erasure.objects.exists(), 60)
    assert Address.objects.filter(edition__book=other).count() == 2000
    assert found(full) == []


def test_what_a_transaction_still_sees_goes_when_that_has_ended(full, book, by) -> None:
    if connection.vendor == "sqlite":
        return  # where VACUUM itself waits for those who read
    reader = connection.copy("reader")
    try:
        with reader.cursor() as cursor:
            # As the analysis of some table does: it sees what was there when it began, and locks nothing of it.
            cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            cursor.execute("SELECT 1")
            letting_go = Timer(5, cursor.execute, ["COMMIT"])
            letting_go.start()
            edition = Edition.objects.get(current_of=book)
            reset.reset(book=book, seen=contents(edition), keep_copy=False, token=uuid4(), by=by)
            wait_for(lambda: not Erasure.objects.exists(), 60)
            letting_go.join()
    finally:
        reader.close()
    assert found(full) == []


@pytest.mark.parametrize("seconds", [2, 6])
def test_an_older_transaction_is_waited_for_or_told_of(book, monkeypatch, seconds) -> None:
    if connection.vendor == "sqlite":
        return  # where VACUUM itself waits for those who read
    monkeypatch.setattr(limits, "OLDER_TRANSACTIONS_SECONDS", 4)
    reader = connection.copy("reader")
    try:
        with reader.cursor() as cursor:
            cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            cursor.execute("SELECT 1")
            if seconds > 4:
                with pytest.raises(CommandError, match="A transaction that began earlier"):
                    call_command("rewrite_database")
            letting_go = Timer(seconds, cursor.execute, ["COMMIT"])
            letting_go.start()
            assert scrubbing.scrub(lambda: None) == (seconds < 4)
            letting_go.join()
    finally:
        reader.close()
