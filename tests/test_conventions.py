"""What a machine can check of how this house is written."""

import ast
import re
from importlib import import_module
from pathlib import Path

import pytest

from tests.support import house
from tests.support.stack import ROOT

pytestmark = pytest.mark.engine_independent

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


@pytest.mark.parametrize("path", house.in_layer("views"), ids=house.dotted)
def test_views_write_nothing_themselves(path: Path) -> None:
    assert not writing_calls(path.read_text())


WRITING = {"save", "create", "bulk_create", "get_or_create", "update_or_create", "bulk_update", "delete"}


def writing_calls(source: str) -> list[str]:
    """Calls that write, by their names. Functions of a module of services, which views are to call, may have these."""
    tree = ast.parse(source)
    services = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and ".services" in (node.module or "")
        for alias in node.names
        if f"{node.module}.{alias.name}" in house.names()
    }
    return [
        ast.unparse(call.func)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and (call.func.attr in WRITING or (call.func.attr == "update" and call.keywords and not call.args))
        and not (isinstance(call.func.value, ast.Name) and call.func.value.id in services)
    ]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from mailings.services import drafts\ndrafts.save(book=book)", []),
        ("from mailings.services import drafts as them\nthem.delete(book=book)", []),
        ("context.update(own, title=title)", []),
        ("draft.save()", ["draft.save"]),
        ("from mailings.models import drafts\ndrafts.save()", ["drafts.save"]),
        (
            "from mailings.services.drafts import find_draft\nfind_draft(book, 1).delete()",
            ["find_draft(book, 1).delete"],
        ),
        ("from mailings.services import drafts\ndrafts.Mailing.objects.create()", ["drafts.Mailing.objects.create"]),
        ("Mailing.objects.filter(pk=1).update(state=state)", ["Mailing.objects.filter(pk=1).update"]),
    ],
)
def test_the_guard_tells_services_from_rows(source: str, found: list[str]) -> None:
    assert writing_calls(source) == found


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


# A wheel of its own: what it must know itself, others may have to say again.
OF_THE_WHEEL = ROOT / "libraries/outbound_mailer/limits.py"


def test_no_limit_stands_twice() -> None:
    names = [name for path in LIMITS if path != OF_THE_WHEEL for name in names_of(path)]
    assert len(names) == len(set(names))


def test_what_the_wheel_of_the_client_says_again_is_the_same() -> None:
    """Then nothing that a page takes is refused at the last moment, for being too long for the API."""
    own = vars(import_module(house.dotted(OF_THE_WHEEL)))
    again = [
        (house.dotted(path), name, vars(import_module(house.dotted(path)))[name])
        for path in LIMITS
        if path != OF_THE_WHEEL
        for name in {*names_of(path)} & {*names_of(OF_THE_WHEEL)}
    ]
    assert {name for _module, name, _value in again} >= {"ADDRESS_LENGTH_CHARACTERS", "GROUP_NAME_ALPHABET"}
    assert [(module, name) for module, name, value in again if value != own[name]] == []


def test_the_acts_of_forms_fit_into_their_column() -> None:
    """PostgreSQL refuses what SQLite takes."""
    from workspace.models import Submission

    most = Submission._meta.get_field("act").max_length
    named = re.compile(r'Submitted\(\s*by, token, "(\w+)"')
    acts = {act for path in house.modules() for act in named.findall(path.read_text())}
    assert len(acts) > 10
    assert [act for act in acts if len(act) > most] == []
