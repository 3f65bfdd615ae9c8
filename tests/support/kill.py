"""Processes that are killed at the n-th crash point, by the dozen.

Starting Python with Django takes a second, and a harness needs a process for every point. So one process loads all of
it (`python -m tests.support.kill`, with the settings and the database of the test in its environment) and forks for
every run, before it has opened a connection or a file.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from tests.support.sizes import size
from tests.support.stack import ROOT, _test_database_url


@pytest.fixture(scope="session")
def dooms(django_db_setup: None) -> Iterator[Doom]:
    with Doom() as dooms:
        yield dooms


def telling(points: list[str]) -> list[int]:
    """Which of the points to strike at: of those that come again with every batch the first and the last.

    `make test-deep` strikes at all of them.
    """
    numbered = list(enumerate(points, 1))
    first = {point: number for number, point in reversed(numbered)}
    last = {point: number for number, point in numbered}
    return size(sorted({*first.values(), *last.values()}), [number for number, _ in numbered])


class Doom:
    """Runs functions of importable modules in processes of their own. No worker hears of what they announce."""

    def __init__(self) -> None:
        environment = os.environ | {"DATABASE_URL": _test_database_url()}
        # Playwright makes the test process set this; the product must do without.
        environment.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.kill"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate(timeout=30)

    def run(self, fatal: int, folder: Path, target: str, *arguments: object, **limits: int) -> list[str]:
        """Call `target` ("module:function") with the arguments as texts; returns the crash points that were reached.

        The process is killed at the point number `fatal` (0: at none). `folder` is its MEDIA_ROOT, and `limits` are set
        first, each in the package that has it.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {
            "target": target,
            "arguments": [str(argument) for argument in arguments],
            "fatal": fatal,
            "folder": str(folder),
            "limits": limits,
        }
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        assert answer["status"] == (-signal.SIGKILL if fatal else 0), answer
        points: list[str] = answer["points"]
        return points


def _serve() -> None:
    import django

    django.setup()
    from celery import current_app

    from tests.support import house

    # What every run needs is loaded once; none of it opens a connection.
    for path in house.in_layer("services"):
        importlib.import_module(house.dotted(path))
    current_app.send_task = lambda *arguments, **options: None
    for line in sys.stdin:
        order = json.loads(line)
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.close(reading)
            _run(order, writing)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            points = pipe.read().splitlines()
        _, status = os.waitpid(child, 0)
        sys.stdout.write(json.dumps({"status": os.waitstatus_to_exitcode(status), "points": points}) + "\n")
        sys.stdout.flush()


def _run(order: dict[str, Any], pipe: int) -> None:
    from django.conf import settings

    import addressbook.limits
    import mailings.limits
    import workspace.limits
    from workspace.services.work import crash_points

    settings.MEDIA_ROOT = order["folder"]
    for name, value in order["limits"].items():
        packages = (addressbook.limits, mailings.limits, workspace.limits)
        (module,) = [module for module in packages if hasattr(module, name)]
        setattr(module, name, value)
    reached = 0

    def strike(point: str) -> None:
        nonlocal reached
        reached += 1
        os.write(pipe, f"{point}\n".encode())
        if reached == order["fatal"]:
            os.kill(os.getpid(), signal.SIGKILL)

    crash_points.reached = strike
    module, _, function = order["target"].partition(":")
    try:
        getattr(importlib.import_module(module), function)(*order["arguments"])
    except BaseException:
        import traceback

        traceback.print_exc()
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    _serve()
