from __future__ import annotations

from uuid import uuid4

import pytest


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
