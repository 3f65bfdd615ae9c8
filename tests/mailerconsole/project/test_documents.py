"""What the documents list is what there is."""

import re

import pytest

from mailerconsole.operations.supervisor import RELEASE, read_procfile
from tests.support import house
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


def test_the_picture_of_the_house_shows_its_packages_and_rooms_in_their_order() -> None:
    _, picture, *_ = (ROOT / "docs" / "architecture.md").read_text().split("```")
    assert re.findall(r"^\w+", picture, re.MULTILINE) == list(reversed(house.PACKAGES))
    assert ", ".join(house.LIBRARIES) in picture
    drawn = {}
    for line in picture.splitlines():
        name, *rooms = re.findall(r"\w+", line) or [""]
        if line[:1].strip():
            package = name
        elif "<" in line:
            drawn[f"{package}.{name}"] = tuple(rooms)
    assert drawn == house.ROOMS


def test_the_tour_of_the_house_goes_through_every_room_and_through_none_that_is_gone() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    rooms = {f"{layer.replace('.', '/')}/{room}" for layer, inner in house.ROOMS.items() for room in inner}
    rooms |= {f"libraries/{name}" for name in house.LIBRARIES}
    assert set(re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)) == rooms
    assert [package for package in house.PACKAGES if f"**`{package}`**" not in text] == []
    named = re.findall(r"[\w/]+/[\w/]+\.py", text)
    assert [path for path in named if not (ROOT / path).exists()] == []
