"""kill -9 of any process: it comes back, and the console goes on. kill -9 of the supervisor: nothing stays behind."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from tests.run.conftest import FAMILY
from tests.run.console import Console, gone
from tests.support.stack import ROOT, wait_for

pytestmark = pytest.mark.engine_independent

WORKERS = ["worker --queues sync", "worker --queues changes", "worker --queues mail"]
COMMANDS = ["gunicorn", *WORKERS, "celery --app mailerconsole beat"]


@pytest.mark.parametrize("command", COMMANDS)
def test_killed_process_comes_back(console: Console, command: str) -> None:
    (parent,) = console.parents(command)
    old_children = parent.children()
    parent.kill()
    wait_for(lambda: [p.pid for p in console.parents(command)] not in ([], [parent.pid]), 60, lambda: console.output)
    assert gone(old_children)
    wait_for(console.is_healthy, 60)
    wait_for(lambda: console.is_healthy() and len(console.family()) >= FAMILY, 60)
    assert_jobs_are_worked_on(console)


@pytest.mark.parametrize("command", COMMANDS[:4])
def test_killed_child_is_replaced(console: Console, command: str) -> None:
    before = console.children(command)
    assert len(before) == 2
    before[0].kill()
    wait_for(lambda: len(console.children(command)) == 2 and before[0] not in console.children(command), 60)
    wait_for(console.is_healthy, 60)
    assert_jobs_are_worked_on(console)


def test_everything_killed_at_once_comes_back(console: Console) -> None:
    for process in console.family():
        process.kill()
    wait_for(lambda: len(console.family()) >= FAMILY and console.is_healthy(), 120, lambda: console.output)
    assert_jobs_are_worked_on(console)


def test_killed_supervisor_leaves_no_orphan_even_with_a_job(console: Console) -> None:
    family = console.family()
    with closing(hold_worker(console)):
        assert console.stop(signal.SIGKILL) == -signal.SIGKILL
        assert gone(family)
    with socket.create_server(("127.0.0.1", console.port)):
        pass
    console.start()
    assert_jobs_are_worked_on(console)


def hold_worker(console: Console) -> sqlite3.Connection:
    """Give the worker a job that does not get on until the connection is closed: the database is locked."""
    connection = sqlite3.connect(console.data_dir / "mailerconsole.sqlite3", isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    announce(console)
    wait_for(lambda: not list((console.data_dir / "broker").iterdir()))
    return connection


def announce(console: Console) -> None:
    """Send wake-ups to all workers, as the web server does: from a process with the console's settings."""
    tasks: list[tuple[str, list[object], dict[str, str]]] = [
        ("workspace.tasks.work_on", ["addressbook.Job", 0], {"queue": "changes"}),
        ("workspace.tasks.work_on", ["addressbook.Download", 0], {"queue": "downloads"}),
        ("mailings.tasks.run_mailing", [0], {}),
    ]
    code = f"import mailerconsole as m; [m.celery_app.send_task(name, args=args, **to) for name, args, to in {tasks}]"
    run_python(console, code)


def assert_jobs_are_worked_on(console: Console) -> None:
    """Messages sent now are taken by the workers; what they name does not exist, which is no error."""
    announce(console)
    broker = console.data_dir / "broker"
    wait_for(lambda: not list(broker.iterdir()), 60, lambda: str(list(broker.iterdir())))


def run_python(console: Console, code: str) -> str:
    """In a process with the console's settings; what it printed."""
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(console.data_dir)}
    environment["SQLITE_JOURNAL"] = os.environ.get("SQLITE_JOURNAL", "")
    command = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=60, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()
