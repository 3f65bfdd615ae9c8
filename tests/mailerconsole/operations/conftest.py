from __future__ import annotations

import os
from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.mailerconsole.operations.installations import empty_postgresql
from tests.support.postgresql import PostgresServer


@pytest.fixture(scope="session")
def _postgresql() -> Iterator[str]:
    """The server of this run, if there is one, else one for all tests that want one."""
    if url := os.environ.get("DATABASE_URL"):
        yield url
        return
    server = PostgresServer()
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture
def postgresql(_postgresql: str) -> Iterator[str]:
    """The URL of a database that is empty, whatever the engine under test."""
    with empty_postgresql(_postgresql) as url:
        yield url


@pytest.fixture
def lived_in(transactional_db, book, by, register, make_group, check, accept, made) -> None:
    """A book with everything: groups, an edition that was reset, an upload, a download, history, sync."""
    from addressbook.services import sync
    from addressbook.services.reset import editions, reset
    from workspace.models import Edition

    register("before@example.com", make_group("Before"))
    current = Edition.objects.get(current_of=book)
    reset.reset(book=book, seen=editions.contents(current), keep_copy=True, token=uuid4(), by=by)
    group = make_group("VIP")
    register("a@example.com B@example.com 누구@example.com", group)
    accept(check("email,group\nc@example.com,Gold\nd@example.com,Silver\nwrong,\n", group=group))
    check("e@example.com\n")  # its file waits for an OK
    made()
    sync.turn_on(book=book, by=by)
