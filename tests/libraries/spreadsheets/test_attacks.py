"""Every attack ends as a refusal within ten seconds, in a process that lives on and reads the next file."""

import os
from pathlib import Path

import pytest

from libraries import spreadsheets
from libraries.spreadsheets import Refusal, RefusedFileError
from tests.libraries.spreadsheets import attacks


@pytest.mark.timeout(30)  # ten seconds, on a machine that does other things as well
@pytest.mark.parametrize("attack", attacks.ATTACKS)
def test_attack_is_refused_and_the_next_file_is_read(attack: str, tmp_path: Path) -> None:
    name, make, codes = attacks.ATTACKS[attack]
    path = tmp_path / "stored"
    path.write_bytes(make())
    before = os.getpid()

    with pytest.raises(RefusedFileError) as refused, spreadsheets.read(path, name=name) as reading:
        for _ in reading:
            pass

    assert refused.value.code in codes
    assert os.getpid() == before
    path.write_text("Email\nalice@example.com\n")
    with spreadsheets.read(path, name="next.csv") as reading:
        assert [row.email for batch in reading for row in batch] == ["alice@example.com"]
    assert list(tmp_path.iterdir()) == [path]


def test_refusal_names_the_size_and_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "stored"
    path.write_bytes(b"a" * (10_485_760 + 1))
    with pytest.raises(RefusedFileError) as refused:
        spreadsheets.inspect(path, name="list.csv")
    assert refused.value.code is Refusal.TOO_LARGE
    assert refused.value.detail == {"bytes": 10_485_761, "limit": 10_485_760}


def test_file_of_exactly_ten_mebibytes_is_read(tmp_path: Path) -> None:
    path = tmp_path / "stored"
    path.write_bytes(b"a@example.com,\n".ljust(10_485_760, b"x"))
    assert spreadsheets.inspect(path, name="list.csv").email_column == 0
