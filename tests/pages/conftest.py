from collections.abc import Callable
from uuid import uuid4

import pytest

from libraries.outbound_mailer.simulator import DEFAULT_ACCOUNT


@pytest.fixture
def open_book(page_of, book) -> Callable:
    """The screen of alice's book as seen by a user."""

    def open_book(user, **options):
        page = page_of(user, **options)
        page.goto(f"/books/{book.slug}/")
        return page

    return open_book


@pytest.fixture
def screen(open_book, bob):
    """The screen as a manager sees it."""
    return open_book(bob)


@pytest.fixture
def connected(book, by, remote) -> None:
    """alice's book has keys of the simulator that stands for the service."""
    from workspace.services.books import keys

    credentials = DEFAULT_ACCOUNT.credentials
    pair = {"access_key": credentials.access_key, "secret_key": credentials.secret_key}
    keys.change_keys(book=book, **pair, base_url=remote.base_url, token=uuid4(), by=by)
