"""What is in the data folder is its owner's alone, whichever process is the first, and however the folder was made."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.stack import ROOT

pytestmark = pytest.mark.engine_independent


def test_preparing_closes_a_folder_that_was_open(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    (data / "mailerconsole.sqlite3").touch(mode=0o644)
    (data / "mailerconsole.sqlite3").chmod(0o644)
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(data), "ADMIN_PASSWORD": "correct horse battery staple"}
    command = ["sh", "-c", f"umask 022; exec {sys.executable} manage.py prepare_console"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    assert data.stat().st_mode & 0o777 == 0o700
    open_ones = {
        str(path.relative_to(data)): oct(path.stat().st_mode & 0o777)
        for path in data.rglob("*")
        if path.stat().st_mode & 0o077
    }
    assert open_ones == {}
