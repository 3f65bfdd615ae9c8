"""Settings that are decided by what the machine has."""

import multiprocessing
import stat
from pathlib import Path

import pytest

from workspace import sqlite
from workspace.secret_key import read_or_create_secret_key


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 7, 0), False),
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 0), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 52, 0), True),
        ((4, 0, 0), True),
    ],
)
def test_wal_only_where_its_reset_is_mended(version: tuple[int, int, int], safe: bool) -> None:
    assert sqlite.wal_is_safe(version) is safe
    mode = sqlite.journal("", version)
    assert mode == ("WAL" if safe else "TRUNCATE")
    assert sqlite.journal("truncate", version) == "TRUNCATE"
    command = sqlite.options(mode)["init_command"]
    assert f"journal_mode={mode};" in command
    assert "synchronous=FULL" in command
    assert "secure_delete=ON" in command
    assert "mmap_size" not in command


def test_transactions_begin_immediate() -> None:
    assert sqlite.options("WAL")["transaction_mode"] == "IMMEDIATE"


def test_a_journal_that_is_not_known_stops_the_start() -> None:
    with pytest.raises(ValueError, match="SQLITE_JOURNAL must be empty or truncate"):
        sqlite.journal("wal")


def test_secret_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "secret_key"
    key = read_or_create_secret_key(path)
    assert len(key) >= 64
    assert read_or_create_secret_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_processes_that_start_at_once_agree_on_the_secret_key(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        keys = pool.map(read_or_create_secret_key, [tmp_path / "secret_key"] * 16, chunksize=1)
    assert len(set(keys)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]
