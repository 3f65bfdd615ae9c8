from collections.abc import Callable
from uuid import uuid4

import pytest

from addressbook.models import AddressBook, Group, User
from addressbook.services import groups, registration
from addressbook.services.audit import Actor


@pytest.fixture
def by(alice: User) -> Actor:
    return Actor(alice, "192.0.2.7")


@pytest.fixture
def make_group(book: AddressBook, by: Actor) -> Callable[[str], Group]:
    return lambda name: groups.create_group(book=book, name=name, token=uuid4(), by=by)


@pytest.fixture
def register(book: AddressBook, by: Actor) -> Callable[..., registration.Report]:
    """Registers the addresses of a text, into a group if one is given."""

    def register(text: str, group: Group | None = None) -> registration.Report:
        group_id = group.pk if group else None
        return registration.register_typed(book=book, group_id=group_id, text=text, token=uuid4(), by=by)

    return register
