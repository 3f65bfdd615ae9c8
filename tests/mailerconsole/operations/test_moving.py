"""From one engine to the other and nothing lost: the direction is that from the engine under test to the other."""

from pathlib import Path

import pytest

from tests.mailerconsole.operations.installations import Installation, under_test
from tests.support.stack import _test_database_url
from workspace.models import Edition


@pytest.fixture
def elsewhere(tmp_path: Path, engine: str, request: pytest.FixtureRequest) -> Installation:
    """An empty installation on the engine that is not under test."""
    is_file = engine == "postgresql"
    url = f"sqlite:///{tmp_path}/moved.sqlite3" if is_file else request.getfixturevalue("postgresql")
    return Installation(tmp_path / "elsewhere", url)


@pytest.mark.timeout(600)
def test_everything_is_there_after_a_move_and_nothing_is_moved_twice(lived_in, elsewhere: Installation, book) -> None:
    # What is not whole is not moved, and leaves nothing behind.
    edition = Edition.objects.get(current_of=book)
    Edition.objects.filter(pk=edition.pk).update(address_count=99)
    refused = elsewhere.manage("move_database", _test_database_url())
    assert refused.returncode == 1
    assert f"Edition {edition.pk} counts 99 addresses and has {edition.address_count}." in refused.stderr
    Edition.objects.filter(pk=edition.pk).update(address_count=edition.address_count)

    done = elsewhere.manage("move_database", _test_database_url())
    assert done.returncode == 0, done.stderr
    assert "addressbook_address: 6" in done.stdout
    before, after = under_test().describe(), elsewhere.describe()
    # Files are where they were, in the data folder or the bucket that both installations use.
    assert len(before.pop("files")) == 4
    after.pop("files")
    assert after == before
    # Ids go on after the last one: what was moved does not stand in the way of what comes.
    more = "from workspace.models import User; User.objects.create_user('somebody')"
    assert elsewhere.manage("shell", "-c", more).returncode == 0

    again = elsewhere.manage("move_database", _test_database_url())
    assert again.returncode == 1
    assert "in use already" in again.stderr
