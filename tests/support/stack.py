"""The real processes: web server, worker and scheduler under the supervisor, on the database of this pytest process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.postgresql import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
START_SECONDS = 120
METRICS_TOKEN = "what opens the metrics of the processes under test"


@dataclass(frozen=True, slots=True)
class Stack:
    """Running processes. `url` has no slash at its end.

    At `service_url` there is nothing until a test puts a simulator there; it is a host that a book may be connected to.
    """

    url: str
    service_url: str
    data_dir: Path
    pid: int

    def log(self, process: str) -> str:
        """What `web`, `worker` or `beat` has written so far."""
        return (self.data_dir / "logs" / f"{process}.log").read_text()


@pytest.fixture(scope="session")
def _stack(django_db_setup: None) -> Iterator[Stack]:
    from django.conf import settings

    port = free_port()
    service_url = f"http://127.0.0.1:{free_port()}"
    environment = os.environ | {"PORT": str(port), "HOST": "127.0.0.1", "DATABASE_URL": _test_database_url()}
    environment |= {"MAILER_HOSTS": service_url, "METRICS_TOKEN": METRICS_TOKEN}
    # Playwright makes the test process set this; the product must do without.
    environment.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)
    output = settings.DATA_DIR / "stack.txt"
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.stack"], env=environment, cwd=ROOT, stdout=file, stderr=file
        )
    try:
        wait_for(lambda: "is ready at" in output.read_text(), START_SECONDS, lambda: _troubles(settings.DATA_DIR))
        yield Stack(f"http://127.0.0.1:{port}", service_url, settings.DATA_DIR, process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


@pytest.fixture
def stack(transactional_db: None, _stack: Stack) -> Stack:
    """The running processes; what the test writes they see, and the other way round. Emptied after the test."""
    return _stack


def wait_for(condition: Any, seconds: float = 10, explain: Any = lambda: "") -> None:
    """Return once `condition()` is true; fail the test after `seconds`, saying `explain()`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"Waited {seconds} s in vain. {explain()}")
        time.sleep(0.05)


def _test_database_url() -> str:
    from django.db import connection

    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{name}"


def _troubles(data_dir: Path) -> str:
    files = [data_dir / "stack.txt", *sorted((data_dir / "logs").glob("*.log"))]
    return "\n".join(f"--- {file.name}\n{file.read_text()[-3000:]}" for file in files)


if __name__ == "__main__":
    from django.conf import settings

    from mailerconsole.operations import supervisor

    # As `manage.py run_console` does, without its preparations: the test has made the database.
    supervisor.claim_data_dir(settings.DATA_DIR)
    supervisor.become_supervisor(settings.DATA_DIR, announcement="")
