"""What docs/security.md and docs/asvs.md point to is there."""

import re

import pytest

from tests.support.stack import ROOT

pytestmark = pytest.mark.engine_independent

PLACES = (ROOT, ROOT / "tests", ROOT / "addressbook")


@pytest.mark.parametrize("name", ["security.md", "asvs.md"])
def test_every_file_that_is_named_exists(name: str) -> None:
    named = set(re.findall(r"`([\w/.]+\.(?:py|js|md))`", (ROOT / "docs" / name).read_text()))
    named |= {f"docs/{path}" for path in re.findall(r"docs/([\w/-]+\.md)", (ROOT / "docs" / name).read_text())}
    assert named
    missing = [path for path in named if not any((place / path).exists() for place in (*PLACES, ROOT / "static"))]
    assert missing == []


def test_every_requirement_stands_once() -> None:
    rows = re.findall(r"^\| (\d[^|]*)\|", (ROOT / "docs" / "asvs.md").read_text(), re.MULTILINE)
    numbers = [number for cell in rows for number in re.findall(r"\d+\.\d+\.\d+", cell)]
    assert len(numbers) > 100
    assert len(numbers) == len(set(numbers))
