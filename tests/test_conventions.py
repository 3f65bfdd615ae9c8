"""What a machine can check of how this house is written."""

import re
from pathlib import Path

import pytest

from tests.support import house
from tests.support.stack import ROOT

pytestmark = pytest.mark.engine_independent

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


@pytest.mark.parametrize("path", house.in_layer("views"), ids=house.dotted)
def test_views_write_nothing_themselves(path: Path) -> None:
    writing = r"\.(?:save|bulk_create|get_or_create|delete)\(|objects\.create\(|\.update\(\w+="
    assert not re.findall(writing, path.read_text())


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_have_no_inline_style_script_or_handler(path: Path) -> None:
    source = path.read_text()
    assert not re.findall(r"\sstyle=|<style|\son[a-z]+=|\shx-on|javascript:|<script(?![^>]*\ssrc=)", source)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_fold_the_white_space_of_translated_blocks(path: Path) -> None:
    assert not [block for block in re.findall(r"{% blocktranslate[^%]*%}", path.read_text()) if " trimmed" not in block]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_partials_are_named_for_the_element_that_they_render(path: Path) -> None:
    for name, body in re.findall(r"{% partialdef (\S+).*?%}(.*?){% endpartialdef", path.read_text(), re.DOTALL):
        included = re.fullmatch(r'\s*{% include "(.+?)" %}\s*', body)
        element = (ROOT / "templates" / included[1]).read_text() if included else body
        assert f'id="{name}"' in element


def test_nothing_is_called_for_being_useful() -> None:
    names = {path.stem for path in [*house.modules(), *(ROOT / "tests").rglob("*.py")]}
    assert not names & {"utils", "helpers", "common", "misc"}


def names_of(path: Path) -> list[str]:
    return re.findall(r"^([A-Z][A-Z0-9_]+): Final", path.read_text(), re.MULTILINE)


LIMITS = [path for path in house.modules() if path.name == "limits.py"]


def test_each_package_has_its_own_limits() -> None:
    places = {path.parent.relative_to(ROOT).as_posix() for path in LIMITS}
    assert places == {*(f"libraries/{name}" for name in house.LIBRARIES), *house.PACKAGES[1:]}


@pytest.mark.parametrize("path", LIMITS, ids=house.dotted)
def test_every_limit_is_used(path: Path) -> None:
    """A number that nobody reads is a number that somebody believes in."""
    code = "\n".join(other.read_text() for other in [*house.modules(), *TEMPLATES] if other not in LIMITS)
    limits = "\n".join(other.read_text() for other in LIMITS)
    assert names_of(path)
    used = [name for name in names_of(path) if re.search(rf"limits\.{name}\b", code) or limits.count(name) > 1]
    assert used == names_of(path)


def test_no_limit_stands_twice() -> None:
    names = [name for path in LIMITS for name in names_of(path)]
    assert len(names) == len(set(names))
