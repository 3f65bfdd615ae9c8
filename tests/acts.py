"""What tests do to alice's book before they look: make groups, register addresses."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from addressbook.models import AddressBook, Group, User
    from addressbook.services.audit import Actor
    from addressbook.services.registration import Report


@pytest.fixture
def by(alice: User) -> Actor:
    """alice, coming from an address that documentation may use."""
    from addressbook.services.audit import Actor

    return Actor(alice, "192.0.2.7")


@pytest.fixture
def make_group(book: AddressBook, by: Actor) -> Callable[[str], Group]:
    from addressbook.services import groups

    return lambda name: groups.create_group(book=book, name=name, token=uuid4(), by=by)


@pytest.fixture
def register(book: AddressBook, by: Actor) -> Callable[..., Report]:
    """Registers the addresses of a text, into a group if one is given."""
    from addressbook.services import registration

    def register(text: str, group: Group | None = None) -> Report:
        group_id = group.pk if group else None
        return registration.register_typed(book=book, group_id=group_id, text=text, token=uuid4(), by=by)

    return register
