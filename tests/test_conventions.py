"""What a machine can check of how this house is written."""

import ast
import re
from pathlib import Path

import pytest

from addressbook import limits

pytestmark = pytest.mark.engine_independent

ROOT = Path(__file__).resolve().parent.parent
APP = ROOT / "addressbook"
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))

# From the lowest layer up; a module imports from its own layer and from those below it.
LAYERS = (
    {"limits", "request_ids"},
    {"emails", "spreadsheets", "mailer"},
    {"models", "apps", "migrations"},
    {"services"},
    {"tasks", "forms"},
    {"views", "templatetags", "urls", "admin", "management"},
)
LIBRARIES = ("emails", "spreadsheets", "mailer")


def layer_of(part: str) -> int:
    return next(number for number, parts in enumerate(LAYERS) if part in parts)


def modules() -> list[Path]:
    return sorted(path for path in APP.rglob("*.py") if path != APP / "__init__.py")


def part_of(path: Path) -> str:
    return path.relative_to(APP).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """The full names of what a module imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(APP)))
def test_imports_point_down(path: Path) -> None:
    own = layer_of(part_of(path))
    parts = {name.split(".")[1] for name in imported(path) if name.startswith("addressbook.") and name.count(".")}
    upwards = {part for part in parts if layer_of(part) > own}
    # A library may know limits, and addresses; no library may know another beside that.
    sideways = {part for part in parts if part in LIBRARIES and part not in {part_of(path), "emails"}}
    assert not upwards
    assert not (sideways and part_of(path) in LIBRARIES)


@pytest.mark.parametrize(
    "path", [path for path in modules() if part_of(path) in (*LIBRARIES, "limits")], ids=lambda path: str(path.name)
)
def test_libraries_know_no_django(path: Path) -> None:
    assert not {name for name in imported(path) if name.split(".")[0] in {"django", "celery"}}


@pytest.mark.parametrize("path", sorted((APP / "views").glob("*.py")), ids=lambda path: path.name)
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
    names = {path.stem for path in [*APP.rglob("*.py"), *(ROOT / "tests").rglob("*.py")]}
    assert not names & {"utils", "helpers", "common", "misc"}


def test_every_limit_is_used() -> None:
    """A number that nobody reads is a number that somebody believes in."""
    sources = [path.read_text() for path in [*modules(), *TEMPLATES] if path.name != "limits.py"]
    own = (APP / "limits.py").read_text()
    for name in vars(limits):
        if name.isupper():
            assert any(f"limits.{name}" in source for source in sources) or own.count(name) > 1, name
