"""The house: its packages, layers and rooms, from the lowest up. What looks through the code finds its files here.

An import points to the place of the module itself, or to a lower one.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.support.stack import ROOT

PACKAGES = ("libraries", "workspace", "addressbook", "mailings", "mailerconsole")
# Of the libraries, each stands alone, but all of them may know what an address is.
LIBRARIES = ("email_addresses", "spreadsheets", "outbound_mailer")
SHARED_LIBRARY = "email_addresses"
# Within an app.
LAYERS = (
    {"limits", "numbers", "request_ids", "secret_key", "sqlite"},
    {"models", "migrations"},
    {"actions"},
    {"services"},
    {"forms", "tasks"},
    {"views"},
    {"templatetags", "urls", "admin", "apps", "subscriptions"},
)
# Within a layer of an app.
ROOMS = {
    "workspace.services": ("history", "work", "people", "books", "users"),
    "workspace.views": ("pages", "people", "books", "history", "work", "users"),
    "addressbook.services": ("sync", "addresses", "uploads", "downloads", "undo", "reset", "beginnings"),
    "addressbook.views": ("answers", "sync", "undo", "addresses", "uploads", "downloads", "reset", "screen"),
    "mailings.views": ("suppressions", "compose", "templates", "follow", "settings"),
}
# What starts the processes knows the operations, and these know the rest of the project.
ENTRANCES = {"settings", "urls", "celery", "wsgi", "gunicorn_settings"}
# More would be a sign that files are found, fewer that a guard looks into empty rooms.
LEAST_MODULES = {"libraries": 50, "workspace": 75, "addressbook": 80, "mailings": 40, "mailerconsole": 40}


@cache
def modules(*packages: str) -> tuple[Path, ...]:
    """The files with code of the packages, or of all of them; without migrations."""
    found: list[Path] = []
    for package in packages or PACKAGES:
        files = [path for path in sorted((ROOT / package).rglob("*.py")) if "migrations" not in path.parts]
        assert len(files) >= LEAST_MODULES[package], f"{package}: only {len(files)} modules found"
        found += files
    return tuple(found)


def in_layer(layer: str) -> list[Path]:
    """The files of one layer of all apps."""
    return [path for path in modules("workspace", "addressbook", "mailings") if layer in dotted(path).split(".")[1:2]]


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def names() -> frozenset[str]:
    return frozenset(map(dotted, modules()))


def imported(path: Path) -> Iterator[str]:
    """The full names of what a module imports: of ours the module, of others whatever is named."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield node.module if node.module in names() and full not in names() else full


def is_ours(name: str) -> bool:
    return name.split(".")[0] in PACKAGES


def place(name: str) -> tuple[int, ...]:
    """How high a module stands: by package, by layer, by room."""
    package, *inner = name.split(".")
    floor = PACKAGES.index(package)
    if package == "mailerconsole":
        return (floor, 2 if not inner or inner[0] in ENTRANCES else int(inner[0] == "operations"))
    if package == "libraries" or not inner:
        return (floor,)
    layer = next(number for number, layers in enumerate(LAYERS) if inner[0] in layers)
    rooms = ROOMS.get(f"{package}.{inner[0]}")
    if rooms is None or len(inner) == 1:
        return (floor, layer)
    return (floor, layer, rooms.index(inner[1]))


def is_allowed(importer: str, other: str) -> bool:
    if importer.startswith("libraries.") and other.startswith("libraries."):
        return other.split(".")[1] in {importer.split(".")[1], SHARED_LIBRARY}
    return place(other) <= place(importer)
