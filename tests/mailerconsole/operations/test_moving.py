"""From one engine to the other and nothing lost: the direction is that from the engine under test to the other."""

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from mailerconsole.operations import backups
from tests.mailerconsole.operations.installations import Installation, under_test
from tests.support.stack import _test_database_url
from workspace import sqlite
from workspace.models import Edition


@pytest.fixture
def elsewhere(tmp_path: Path, engine: str, request: pytest.FixtureRequest) -> Installation:
    """An empty installation on the engine that is not under test."""
    is_file = engine == "postgresql"
    url = f"sqlite:///{tmp_path}/moved.sqlite3" if is_file else request.getfixturevalue("postgresql")
    return Installation(tmp_path / "elsewhere", url)


class Left:
    """A copy of the SQLite file under test that a console has left, in the journal mode that it had."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.file = backups._copy_sqlite(folder)
        self.bytes = self.file.read_bytes()

    @property
    def url(self) -> str:
        return f"sqlite:///{self.file}"

    def killed_after(self, statement: str, *values: int) -> None:
        """What this wrote stands in the write-ahead log alone."""
        with closing(sqlite.library().connect(self.file)) as writer:
            writer.execute("PRAGMA journal_mode=WAL")
            with writer:
                writer.execute(statement, values)
            killed = self.file.with_name("killed.sqlite3")
            for suffix in ("", "-wal"):
                shutil.copyfile(f"{self.file}{suffix}", f"{killed}{suffix}")
        self.file, self.bytes = killed, killed.read_bytes()

    def killed_while_writing(self) -> None:
        """With pages of a transaction that did not end, and the rollback journal beside it that takes them back."""
        killed = self.file.with_name("killed.sqlite3")
        with closing(sqlite.library().connect(self.file, isolation_level=None)) as writer:
            writer.executescript(
                "PRAGMA cache_size=2; BEGIN; CREATE TABLE t (pad); INSERT INTO t VALUES (zeroblob(1e6))"
            )
            for suffix in ("", "-journal"):
                shutil.copyfile(f"{self.file}{suffix}", f"{killed}{suffix}")
        self.file, self.bytes = killed, killed.read_bytes()


@pytest.mark.timeout(600)
def test_a_file_is_not_changed_by_a_move(lived_in, elsewhere: Installation, engine, book, tmp_path: Path) -> None:
    if engine != "sqlite":
        return
    edition = Edition.objects.get(current_of=book)
    killed = Left(tmp_path / "killed")
    killed.killed_after("UPDATE addressbook_edition SET address_count = 99 WHERE id = ?", edition.pk)
    refused = elsewhere.manage("move_database", killed.url)
    assert f"Edition {edition.pk} counts 99 addresses" in refused.stderr
    assert killed.file.read_bytes() == killed.bytes

    unfinished = Left(tmp_path / "unfinished")
    unfinished.killed_while_writing()
    refused = elsewhere.manage("move_database", unfinished.url)
    assert "needs that console once more: start it and stop it" in refused.stderr
    assert unfinished.file.read_bytes() == unfinished.bytes

    stopped = Left(tmp_path / "stopped")
    done = elsewhere.manage("move_database", stopped.url)
    assert done.returncode == 0, done.stderr
    assert stopped.file.read_bytes() == stopped.bytes
    assert list(stopped.file.parent.iterdir()) == [stopped.file]


@pytest.mark.timeout(600)
def test_everything_is_there_after_a_move_and_nothing_is_moved_twice(lived_in, elsewhere: Installation, book) -> None:
    # What is not whole is not moved, and leaves nothing behind.
    edition = Edition.objects.get(current_of=book)
    Edition.objects.filter(pk=edition.pk).update(address_count=99)
    refused = elsewhere.manage("move_database", _test_database_url())
    assert refused.returncode == 1
    assert f"Edition {edition.pk} counts 99 addresses and has {edition.address_count}." in refused.stderr
    Edition.objects.filter(pk=edition.pk).update(address_count=edition.address_count)

    done = elsewhere.manage("move_database", _test_database_url())
    assert done.returncode == 0, done.stderr
    assert "addressbook_address: 6" in done.stdout
    before, after = under_test().describe(), elsewhere.describe()
    # Files are where they were, in the data folder or the bucket that both installations use.
    assert len(before.pop("files")) == 4
    after.pop("files")
    assert after == before
    # Ids go on after the last one: what was moved does not stand in the way of what comes.
    more = "from workspace.models import User; User.objects.create_user('somebody')"
    assert elsewhere.manage("shell", "-c", more).returncode == 0

    again = elsewhere.manage("move_database", _test_database_url())
    assert again.returncode == 1
    assert "in use already" in again.stderr
