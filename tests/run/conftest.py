from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.run.console import Console


@pytest.fixture
def make_console(tmp_path: Path) -> Iterator[Callable[..., Console]]:
    """Consoles, each with a new data folder unless one is given; whatever they leave behind is killed."""
    yield from _consoles(tmp_path)


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """One running console for the tests of a file, which leave it running."""
    for make in _consoles(tmp_path_factory.mktemp("console")):
        yield make().start()


def _consoles(folder: Path) -> Iterator[Callable[..., Console]]:
    made: list[Console] = []
    families: list[psutil.Process] = []

    def make(data_dir: Path | None = None, **environment: str) -> Console:
        made.append(Console(data_dir or folder / f"data{len(made)}", environment=environment))
        return made[-1]

    yield make
    for console in made:
        if console.process is not None and console.process.poll() is None:
            families += console.family()
            console.process.kill()
            console.process.wait(timeout=10)
    for process in families:
        if process.is_running():
            process.kill()
