"""A database of the time before the code moved into rooms opens with every row."""

import gzip
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.stack import ROOT

pytestmark = pytest.mark.engine_independent

# Made by the code of commit 22d1ffd: two books with addresses, groups, an upload, downloads, jobs, acts and their undo
# records, a history, an invitation, API keys, and contents that a reset put away.
DUMP = ROOT / "tests" / "data" / "before_the_rooms.sql.gz"
# What the keys in it are sealed with.
SECRETS_KEY = "rUOK7bzkXUzSrpxzHoTckTi3kcwGOL_GMPH78eUa5J8="
# Tables that Django keeps of itself.
ITS_OWN = {"django_migrations", "django_content_type", "auth_permission", "sqlite_sequence"}


def rows(path: Path) -> dict[str, dict[str, tuple]]:
    """Every row of every table, by column."""
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    content = {name: [dict(row) for row in connection.execute(f'SELECT * FROM "{name}"')] for name in tables}  # noqa: S608
    connection.close()
    return content


def test_every_row_is_there_after_the_upgrade(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    path = data_dir / "mailerconsole.sqlite3"
    connection = sqlite3.connect(path)
    connection.executescript(gzip.decompress(DUMP.read_bytes()).decode())
    connection.close()
    before = rows(path)
    assert sum(map(len, before.values())) > 400
    code = """
import django
django.setup()
from django.core.management import call_command
call_command("prepare_console")
call_command("check_books")
call_command("verify_history")
from django.apps import apps
from workspace.services.people import sealing
print("read", sum(len(list(model._base_manager.all())) for model in apps.get_app_config("addressbook").get_models()))
assert not sealing.unreadable()
"""
    environment = {
        "PATH": os.environ["PATH"],
        "DATA_DIR": str(data_dir),
        "DJANGO_SETTINGS_MODULE": "mailerconsole.settings",
        "SECRETS_KEYS": SECRETS_KEY,
    }
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    after = rows(path)
    for table, old in before.items():
        if table not in ITS_OWN:
            kept = [{column: row.get(column) for column in old[0]} for row in after[table]] if old else []
            assert [row for row in old if row not in kept] == [], table
    own = sum(len(content) for table, content in after.items() if table.startswith("addressbook_"))
    assert f"read {own}" in done.stdout.splitlines()
