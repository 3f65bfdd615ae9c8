"""Files as programs of other people write them, each read as a person expects."""

import json
from pathlib import Path
from typing import Any

import pytest

from libraries.spreadsheets import RefusedFileError
from tests.libraries.spreadsheets.files import read_here

FOLDER = Path(__file__).parent / "written"
EXPECTED: dict[str, dict[str, Any]] = json.loads((FOLDER / "manifest.json").read_text())


def test_every_file_is_in_the_manifest() -> None:
    assert {path.name for path in FOLDER.iterdir()} - {"manifest.json"} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_file_is_read_as_a_person_expects(name: str) -> None:
    expected, content = EXPECTED[name], (FOLDER / name).read_bytes()
    if "refused_as" in expected:
        with pytest.raises(RefusedFileError) as refused:
            read_here(content, name)
        assert refused.value.code == expected["refused_as"]
        assert refused.value.detail["drm"]
        return
    rows = read_here(content, name)[1]
    found = [row.email for row in rows if "@" in row.email]
    assert not [row for row in rows if row.defect and "@" in row.email]
    if "registered" in expected:
        assert sorted(found) == sorted(expected["registered"])
    else:
        assert len(found) == expected["registered_count"]
    if "groups" in expected:
        assert {row.email: row.group for row in rows if row.group} == expected["groups"]
    assert [row.number for row in rows if row.hidden] == expected.get("hidden", [])
