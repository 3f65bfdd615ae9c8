"""A database whose user may not add pg_trgm: everything works, and its owner can add the index at any time."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from tests.mailerconsole.operations.installations import Installation
from tests.support.stack import ROOT

pytestmark = pytest.mark.engine_independent

FIND = """
from uuid import uuid4
from addressbook.models import Address
from addressbook.services.addresses import registration
from workspace.models import Region, User, Zone
from workspace.services.books import books
from workspace.services.history.audit import Actor
by = Actor(User.objects.create_user("alice"))
book = books.create_book(name="B", zone=Zone.PUBLIC, region=Region.KR, by=by)
registration.register_typed(book=book, group_id=None, text="a@example.com", token=uuid4(), by=by)
print(Address.objects.search("@exam").count())
"""


def later() -> list[str]:
    """The statements that the page of operations gives."""
    page = (ROOT / "docs" / "operations.md").read_text()
    block = re.search(r"```\n(CREATE EXTENSION .+?)```", page, re.DOTALL)
    assert block is not None
    return block[1].strip().splitlines()


def test_the_page_gives_the_index_of_the_migration() -> None:
    migration = import_module("addressbook.migrations.0009_keys_by_trigrams")
    assert later()[1:] == [f"DROP INDEX CONCURRENTLY IF EXISTS {migration.NAME};", f"{migration.INDEX};"]


@contextmanager
def plain_user(url: str) -> Iterator[str]:
    """The URL for somebody who may make tables in the database, but not add extensions."""
    with psycopg.connect(url, autocommit=True) as owner:
        name = f"plain_{uuid4().hex}"
        user = sql.Identifier(name)
        owner.execute(sql.SQL("CREATE ROLE {} LOGIN").format(user))
        owner.execute(sql.SQL("GRANT CREATE ON SCHEMA public TO {}").format(user))
        try:
            yield url.replace("postgres@", f"{name}@")
        finally:
            owner.execute(sql.SQL("DROP OWNED BY {}; DROP ROLE {}").format(user, user))


@contextmanager
def new_database(url: str, plain_url: str) -> Iterator[tuple[str, str]]:
    """Another database on the same server, and the way there of the same two users."""
    name = f"restored_{uuid4().hex}"
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    there, plain_there = (f"{one.rpartition('/')[0]}/{name}" for one in (url, plain_url))
    user = sql.Identifier(plain_url.partition("//")[2].partition("@")[0])
    try:
        with psycopg.connect(there, autocommit=True) as owner:
            owner.execute(sql.SQL("GRANT CREATE ON SCHEMA public TO {}").format(user))
        yield there, plain_there
    finally:
        with psycopg.connect(url, autocommit=True) as owner:
            owner.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def is_there(url: str) -> bool:
    with psycopg.connect(url) as database:
        found = database.execute(
            "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('address_key_trigrams')"
        )
        return found.fetchall() == [(True,)]


@pytest.mark.timeout(240)
def test_without_the_right_to_add_it_everything_works_and_it_can_be_added_later(
    tmp_path: Path, postgresql: str
) -> None:
    url = postgresql
    with plain_user(url) as plain_url:
        console = Installation(tmp_path, plain_url)
        migrated = console.manage("migrate")
        assert migrated.returncode == 0, migrated.stderr
        assert "The index of trigrams was not made" in migrated.stderr
        assert console.manage("shell", "--verbosity", "0", "-c", FIND).stdout == "1\n"
        with psycopg.connect(url, autocommit=True) as owner:
            for statement in later():
                owner.execute(statement)
        assert is_there(url)

        # From now on a backup asks for it; a new database has not got it, and its user may not add it.
        assert console.manage("back_up", str(tmp_path / "backup")).returncode == 0
        for is_added in (False, True):
            with new_database(url, plain_url) as (there, plain_there):
                if is_added:
                    with psycopg.connect(there, autocommit=True) as owner:
                        owner.execute("CREATE EXTENSION pg_trgm")
                elsewhere = Installation(tmp_path / f"elsewhere-{is_added}", plain_there)
                done = elsewhere.manage("restore_backup", str(tmp_path / "backup"))
                assert done.returncode == 0, done.stderr
                assert ("Restored without the index of trigrams" in done.stderr) is not is_added
                assert is_there(there) is is_added
                assert elsewhere.describe() == console.describe()


@pytest.mark.timeout(240)
def test_the_extension_may_stand_in_any_schema_and_a_broken_index_is_made_again(
    tmp_path: Path, postgresql: str
) -> None:
    url = postgresql
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("CREATE SCHEMA extensions")
        owner.execute("CREATE EXTENSION pg_trgm SCHEMA extensions")
        console = Installation(tmp_path, url)
        assert console.manage("migrate", "addressbook", "0008").returncode == 0
        # As an interrupted attempt leaves it.
        owner.execute("CREATE INDEX address_key_trigrams ON addressbook_address (key)")
        owner.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'address_key_trigrams'::regclass")
        migrated = console.manage("migrate")
        assert migrated.returncode == 0, migrated.stderr
        assert migrated.stderr == ""
        made = owner.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'address_key_trigrams'").fetchone()
        assert "USING gin (key extensions.gin_trgm_ops)" in made[0]
        assert is_there(url)
