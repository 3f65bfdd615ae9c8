"""Who writes the files that are not about the address book itself: a package above names itself here for its scopes."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Final

from addressbook.models import Download

# Told of every page: how many rows were written for it.
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Writer:
    """`count` rows are expected; `write` writes the file and returns how many there were."""

    count: Callable[[Download], int]
    write: Callable[[Path, Download, Progress], int]


# Modules with a table WRITERS by scope, imported when a file is made.
_MODULES: Final[dict[str, str]] = {}


def written_by(module: str, *scopes: str) -> None:
    _MODULES.update(dict.fromkeys(scopes, module))


def writer_of(download: Download) -> Writer | None:
    """None: it is about the address book."""
    module = _MODULES.get(download.scope)
    if module is None:
        return None
    writer: Writer = import_module(module).WRITERS[download.scope]
    return writer
