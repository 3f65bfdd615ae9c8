"""The house stands as its plan says: arrows point down, and every guard finds what it is to look at."""

import pytest

from tests.support import house
from tests.support.stack import ROOT

pytestmark = pytest.mark.engine_independent

# Arrows that point up still. The list may only shrink: an arrow that is gone must go from here too.
KNOWN_WRONG = {
    "addressbook.views.addresses.disclosure -> addressbook.views.screen.screen",
    "addressbook.views.addresses.groups -> addressbook.views.screen.screen",
    "addressbook.views.addresses.register_dialog -> addressbook.views.uploads.upload_sentences",
    "addressbook.views.addresses.registration -> addressbook.views.screen.screen",
    "addressbook.views.addresses.registration -> addressbook.views.uploads.uploads",
    "addressbook.views.addresses.selection -> addressbook.views.screen.screen",
    "addressbook.views.downloads.downloads -> addressbook.views.screen.screen",
    "addressbook.views.reset.reset -> addressbook.views.screen.screen",
    "addressbook.views.sync.sync -> addressbook.views.screen.screen",
    "addressbook.views.undo.undo -> addressbook.views.screen.screen",
    "addressbook.views.uploads.upload_dialog -> addressbook.views.screen.screen",
    "addressbook.views.uploads.uploads -> addressbook.views.screen.screen",
    "workspace.services.books.members -> addressbook.models",
    "workspace.services.books.members -> addressbook.services.downloads",
    "workspace.services.books.members -> addressbook.services.uploads",
    "workspace.services.history.audit -> addressbook.models",
    "workspace.services.history.reading -> addressbook.models",
    "workspace.services.people.sealing -> mailerconsole.secret_key",
    "workspace.services.work.jobs -> addressbook.models",
    "workspace.services.work.jobs -> addressbook.services.addresses.undo_log",
    "workspace.views.books.books -> addressbook.services.sync.connection",
    "workspace.views.books.books -> addressbook.services.sync.practice",
    "workspace.views.books.books -> addressbook.views.reset.recovery",
    "workspace.views.books.books -> addressbook.views.screen.screen",
    "workspace.views.books.connection -> addressbook.services.sync.connection",
    "workspace.views.books.connection_sentences -> addressbook.services.sync.connection",
    "workspace.views.history.history -> addressbook.models",
    "workspace.views.history.history -> addressbook.services.reset.restoring",
    "workspace.views.history.history -> addressbook.services.undo",
    "workspace.views.history.history_sentences -> addressbook.views.undo.undo_sentences",
    "workspace.views.pages.access -> addressbook.models",
    "workspace.views.pages.access -> addressbook.services.addresses.groups",
    "workspace.views.pages.sentences -> addressbook.services.addresses.selection",
    "workspace.views.people.step_up -> addressbook.forms.listing",
    "workspace.views.people.step_up -> addressbook.views.screen.screen",
    "workspace.views.work.jobs -> addressbook.views.screen.screen",
}


def test_imports_point_down() -> None:
    wrong = {
        f"{house.dotted(path)} -> {other}"
        for path in house.modules()
        for other in house.imported(path)
        if house.is_ours(other) and not house.is_allowed(house.dotted(path), other)
    }
    assert sorted(wrong) == sorted(KNOWN_WRONG)


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
        ("workspace.services.people.sealing", "mailerconsole.secret_key", False),
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
