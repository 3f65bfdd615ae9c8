"""`make run` as a person starts it: a process of its own on a folder of its own, with production's settings."""

import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import psutil
import requests

from tests.support.postgresql import free_port
from tests.support.stack import ROOT, wait_for

START_SECONDS = 120
STOP_SECONDS = 40


@dataclass
class Console:
    """The process, what it prints, and everything it has started."""

    data_dir: Path
    port: int = field(default_factory=free_port)
    environment: dict[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    process: subprocess.Popen[str] | None = None
    # What each start has printed.
    outputs: list[Path] = field(default_factory=list)

    def start(self, **more: str) -> Self:
        self.begin(**more)
        wait_for(lambda: "is ready at" in self.output, START_SECONDS, lambda: self.output)
        return self

    def begin(self, **more: str) -> None:
        """Start and do not wait. Nothing of the test's own environment reaches it but the path and the static files.

        Collecting those takes seconds; with an empty STATIC_ROOT the console collects its own, as it does for a person.
        """
        environment = {
            name: os.environ[name] for name in ("PATH", "STATIC_ROOT", "SQLITE_JOURNAL") if name in os.environ
        }
        environment |= {"DATA_DIR": str(self.data_dir), "PORT": str(self.port)}
        self.outputs.append(self.data_dir.with_suffix(f".{len(list(self.data_dir.parent.iterdir()))}.txt"))
        with self.outputs[-1].open("w") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-W", "ignore", "manage.py", "run_console", *self.arguments],
                cwd=ROOT,
                env=environment | self.environment | more,
                stdout=file,
                stderr=subprocess.STDOUT,
                text=True,
            )

    @property
    def output(self) -> str:
        """What the last start has printed."""
        return self.outputs[-1].read_text()

    @property
    def first_output(self) -> str:
        return self.outputs[0].read_text()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def password(self) -> str | None:
        """What the first start has made up, unless it was given one."""
        found = re.search(r"shown only this once: (\S+)", self.first_output)
        return found[1] if found else None

    def wait(self, seconds: float = STOP_SECONDS) -> int:
        assert self.process is not None
        return self.process.wait(timeout=seconds)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(how)
        return self.wait()

    def family(self) -> list[psutil.Process]:
        """All processes below the supervisor."""
        assert self.process is not None
        return [child for child in psutil.Process(self.process.pid).children(recursive=True) if is_alive(child)]

    def parents(self, command: str) -> list[psutil.Process]:
        """The process of the Procfile whose command line holds `command`: the one right under the supervisor."""
        assert self.process is not None
        return [
            child
            for child in psutil.Process(self.process.pid).children()
            if is_alive(child) and command in command_line(child)
        ]

    def children(self, command: str) -> list[psutil.Process]:
        """Those below such a process: gunicorn's workers, Celery's pool."""
        return [child for parent in self.parents(command) for child in parent.children()]

    def is_healthy(self) -> bool:
        try:
            return requests.get(f"{self.url}/healthz", timeout=5).status_code == 200
        except requests.RequestException:
            return False


def is_alive(process: psutil.Process) -> bool:
    """It may end between two looks at it."""
    with suppress(psutil.NoSuchProcess):
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    return False


def command_line(process: psutil.Process) -> str:
    with suppress(psutil.NoSuchProcess):
        return " ".join(process.cmdline())
    return ""


def gone(processes: list[psutil.Process], seconds: float = STOP_SECONDS) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    return not [process for process in alive if is_alive(process)]
