"""A database whose user may not add pg_trgm: everything works, and its owner can add the index at any time."""

import re
from importlib import import_module
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.operations.installations import Installation, empty_postgresql
from tests.stack import ROOT

pytestmark = pytest.mark.engine_independent

FIND = """
from django.utils import timezone
from addressbook.models import Address, Edition, Region, User, Zone
from addressbook.services import books
from addressbook.services.audit import Actor
book = books.create_book(name="B", zone=Zone.PUBLIC, region=Region.KR, by=Actor(User.objects.create_user("alice")))
Address.objects.create(edition=book.current_edition, email="a@example.com", key="a@example.com",
                       registered_at=timezone.now())
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
    assert later()[1:] == [f"{migration.INDEX};"]


@pytest.mark.timeout(240)
def test_without_the_right_to_add_it_everything_works_and_it_can_be_added_later(tmp_path: Path) -> None:
    with empty_postgresql() as url, psycopg.connect(url, autocommit=True) as owner:
        user = f"plain_{owner.info.dbname}"[:63]
        owner.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(user)))
        try:
            owner.execute(sql.SQL("GRANT CREATE ON SCHEMA public TO {}").format(sql.Identifier(user)))
            console = Installation(tmp_path, url.replace("postgres@", f"{user}@"))
            migrated = console.manage("migrate")
            assert migrated.returncode == 0, migrated.stderr
            assert "pg_trgm was not added" in migrated.stderr
            assert console.manage("shell", "--verbosity", "0", "-c", FIND).stdout == "1\n"
            for statement in later():
                owner.execute(statement)
            made = owner.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = 'address_key_trigrams'::regclass")
            assert made.fetchall() == [(True,)]
        finally:
            owner.execute(sql.SQL("DROP OWNED BY {}; DROP ROLE {}").format(*[sql.Identifier(user)] * 2))
