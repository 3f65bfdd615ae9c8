"""The write-ahead log stays small, whatever reads beside the writers."""

import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from django.conf import settings
from django.db import OperationalError, connection

from workspace import limits, sqlite, tasks
from workspace.services.work import pace, write_ahead_log

# There is nothing of it on the other engine.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engine_independent]


@pytest.fixture(autouse=True)
def _only_on_the_log(engine: str) -> None:
    """Every test asks this first: on the other engine and the journal there is nothing to cut."""
    if is_absent():
        assert write_ahead_log.cut_if_longer_than(0) is None


def is_absent() -> bool:
    return connection.vendor != "sqlite" or settings.SQLITE_JOURNAL_MODE != "WAL"


def log_bytes() -> int:
    return Path(f"{connection.settings_dict['NAME']}-wal").stat().st_size


def connect():
    return closing(sqlite.library().connect(connection.settings_dict["NAME"], timeout=20, isolation_level=None))


@pytest.fixture
def table(db):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE scribble (text)")
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE scribble")


def scribble(pages: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO scribble VALUES (zeroblob(%s))", [pages * 4_000])


def held_for(seconds: float) -> None:
    """Another connection begins to write, and ends after so long."""
    begun = threading.Event()

    def hold() -> None:
        with connect() as other:
            other.execute("BEGIN IMMEDIATE")
            begun.set()
            time.sleep(seconds)
            other.execute("COMMIT")

    threading.Thread(target=hold).start()
    begun.wait()


def standing() -> tuple[int, int]:
    """Pages in the log, and how many of them are in the database too."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(NOOP)")
        (_, in_log, copied) = cursor.fetchone()
    return in_log, copied


def test_who_waits_to_write_looks_often(table, monkeypatch) -> None:
    """So the moment between two transactions of a job need not be long."""
    if is_absent() or not sqlite.looks_often(connection):
        return
    looks, sleep = [], time.sleep
    monkeypatch.setattr(sqlite.time, "sleep", lambda seconds: (looks.append(seconds), sleep(seconds)))
    held_for(0.5)
    scribble(1)
    assert looks.count(sqlite.LOOKS_EVERY_SECONDS) > 15  # by itself the library looks nine times


def test_who_waits_gives_up_in_the_end(table) -> None:
    if is_absent():
        return
    sqlite.wait_at_most(connection, 0.1)
    held_for(1)
    with pytest.raises(OperationalError, match="locked"):
        scribble(1)
    sqlite.wait_at_most(connection, sqlite.BUSY_SECONDS)
    scribble(1)


def test_work_in_batches_copies_the_log_between_two_of_them(table, monkeypatch) -> None:
    if is_absent():
        return
    monkeypatch.setattr(limits, "LOG_PAGES_COPIED_BETWEEN_BATCHES", 300)
    write_ahead_log.cut()
    with pace.batches() as pauses:
        scribble(200)
        pauses.take_if_due()
        in_log, copied = standing()
        assert (in_log > 150, copied) == (True, 0)
        scribble(sqlite.CHECKPOINT_PAGES + 500)
        assert standing()[1] == 0  # no commit does so
        pauses.take_if_due()
        in_log, copied = standing()
        assert in_log == copied
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_autocheckpoint")
        assert cursor.fetchall() == [(sqlite.CHECKPOINT_PAGES,)]
        cursor.execute("PRAGMA cache_size")
        assert cursor.fetchall() == [(-sqlite.CACHE_KIB,)]


def test_a_reader_keeps_the_log_and_holds_nobody_up(table) -> None:
    if is_absent():
        return
    with connect() as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM scribble").fetchall()
        scribble(100)
        start = time.monotonic()
        assert not write_ahead_log.cut()
        assert time.monotonic() - start < 1
        assert log_bytes() > 0
        scribble(1)  # a reader never holds up a writer
        assert reader.execute("SELECT count(*) FROM scribble").fetchall() == [(0,)]
        reader.execute("COMMIT")
    assert write_ahead_log.cut()
    assert log_bytes() == 0
    held_for(0.3)
    scribble(1)  # and waits for others as before


def test_the_scheduler_cuts_what_was_deleted_out_of_the_log(table) -> None:
    if is_absent():
        return
    scribble(1)
    assert log_bytes() > 0
    tasks.cut_write_ahead_log()
    assert log_bytes() == 0


def test_long_work_cuts_a_log_that_readers_keep_from_beginning_again(table, monkeypatch) -> None:
    """There is a reader at every moment, each for a short time: no commit ever finds the log unused."""
    if is_absent():
        return
    monkeypatch.setattr(limits, "LOG_BYTES", 500_000)
    # Due after every write: how much is written in a span of time depends on the machine.
    monkeypatch.setattr(limits, "WRITING_WITHOUT_PAUSE_SECONDS", 0)
    monkeypatch.setattr(limits, "WAITING_WRITER_SECONDS", 0)
    monkeypatch.setattr(limits, "WRITING_WITHOUT_SHORT_PAUSE_SECONDS", 0)
    monkeypatch.setattr(limits, "WAITING_WRITER_SHORT_SECONDS", 0)
    stop = threading.Event()

    def read() -> None:
        with connect() as reader:
            while not stop.is_set():
                reader.execute("BEGIN")
                reader.execute("SELECT count(*) FROM scribble").fetchall()
                time.sleep(0.02)
                reader.execute("COMMIT")

    readers = [threading.Thread(target=read) for _ in range(6)]
    for reader in readers:
        reader.start()
        time.sleep(0.005)
    largest, pauses = 0, pace.Pauses()
    try:
        for _ in range(300):
            scribble(20)
            pauses.take_if_due()
            largest = max(largest, log_bytes())
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    assert largest < 12_000_000
