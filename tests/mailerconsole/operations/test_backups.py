"""A restore, rehearsed: on the engine under test, from a backup that was made while others write."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.utils import timezone

from addressbook.models import Address
from addressbook.services.addresses import integrity
from tests.mailerconsole.operations.installations import Installation, under_test
from tests.support.stack import ROOT
from workspace.models import Edition


@pytest.fixture
def elsewhere(tmp_path: Path, engine: str, request: pytest.FixtureRequest) -> Installation:
    """An empty installation on the same engine."""
    return Installation(tmp_path / "elsewhere", "" if engine == "sqlite" else request.getfixturevalue("postgresql"))


@pytest.mark.timeout(600)
def test_what_was_backed_up_is_what_is_restored(
    lived_in, elsewhere: Installation, register, tmp_path: Path, file_store
) -> None:
    here, folder = under_test(), tmp_path / "backup"
    (here.data_dir / "secrets_key").write_text("the key of the API keys")
    before = here.describe()
    made = here.manage("back_up", str(folder), "--with-keys")
    assert made.returncode == 0, made.stderr
    assert folder.stat().st_mode & 0o077 == 0
    register("after@example.com")  # the backup is that of its moment

    # A backup that is not what was written is found before anything is changed.
    name = next(iter(json.loads((folder / "manifest.json").read_text())["files"]))
    content = (folder / "files" / name).read_bytes()
    (folder / "files" / name).write_bytes(b"x" + content[1:])
    refused = elsewhere.manage("restore_backup", str(folder))
    assert refused.returncode == 1
    assert f"files/{name} is not what was backed up." in refused.stderr
    (folder / "files" / name).write_bytes(content)

    restored = elsewhere.manage("restore_backup", str(folder))
    assert restored.returncode == 0, restored.stderr
    assert "Main: the remote book may be ahead of this." in restored.stdout
    assert elsewhere.describe() == before
    assert len(before["files"]) == 4
    assert (elsewhere.data_dir / "secrets_key").read_text() == "the key of the API keys"

    again = elsewhere.manage("restore_backup", str(folder))
    assert again.returncode == 1
    assert "there already" in again.stderr or "is not empty" in again.stderr


def test_a_restore_looks_at_the_bucket_before_it_fills_the_database(
    transactional_db, register, elsewhere: Installation, s3_server: str, tmp_path: Path
) -> None:
    register("a@example.com")
    here, folder = under_test(), tmp_path / "backup"
    assert here.manage("back_up", str(folder)).returncode == 0
    plain = dict(elsewhere.environment)
    elsewhere.environment |= {"S3_BUCKET": "nowhere", "S3_ENDPOINT_URL": s3_server, "S3_REGION": "us-east-1"}
    elsewhere.environment |= {"S3_ACCESS_KEY": "any", "S3_SECRET_KEY": "any"}
    refused = elsewhere.manage("restore_backup", str(folder))
    assert refused.returncode == 1
    assert "No file can be stored in nowhere; nothing was restored." in refused.stderr
    assert "Traceback" not in refused.stderr
    elsewhere.environment = plain
    assert elsewhere.manage("restore_backup", str(folder)).returncode == 0


@pytest.mark.parametrize("command", [["check_books"], ["verify_history"], ["let_in", "bob"], ["back_up", "folder"]])
def test_a_command_on_an_empty_database_says_so_in_a_sentence(elsewhere: Installation, command: list[str]) -> None:
    done = elsewhere.manage(*command)
    assert done.returncode == 1
    assert "There is no Mailer Console in the database" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (ROOT / "folder").exists()


@pytest.mark.django_db(transaction=True)
def test_what_is_written_during_a_check_is_no_defect(book, register, engine: str) -> None:
    """Counts are read, then a batch is written, then the rows are counted."""
    register("a@example.com")
    with ThreadPoolExecutor() as other:
        with integrity.one_moment():
            assert Edition.objects.get(current_of=book).address_count == 1
            write = other.submit(_register, book.pk)
            if engine == "postgresql":  # SQLite with a rollback journal has the writer wait for the reader
                write.result(timeout=30)
            assert list(integrity.defects()) == []
            assert book.current_edition.addresses.count() == 1
        write.result(timeout=30)
    assert Edition.objects.get(current_of=book).address_count == 2
    assert integrity.all_defects() == []


def _register(book_id: int) -> None:
    edition = Edition.objects.get(current_of=book_id)
    try:
        with transaction.atomic():
            address = {"email": "b@example.com", "key": "b@example.com", "registered_at": timezone.now()}
            Address.objects.create(edition=edition, **address)
            Edition.objects.filter(pk=edition.pk).update(address_count=2)
    finally:
        connection.close()


@pytest.mark.engine_independent
def test_a_backup_that_was_never_finished_is_none(tmp_path: Path) -> None:
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "database.sqlite3").write_text("")
    done = Installation(tmp_path / "data").manage("restore_backup", str(tmp_path / "half"))
    assert done.returncode == 1
    assert "holds no finished backup" in done.stderr
    assert not (tmp_path / "data" / "mailerconsole.sqlite3").exists()
