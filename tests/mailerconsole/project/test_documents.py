"""What the documents list is what there is."""

import re

import pytest

from mailerconsole.operations.supervisor import RELEASE, read_procfile
from tests.support.environment import variables
from tests.support.stack import ROOT


def first_cells(document: str, heading: str) -> list[str]:
    """The names in the first column of the table under the heading."""
    section = (ROOT / "docs" / document).read_text().split(f"## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^\| `([^`]+)`", section, re.MULTILINE)


def test_every_variable_is_documented_and_no_other() -> None:
    assert sorted(first_cells("operations.md", "Environment")) == sorted(variables())


@pytest.mark.parametrize(
    ("file", "heading"), [("requirements.txt", "At run time"), ("requirements-dev.txt", "For development and tests")]
)
def test_every_pinned_package_has_its_reason(file: str, heading: str) -> None:
    lines = [line for line in (ROOT / file).read_text().splitlines() if line and line[0].isalnum()]
    assert all(re.fullmatch(r"[\w.-]+(\[\w+\])?==[\w.]+(; .+)?", line) for line in lines)
    assert first_cells("dependencies.md", heading) == [re.split(r"[=\[]", line)[0] for line in lines]


def test_every_process_has_its_log_documented() -> None:
    text = (ROOT / "docs" / "operations.md").read_text()
    assert [name for name in read_procfile() if name != RELEASE and f"`{name}.log`" not in text] == []
