"""PostgreSQL is restarted while people register: what was acknowledged is there, what was not is whole or absent."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.mailerconsole.operations.installations import Installation
from tests.support.postgresql import PostgresServer
from tests.support.stack import ROOT, wait_for

pytestmark = pytest.mark.engine_independent

THREADS = 4
# Registered by each before and after the restart.
ENOUGH = 40


@pytest.mark.timeout(300)
def test_what_was_acknowledged_outlives_a_restart_under_load(tmp_path: Path) -> None:
    server = PostgresServer()
    try:
        installation = Installation(tmp_path / "data", server.start())
        assert installation.manage("prepare_console").returncode == 0
        acknowledged = tmp_path / "acknowledged"
        acknowledged.touch()
        command = [sys.executable, "-W", "ignore", "-m", "tests.faults.test_postgresql", str(acknowledged)]
        people = subprocess.Popen(
            command, cwd=ROOT, env=installation.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

        def count() -> int:
            return len(acknowledged.read_text().splitlines())

        wait_for(lambda: count() >= ENOUGH, 60)
        server.halt()
        server.start_again()
        before = count()
        wait_for(lambda: count() >= before + ENOUGH, 60, lambda: str(people.poll()))
        people.terminate()
        people.communicate(timeout=30)
        told = set(acknowledged.read_text().splitlines())
        with psycopg.connect(f"host=127.0.0.1 port={server.port} user=postgres dbname=postgres") as database:
            there = {row[0] for row in database.execute("SELECT key FROM addressbook_address").fetchall()}
            audited = database.execute(
                "SELECT count(*) FROM addressbook_auditevent WHERE action = 'insert_address'"
            ).fetchone()
        assert told <= there
        # At most the one that each had sent and had no answer to, at the restart and at the end; and each has its line.
        assert len(there - told) <= 2 * THREADS
        assert audited == (len(there),)
        assert installation.manage("check_books").returncode == 0
    finally:
        server.stop()


def _register_until_told(path: str) -> None:
    """Threads that register one address after the other, and write down each that was acknowledged."""
    import threading
    from uuid import uuid4

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailerconsole.settings")
    django.setup()
    from django.db import DatabaseError, InterfaceError, close_old_connections

    from addressbook.services.addresses import registration
    from workspace.models import AddressBook, User
    from workspace.services.history.audit import Actor

    book, user = AddressBook.objects.get(), User.objects.get()
    lock = threading.Lock()

    def register() -> None:
        while True:
            address = f"{uuid4().hex}@example.com"
            # As at the begin and the end of a request.
            close_old_connections()
            try:
                registration.register_typed(book=book, group_id=None, text=address, token=uuid4(), by=Actor(user))
            except (DatabaseError, InterfaceError):
                continue
            with lock, Path(path).open("a") as file:
                file.write(f"{address}\n")

    for _ in range(THREADS):
        threading.Thread(target=register).start()


if __name__ == "__main__":
    _register_until_told(sys.argv[1])
