import shelve
from pathlib import Path

import pytest

from mailerconsole.operations.beat_schedule import discard_if_damaged


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "celerybeat-schedule"
    with shelve.open(str(path)) as schedule:
        schedule["entries"] = {"hourly": 1}
    return path


def test_whole_schedule_is_kept(path: Path) -> None:
    assert not discard_if_damaged(path)
    with shelve.open(str(path), flag="r") as schedule:
        assert schedule["entries"] == {"hourly": 1}


def test_missing_schedule_is_no_damage(tmp_path: Path) -> None:
    assert not discard_if_damaged(tmp_path / "celerybeat-schedule")


@pytest.mark.parametrize("garbage", [b"", b"\x00" * 100, b"garbage" * 1000])
def test_damaged_schedule_does_not_stand_in_the_way(path: Path, garbage: bytes) -> None:
    for file in path.parent.iterdir():
        file.write_bytes(garbage)
    discard_if_damaged(path)
    with shelve.open(str(path)) as schedule:
        schedule["entries"] = {}
