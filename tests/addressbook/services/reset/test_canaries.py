"""I10: after an erasing no byte of it is left in the database's files, the file store, the broker, the logs."""

import os
import random
from collections.abc import Iterator
from pathlib import Path
from threading import Timer
from uuid import uuid4

import pytest
from django.apps import apps
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.backends.utils import CursorWrapper

from addressbook import limits
from addressbook.models import Address, Erasure, Job, Upload
from addressbook.services import uploads
from addressbook.services.addresses import bulk, groups, registration, selection
from addressbook.services.reset import reset, vacuum
from addressbook.services.reset.editions import contents
from tests.support.stack import wait_for
from workspace.models import Edition, JobState, Region, Zone
from workspace.services.books import books

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
        for inside, _, names in os.walk(folder):  # which bears that a neighbour's database is dropped meanwhile
            if "pg_wal" not in Path(inside).parts:
                yield from (Path(inside, name) for name in names)


def content_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:  # dropped since it was listed
        return b""


def found(name: str) -> list[str]:
    needles = [name.encode(), name.encode("utf-16-le")]
    return [
        f"{path} ({relation_in(path)})"
        for path in places()
        if path.is_file() and any(needle in content for content in [content_of(path)] for needle in needles)
    ]


def relation_in(path: Path) -> str:
    """The table or index of PostgreSQL that lies in this file, for who has to find out why it does."""
    if connection.vendor == "sqlite":
        return ""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE pg_relation_filenode(oid)::text = %s", [path.name])
        return ", ".join(name for (name,) in cursor.fetchall())


def quoted() -> list[str]:
    """The columns of empty tables of which PostgreSQL's planner keeps values, be it compressed ones."""
    empty = [model for model in apps.get_app_config("addressbook").get_models() if not model._base_manager.exists()]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT tablename, attname FROM pg_stats JOIN pg_attribute USING (attname)
            WHERE tablename = ANY(%s) AND attrelid = tablename::regclass
                AND atttypid::regtype::text IN ('text', 'character varying', 'jsonb', 'bytea')
                AND (most_common_vals IS NOT NULL OR histogram_bounds IS NOT NULL)
            """,
            [[model._meta.db_table for model in empty]],
        )
        return [".".join(row) for row in cursor.fetchall()]


def test_an_erasing_reset_leaves_no_byte(full, book, other, by) -> None:
    assert found(full)
    edition = Edition.objects.get(current_of=book)
    reset.reset(book=book, seen=contents(edition), keep_copy=False, token=uuid4(), by=by)
    wait_for(lambda: not Erasure.objects.exists(), 60)
    assert Address.objects.filter(edition__book=other).count() == 2000
    assert found(full) == []


def begin_to_read(cursor: CursorWrapper) -> None:
    """As a backup does, or the analysis of a table: it sees what was there when it began, and locks nothing of it."""
    cursor.execute("BEGIN" if connection.vendor == "sqlite" else "BEGIN ISOLATION LEVEL REPEATABLE READ")
    cursor.execute("SELECT count(*) FROM django_migrations")
    cursor.fetchall()


def test_what_a_transaction_still_sees_goes_when_that_has_ended(full, book, by) -> None:
    if settings.SQLITE_JOURNAL_MODE != "WAL" and connection.vendor == "sqlite":
        return  # where each commit waits for those who read
    reader = connection.copy("reader")
    try:
        with reader.cursor() as cursor:
            begin_to_read(cursor)
            letting_go = Timer(5, cursor.execute, ["COMMIT"])
            letting_go.start()
            edition = Edition.objects.get(current_of=book)
            reset.reset(book=book, seen=contents(edition), keep_copy=False, token=uuid4(), by=by)
            if connection.vendor == "sqlite":
                wait_for(lambda: not Address.objects.filter(edition__book=book).exists(), 60)
                assert found(full)  # else nobody would have to wait
            wait_for(lambda: not Erasure.objects.exists(), 60)
            letting_go.join()
    finally:
        reader.close()
    assert found(full) == []


def test_no_statistics_quote_what_is_gone(full, book, other, by) -> None:
    if connection.vendor == "sqlite":
        return  # which keeps no values there
    Address.objects.filter(edition__book=other).delete()  # the last address goes with the book: the table is empty
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    edition = Edition.objects.get(current_of=book)
    reset.reset(book=book, seen=contents(edition), keep_copy=False, token=uuid4(), by=by)
    wait_for(lambda: not Erasure.objects.exists(), 60)
    assert not Address.objects.exists()
    assert quoted() == []


def test_what_was_seen_when_a_transaction_began_goes_when_that_has_ended(book, by) -> None:
    if connection.vendor == "sqlite":
        return
    name = f"canary{uuid4().hex}"
    typed = "\n".join(f"{number}.{name}@example.com" for number in range(100))
    registration.register_typed(book=book, group_id=None, text=typed, token=uuid4(), by=by)
    writer, reader = connection.copy("writer"), connection.copy("reader")
    try:
        with writer.cursor() as writing, reader.cursor() as reading:
            writing.execute("BEGIN")
            writing.execute("SELECT pg_current_xact_id()")
            Address.objects.all().delete()

            def take_over() -> None:
                # It begins while we wait already, and sees what all may see as long as the first is open.
                reading.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
                reading.execute("SELECT 1")
                writing.execute("COMMIT")

            threads = [Timer(1, take_over), Timer(3, reading.execute, ["COMMIT"])]
            for thread in threads:
                thread.start()
            assert vacuum.scrub(lambda: None)
            for thread in threads:
                thread.join()
    finally:
        writer.close()
        reader.close()
    assert found(name) == []


def test_a_view_of_the_operators_is_told_of_and_breaks_nothing(book) -> None:
    if connection.vendor == "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("CREATE VIEW report AS SELECT name FROM addressbook_upload")
        try:
            with pytest.raises(CommandError, match="a view of your own"):
                call_command("rewrite_database")
        finally:
            cursor.execute("DROP VIEW report")
    call_command("rewrite_database")


@pytest.mark.parametrize("seconds", [2, 6])
def test_an_older_transaction_is_waited_for_or_told_of(book, by, monkeypatch, seconds) -> None:
    if settings.SQLITE_JOURNAL_MODE != "WAL" and connection.vendor == "sqlite":
        return  # where each commit waits for those who read
    monkeypatch.setattr(limits, "OLDER_TRANSACTIONS_SECONDS", 4)
    reader = connection.copy("reader")
    try:
        with reader.cursor() as cursor:
            begin_to_read(cursor)
            books.create_book(name="New", zone=Zone.PUBLIC, region=Region.KR, by=by)
            if seconds > 4:
                with pytest.raises(CommandError, match="A transaction that began earlier"):
                    call_command("rewrite_database")
            letting_go = Timer(seconds, cursor.execute, ["COMMIT"])
            letting_go.start()
            assert vacuum.scrub(lambda: None) == (seconds < 4)
            letting_go.join()
    finally:
        reader.close()
