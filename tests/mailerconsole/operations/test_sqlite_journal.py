"""The SQLite file goes along with the library: the write-ahead log where that is safe, else the rollback journal."""

import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from django.db import connection

from mailerconsole.operations import backups, health
from tests.mailerconsole.operations.installations import Installation
from tests.support.stack import wait_for
from workspace import sqlite

WAL, ROLLBACK = b"\2\2", b"\1\1"
HOLD = (
    "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT * FROM django_migrations').fetchone(); "
)
HOLD += "print('held', flush=True); sys.stdin.read()"


@pytest.fixture(autouse=True)
def _by_library_alone(monkeypatch) -> None:
    monkeypatch.setenv("SQLITE_JOURNAL", "")


@pytest.fixture
def console(tmp_path: Path) -> Installation:
    installation = Installation(tmp_path / "data")
    installation.data_dir.mkdir()
    return installation


@pytest.fixture
def without_pysqlite3(console: Installation, tmp_path: Path) -> Installation:
    """The same console on a machine that has no wheel of it, with the standard library's SQLite."""
    if sqlite.wal_is_safe(_standard_version()):
        pytest.fail("Python's own SQLite is safe here: give this test an older one.")
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['pysqlite3'] = None\n")
    plain = Installation(console.data_dir)
    plain.environment["PYTHONPATH"] = str(tmp_path)
    return plain


def _standard_version() -> sqlite.Version:
    code = "import sqlite3; print(sqlite3.sqlite_version)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    major, minor, patch = map(int, done.stdout.split("."))
    return major, minor, patch


def file_of(installation: Installation) -> Path:
    return installation.data_dir / "mailerconsole.sqlite3"


def mode_of(installation: Installation) -> bytes:
    """As its header says; section 1.3.3 of https://sqlite.org/fileformat.html."""
    return file_of(installation).read_bytes()[18:20]


def start(installation: Installation) -> subprocess.CompletedProcess[str]:
    return installation.manage("prepare_console")


def test_the_file_is_converted_at_the_start_in_both_directions(console, without_pysqlite3) -> None:
    for installation, mode in ((without_pysqlite3, ROLLBACK), (console, WAL), (without_pysqlite3, ROLLBACK)):
        done = start(installation)
        assert done.returncode == 0, done.stderr
        assert mode_of(installation) == mode
        with closing(sqlite3.connect(file_of(installation))) as file:
            assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert file.execute("PRAGMA foreign_key_check").fetchall() == []
            assert file.execute("SELECT count(*) FROM addressbook_addressbook").fetchone() == (1,)


def test_an_unsafe_library_never_shares_a_write_ahead_log(console, without_pysqlite3) -> None:
    assert start(console).returncode == 0
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, file_of(console)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout
    holder.stdout.readline()
    try:
        refused = start(without_pysqlite3)
        assert refused.returncode == 1
        assert "another process has it open. Stop that process first." in refused.stderr
        assert mode_of(console) == WAL
    finally:
        holder.communicate("")


def test_a_console_on_the_rollback_journal_says_so(console, without_pysqlite3) -> None:
    told = without_pysqlite3.manage("check")
    assert "mailerconsole.I001" in told.stderr + told.stdout
    assert "the package pysqlite3 brings it" in told.stderr + told.stdout
    quiet = console.manage("check")
    assert "I001" not in quiet.stderr + quiet.stdout


@pytest.mark.django_db(transaction=True)
def test_a_backup_ends_while_others_write_and_is_one_file_of_one_moment(tmp_path, engine) -> None:
    if engine != "sqlite" or sqlite.journal_mode(connection) != "wal":
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE filler AS WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9000) "
            "SELECT i, zeroblob(4000) AS pad FROM n"
        )
        cursor.execute("CREATE TABLE pairs (one, two)")
    stop, written = threading.Event(), []

    def write() -> None:
        with closing(sqlite.library().connect(connection.settings_dict["NAME"], timeout=20)) as other:
            while not stop.is_set():
                with other:
                    other.execute("INSERT INTO pairs VALUES (?, ?)", (len(written),) * 2)
                written.append(1)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        wait_for(lambda: written)
        before = len(written)
        copy = backups._copy_sqlite(tmp_path)
        after = len(written)
    finally:
        stop.set()
        writer.join()
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE filler")
            cursor.execute("DROP TABLE pairs")
    assert after > before + 5
    assert [path.name for path in tmp_path.iterdir()] == [copy.name]
    assert copy.read_bytes()[18:20] == ROLLBACK
    with closing(sqlite.library().connect(copy)) as file:
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        ((count, last),) = file.execute("SELECT count(*), max(one) FROM pairs").fetchall()
    assert count == last + 1
    assert (count - before) * 4 < after - before  # of the moment when the copy began


def test_nothing_is_restored_beside_the_log_of_another_file(tmp_path, console) -> None:
    assert start(console).returncode == 0
    backup = tmp_path / "backup"
    assert console.manage("back_up", str(backup)).returncode == 0
    elsewhere = Installation(tmp_path / "elsewhere")
    elsewhere.data_dir.mkdir()
    for suffix in sqlite.SUFFIXES:
        left_over = elsewhere.data_dir / f"mailerconsole.sqlite3{suffix}"
        left_over.write_bytes(b"of another file")
        refused = elsewhere.manage("restore_backup", str(backup))
        assert refused.returncode == 1
        assert f"mailerconsole.sqlite3{suffix} is there already. Move it away first." in refused.stderr
        assert not file_of(elsewhere).exists()
        left_over.unlink()


@pytest.mark.django_db
def test_operators_are_told_which_library_and_journal(client, admin_client, settings, engine, monkeypatch) -> None:
    monkeypatch.setattr(health, "_last", None)
    settings.METRICS_TOKEN = "a token that only this test knows"
    with_token = {"Authorization": f"Bearer {settings.METRICS_TOKEN}"}
    for answer in (admin_client.get("/readyz"), client.get("/readyz", headers=with_token)):
        if engine == "sqlite":
            assert answer.json()["sqlite"] == sqlite.library().sqlite_version
            assert answer.json()["journal"] == settings.SQLITE_JOURNAL_MODE.lower()
    assert set(client.get("/readyz").json()) == set(health.PARTS)
    assert set(client.get("/readyz", headers={"Authorization": "Bearer no"}).json()) == set(health.PARTS)


def test_the_whole_process_uses_one_library(console) -> None:
    code = "import sqlite3; from django.db.backends.sqlite3 import base; from workspace import sqlite as ours; "
    code += "print(base.Database.sqlite_version == sqlite3.sqlite_version == ours.library().sqlite_version, "
    code += "ours.wal_is_safe(sqlite3.sqlite_version_info))"
    assert console.manage("shell", "--verbosity", "0", "-c", code).stdout.strip() == "True True"
