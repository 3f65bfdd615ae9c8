"""The cast of every test: alice (admin), bob (manager), vera (viewer) of one book; charlie has no part in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

if TYPE_CHECKING:
    from django.test import Client

    from workspace.models import AddressBook, User

PASSWORD = "correct horse battery staple"


@pytest.fixture
def make_user(db: None) -> Callable[[str], User]:
    """A person of that name who signs in with PASSWORD."""
    from workspace.models import User

    return lambda username: User.objects.create_user(username=username, password=PASSWORD)


@pytest.fixture
def alice(make_user: Callable[[str], User]) -> User:
    return make_user("alice")


@pytest.fixture
def bob(make_user: Callable[[str], User], book: AddressBook, alice: User) -> User:
    return _join(make_user("bob"), book, "manager", alice)


@pytest.fixture
def vera(make_user: Callable[[str], User], book: AddressBook, alice: User) -> User:
    return _join(make_user("vera"), book, "viewer", alice)


@pytest.fixture
def charlie(make_user: Callable[[str], User]) -> User:
    """A stranger: signed in, but a member of no book."""
    return make_user("charlie")


@pytest.fixture
def book(alice: User) -> AddressBook:
    """The book `Main` (public zone, KR), of which alice is the admin."""
    from workspace.models import Region, Zone
    from workspace.services.books import books
    from workspace.services.history.audit import Actor

    return books.create_book(name="Main", zone=Zone.PUBLIC, region=Region.KR, by=Actor(alice))


@pytest.fixture
def client_of() -> Callable[[User], Client]:
    """Django's test client, signed in."""
    from django.http import HttpRequest
    from django.test import Client

    from workspace.views.people import session_limits

    def client_of(user: User) -> Client:
        client = Client()
        client.force_login(user)
        request = HttpRequest()
        request.session = client.session
        session_limits.begin(request)
        request.session.save()
        return client

    return client_of


@pytest.fixture
def token() -> Callable[[], UUID]:
    """A new form token at every call."""
    return uuid4


def _join(user: User, book: AddressBook, role: str, admin: User) -> User:
    from workspace.models import Role
    from workspace.services.books import books
    from workspace.services.history.audit import Actor

    return books.add_member(book=book, username=user.username, role=Role(role), by=Actor(admin))
