from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.run.console import Console
from tests.support.stack import wait_for

# A web server, three workers with two children each, the scheduler and the simulator.
FAMILY = 14


@pytest.fixture
def make_console(tmp_path: Path) -> Iterator[Callable[..., Console]]:
    """Consoles, each with a new data folder unless one is given; whatever they leave behind is killed."""
    yield from _consoles(tmp_path)


@pytest.fixture
def console(_console: Console) -> Console:
    """One running console for all tests, which leave it running. A test may stop it and start it again."""
    if _console.process is None or _console.process.poll() is not None:
        _console.start()
    wait_for(lambda: len(_console.family()) >= FAMILY, 120, lambda: _console.output)
    return _console


@pytest.fixture(scope="session")
def _console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    for make in _consoles(tmp_path_factory.mktemp("console")):
        yield make()


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
