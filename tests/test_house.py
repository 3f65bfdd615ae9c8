"""The house stands as its plan says: arrows point down, and every guard finds what it is to look at."""

import pytest

from tests.support import house
from tests.support.stack import ROOT

pytestmark = pytest.mark.engine_independent


def test_imports_point_down() -> None:
    wrong = {
        f"{house.dotted(path)} -> {other}"
        for path in house.modules()
        for other in house.imported(path)
        if house.is_ours(other) and not house.is_allowed(house.dotted(path), other)
    }
    assert not wrong


def test_libraries_know_no_django() -> None:
    knowing = {
        f"{house.dotted(path)} -> {name}"
        for path in house.modules("libraries")
        for name in house.imported(path)
        if name.split(".")[0] in {"django", "celery"}
    }
    assert not knowing


def test_every_folder_has_its_place() -> None:
    """A room that the plan does not name, or one that it names and that is empty."""
    for layer, rooms in house.ROOMS.items():
        folder = ROOT.joinpath(*layer.split("."))
        assert {path.name for path in folder.iterdir() if path.is_dir() and path.name != "__pycache__"} == set(rooms)
        assert [path.name for path in folder.glob("*.py")] == ["__init__.py"]
    libraries = {path.name for path in (ROOT / "libraries").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert libraries == set(house.LIBRARIES)
    for name in house.names():
        house.place(name)


@pytest.mark.parametrize(
    ("importer", "other", "allowed"),
    [
        ("workspace.services.books.books", "workspace.models", True),
        ("workspace.services.books.books", "addressbook.models", False),
        ("workspace.services.people.sealing", "mailerconsole.secret_files", False),
        ("workspace.models.work", "workspace.services.work.jobs", False),
        ("addressbook.services.uploads.files", "addressbook.services.reset.reset", False),
        ("addressbook.services.reset.reset", "addressbook.services.uploads.files", True),
        ("addressbook.views.undo.undo", "addressbook.views.screen.screen", False),
        ("libraries.outbound_mailer.client", "libraries.spreadsheets.tables", False),
        ("libraries.spreadsheets.layout", "libraries.email_addresses", True),
        ("libraries.email_addresses.parsing", "workspace.limits", False),
        ("mailerconsole.operations.backups", "mailerconsole.urls", False),
        ("mailerconsole.urls", "mailerconsole.operations.health_pages", True),
    ],
)
def test_the_plan_knows_up_from_down(importer: str, other: str, allowed: bool) -> None:
    assert house.is_allowed(importer, other) is allowed


def test_a_guard_that_finds_too_little_fails(monkeypatch) -> None:
    house.modules.cache_clear()
    monkeypatch.setitem(house.LEAST_MODULES, "workspace", 10_000)
    with pytest.raises(AssertionError, match="only"):
        house.modules("workspace")
    house.modules.cache_clear()
