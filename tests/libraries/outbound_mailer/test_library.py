"""The client is a library: its wheel holds all that it needs, and works where nothing else of ours is."""

import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from libraries import outbound_mailer

LIBRARY = Path(outbound_mailer.__file__).parent
PACKAGE = outbound_mailer.__name__
USE = f"""
import sys
sys.path[:0] = sys.argv[1:]
from {PACKAGE} import GroupAddresses, MailerClient
from {PACKAGE}.simulator import DEFAULT_ACCOUNT, Simulator
keys = DEFAULT_ACCOUNT.credentials
with Simulator() as simulator:
    with MailerClient(keys.access_key, keys.secret_key, base_url=simulator.base_url, allow_other_hosts=True) as client:
        client.address_book.create([GroupAddresses("news", ["a@example.com"])])
        assert client.address_book.get().total_address_count == 1
origin = sys.modules["{PACKAGE}"].__file__
assert origin.startswith(sys.argv[1]), origin
assert not {{"django", "celery"}} & set(sys.modules)
"""


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    source = tmp_path / "source"
    shutil.copytree(LIBRARY, source)
    build = "import hatchling.build, sys; print(hatchling.build.build_wheel(sys.argv[1]))"
    result = subprocess.run(
        [sys.executable, "-P", "-c", build, str(tmp_path)], cwd=source, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return tmp_path / result.stdout.strip().splitlines()[-1]


def test_wheel_works_on_its_own(wheel: Path, tmp_path: Path) -> None:
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
        modules = {name for name in archive.namelist() if name.endswith((".py", ".pyc"))}
    place = PACKAGE.replace(".", "/")
    assert modules == {f"{place}/{path.relative_to(LIBRARY)}" for path in LIBRARY.rglob("*.py")}
    # -I: neither this repository nor anything of the user's is on the path, only what the wheel requires.
    command = [sys.executable, "-I", "-c", USE, str(installed), sysconfig.get_path("purelib")]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_wheel_names_what_it_requires(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        lines = archive.read(metadata).decode().splitlines()
    required = {line.removeprefix("Requires-Dist: ").split()[0] for line in lines if line.startswith("Requires-Dist")}
    assert {name.partition(">")[0] for name in required} == {"requests", "urllib3"}
