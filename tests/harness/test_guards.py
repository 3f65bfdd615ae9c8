"""The guards of the test run, each of which must bite."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("example.com", 443), ("2001:db8::1", 80)])
def test_network_beyond_this_machine_is_blocked(address: tuple[str, int], network_attempts: list[str]) -> None:
    with pytest.raises(OSError, match="only reach this machine"):
        socket.create_connection(address, timeout=1)
    assert network_attempts
    network_attempts.clear()


def test_attempt_fails_the_test_even_when_the_error_is_hidden(tmp_path: Path) -> None:
    assert _run_test(
        tmp_path, "import socket\ntry: socket.create_connection(('192.0.2.1', 80))\nexcept OSError: pass"
    ) == ("1 passed, 1 error")


def test_skip_is_a_failure_where_skips_are_forbidden(tmp_path: Path) -> None:
    assert _run_test(tmp_path, "import pytest\npytest.skip('no browser')", FORBID_SKIPS="1") == "1 failed"


def test_skip_is_a_skip_elsewhere(tmp_path: Path) -> None:
    assert _run_test(tmp_path, "import pytest\npytest.skip('no browser')") == "1 skipped"


def _run_test(folder: Path, body: str, **environment: str) -> str:
    """The closing line of a run of one test in which `body` stands, with the guards of this run."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    (folder / "test_it.py").write_text(f"def test_it():\n{lines}\n")
    (folder / "conftest.py").write_text("pytest_plugins = ['tests.support.network', 'tests.support.skips']\n")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:django",
            "-p",
            "no:cacheprovider",
            "--rootdir",
            folder,
            folder,
        ],
        capture_output=True,
        text=True,
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "", **environment},
    )
    return done.stdout.strip().splitlines()[-1].rpartition(" in ")[0]
