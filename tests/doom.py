"""Processes that are killed at the n-th crash point, by the dozen.

Starting Python with Django takes a second, and a harness needs a process for every point. So one process loads all of
it (`python -m tests.doom`, with the settings and the database of the test in its environment) and forks for every run,
before it has opened a connection or a file.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.stack import ROOT, _test_database_url


class Doom:
    """Runs functions of importable modules in processes of their own: `with Doom(folder) as doom: doom.run(...)`.

    `folder` is MEDIA_ROOT of these processes. No other worker hears of what they announce.
    """

    def __init__(self, folder: Path) -> None:
        environment = os.environ | {"DATABASE_URL": _test_database_url()}
        # Playwright makes the test process set this; the product must do without.
        environment.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.doom", str(folder)],
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

    def run(self, target: str, *arguments: Any, fatal: int = 0, **limits: int) -> list[str]:
        """Call `target` ("module:function") with JSON values; returns the crash points that were reached.

        The process is killed at the point number `fatal` (0: at none). `limits` are set in `addressbook.limits` first.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {"target": target, "arguments": arguments, "fatal": fatal, "limits": limits}
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
    from django.conf import settings

    from addressbook import services

    # What every run needs is loaded once; none of it opens a connection.
    for module in pkgutil.walk_packages(services.__path__, "addressbook.services."):
        importlib.import_module(module.name)
    settings.MEDIA_ROOT = sys.argv[1]
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
    from addressbook import limits
    from addressbook.services import crash_points

    for name, value in order["limits"].items():
        setattr(limits, name, value)
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
