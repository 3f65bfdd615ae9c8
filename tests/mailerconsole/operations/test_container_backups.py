"""The backup of the containers: the lines of docs/operations.md without a container engine, on PostgreSQL itself."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.mailerconsole.operations.installations import Installation
from tests.support.postgresql import PostgresServer
from tests.support.stack import ROOT
from tests.support.strategies import SERVICES

pytestmark = pytest.mark.engine_independent

BACKUP, RESTORE = (
    block.splitlines()
    for block in re.findall(
        r"^```\n(.*?)\n```$",
        (ROOT / "docs" / "operations.md").read_text().split("\n## Backup and restore\n")[1].split("\n## ")[0],
        re.MULTILINE | re.DOTALL,
    )
)
LINE = re.compile(
    r"docker compose (?P<verb>exec|run|up)(?P<options>(?: --?[\w-]+)*)(?: (?P<service>\w+))?(?: (?P<rest>.+))?"
)

# A book with groups, history and undo, files that were made, and one that waits for an OK.
LIVE = """
from addressbook.models import Download
from addressbook.services.beginnings import demo
from workspace import tasks
from workspace.models import AddressBook
assert demo.fill(AddressBook.objects.get())
for pk in Download.objects.values_list("pk", flat=True):
    tasks.work_on("addressbook.Download", pk)
"""


class Composed:
    """What compose would run: the database `console` on a server of its own, and the volume `data`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = PostgresServer()
        maintenance = self.server.start()
        # As the image does, from POSTGRES_USER and POSTGRES_DB.
        with psycopg.connect(maintenance, autocommit=True) as connection:
            connection.execute("CREATE ROLE console LOGIN SUPERUSER")
            connection.execute("CREATE DATABASE console OWNER console")
        self.data = folder / "data"
        self.data.mkdir(parents=True)
        self.installation = Installation(self.data, f"postgresql://console@127.0.0.1:{self.server.port}/console")

    def run(self, line: str, where: Path) -> None:
        """A line of the documentation, in the folder where the operator stands."""
        found = LINE.fullmatch(line)
        assert found, line
        service, rest = found["service"], found["rest"] or ""
        assert service is None or service in SERVICES
        if found["verb"] == "up":
            # The one thing that runs to its end before the others start.
            rest = "" if service else SERVICES["migrate"]["command"]
        else:
            # Neither a terminal, whose line ends would damage what passes, nor rights that the service does not have:
            # root without capabilities could not even read the volume.
            options = set(found["options"].split())
            assert "-T" in options
            assert not options & {"--user", "-u"}
        if not rest:
            return
        rest = re.sub(r"/data\b", shlex.quote(str(self.data)), rest)
        rest = rest.replace("python manage.py", shlex.join([sys.executable, "-W", "ignore", str(ROOT / "manage.py")]))
        environment = self.installation.environment | {"PGHOST": "127.0.0.1", "PGPORT": str(self.server.port)}
        done = subprocess.run(
            ["sh", "-ec", rest], cwd=where, env=environment, capture_output=True, text=True, timeout=240
        )
        assert done.returncode == 0, (line, done.stderr)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Composed]:
    composed = Composed(tmp_path / "here")
    yield composed
    composed.server.stop()


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Composed]:
    composed = Composed(tmp_path / "elsewhere")
    yield composed
    composed.server.stop()


@pytest.mark.timeout(600)
def test_the_documented_lines_back_up_and_restore(here: Composed, elsewhere: Composed, tmp_path: Path) -> None:
    for arguments in (("prepare_console",), ("shell", "--verbosity", "0", "-c", LIVE)):
        done = here.installation.manage(*arguments)
        assert done.returncode == 0, done.stderr
    before = here.installation.describe()
    for line in BACKUP:
        here.run(line, tmp_path)
    # Nothing of the old place is left to read from.
    here.server.halt()
    here.data.rename(tmp_path / "gone")

    for line in RESTORE:
        elsewhere.run(line, tmp_path)
    assert elsewhere.installation.describe() == before
    assert len(before["keys"]) > 4_000
    assert len(before["files"]) == 3
    key = (elsewhere.data / "secrets_key").read_text()
    assert key == (tmp_path / "gone" / "secrets_key").read_text()
