"""A restore, rehearsed: on the engine under test, from a backup that was made while others write."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mailerconsole.operations.installations import Installation, empty_postgresql, under_test


@pytest.fixture
def elsewhere(tmp_path: Path, engine: str) -> Iterator[Installation]:
    """An empty installation on the same engine."""
    if engine == "sqlite":
        yield Installation(tmp_path / "elsewhere")
        return
    with empty_postgresql() as url:
        yield Installation(tmp_path / "elsewhere", url)


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


@pytest.mark.engine_independent
def test_a_backup_that_was_never_finished_is_none(tmp_path: Path) -> None:
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "database.sqlite3").write_text("")
    done = Installation(tmp_path / "data").manage("restore_backup", str(tmp_path / "half"))
    assert done.returncode == 1
    assert "holds no finished backup" in done.stderr
    assert not (tmp_path / "data" / "mailerconsole.sqlite3").exists()
