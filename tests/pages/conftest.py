from collections.abc import Callable

import pytest


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
