"""Two machines without containers, started by the lines of docs/operations.md."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import boto3
import pytest
import requests
from cryptography.fernet import Fernet

from tests.support.environment import variables
from tests.support.postgresql import free_port
from tests.support.stack import ROOT, wait_for
from tests.support.strategies import SERVICES

pytestmark = pytest.mark.engine_independent

CHAPTER = (ROOT / "docs" / "operations.md").read_text().split("\n## Several machines, without containers\n")[1]
CHAPTER = CHAPTER.split("\n## ")[0]
FIRST, *STARTED = [
    line for block in re.findall(r"^```\n(.*?)\n```$", CHAPTER, re.M | re.S) for line in block.splitlines()
]
HOST = "mailer.example.com"


def test_the_commands_are_those_of_the_containers() -> None:
    """Written down once more, for people; the same program must run."""
    services = ("web", "changes", "downloads", "mail", "sync", "beat")
    assert [SERVICES[name]["command"] for name in services] == STARTED
    assert SERVICES["migrate"]["command"] == FIRST


def test_every_setting_of_the_chapter_is_read() -> None:
    named = set(re.findall(r"`([A-Z][A-Z0-9_]+)(?:=\S+)?`", CHAPTER))
    assert {"SECRET_KEY", "SECRETS_KEYS", "SIMULATOR_TOKEN", "S3_BUCKET"} <= named
    assert named - {"PATH"} <= variables()


class Machine:
    def __init__(self, folder: Path, shared: dict[str, str]) -> None:
        self.folder = folder
        folder.mkdir()
        self.port = free_port()
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        own = {"PATH": path, "DATA_DIR": str(folder / "data"), "PORT": str(self.port), "PYTHONWARNINGS": "ignore"}
        # Collecting them takes seconds; that prepare_console does it, another test shows.
        self.environment = shared | own | {"STATIC_ROOT": os.environ["STATIC_ROOT"]}
        self.processes: list[subprocess.Popen[bytes]] = []

    def run(self, line: str) -> None:
        done = subprocess.run(shlex.split(line), cwd=ROOT, env=self.environment, capture_output=True, timeout=120)
        assert done.returncode == 0, done.stderr.decode()[-2000:]

    def start(self, line: str) -> None:
        with (self.folder / f"{len(self.processes)}.log").open("wb") as log:
            self.processes.append(
                subprocess.Popen(
                    shlex.split(line),
                    cwd=ROOT,
                    env=self.environment,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            )

    def readiness(self) -> dict[str, str]:
        headers = {"Host": HOST, "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"}
        with suppress(requests.RequestException):
            found: dict[str, str] = requests.get(
                f"http://127.0.0.1:{self.port}/readyz", headers=headers, timeout=15
            ).json()
            return found
        return {}

    def logs(self) -> str:
        return "\n".join(path.read_text()[-1500:] for path in sorted(self.folder.glob("*.log")))


@pytest.fixture
def shared(s3_server: str, redis_url: str, postgresql: str) -> dict[str, str]:
    keys = {"aws_access_key_id": "any", "aws_secret_access_key": "any"}
    bucket = f"bucket-{uuid4().hex}"
    boto3.resource("s3", endpoint_url=s3_server, region_name="us-east-1", **keys).create_bucket(Bucket=bucket)
    return {
        "DATABASE_URL": postgresql,
        "REDIS_URL": f"{redis_url.rpartition('/')[0]}/11",
        "S3_BUCKET": bucket,
        "S3_ENDPOINT_URL": s3_server,
        "S3_REGION": "us-east-1",
        "S3_ACCESS_KEY": "any",
        "S3_SECRET_KEY": "any",
        "SECRET_KEY": uuid4().hex * 2,
        "SECRETS_KEYS": Fernet.generate_key().decode(),
        "SITE_URL": f"https://{HOST}:8443",
        "TRUSTED_PROXIES": "1",
        "METRICS_TOKEN": "token",
    }


@pytest.mark.timeout(300)
def test_two_machines_run_by_the_lines_of_the_chapter(shared: dict[str, str], tmp_path: Path) -> None:
    """Everything on the first, a web server on the second, whose key is then another."""
    first, second = Machine(tmp_path / "a", shared), Machine(tmp_path / "b", shared)
    third = Machine(tmp_path / "c", shared | {"SECRETS_KEYS": Fernet.generate_key().decode()})
    machines = (first, second, third)
    try:
        first.run(FIRST)
        second.run(FIRST)
        for line in STARTED:
            first.start(line)
        second.start(STARTED[0])
        third.start(STARTED[0])
        for machine in (first, second):
            wait_for(lambda m=machine: set(m.readiness().values()) == {"ok"}, 90, machine.logs)
        assert len(first.readiness()) == 8
        wait_for(lambda: "secrets" in third.readiness(), 60, third.logs)
        assert {name for name, word in third.readiness().items() if word == "failed"} == {"secrets"}
        redirect = requests.get(
            f"http://127.0.0.1:{first.port}/sign-in/", headers={"Host": HOST}, timeout=15, allow_redirects=False
        )
        assert redirect.headers["Location"] == f"https://{HOST}:8443/sign-in/"
    finally:
        for machine in machines:
            for process in machine.processes:
                process.send_signal(signal.SIGTERM)
        for machine in machines:
            for process in machine.processes:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=20)
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
