"""What tests do to alice's book before they look: make groups, register addresses."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from addressbook.models import Group
    from addressbook.services.addresses.registration import Report
    from workspace.models import AddressBook, User
    from workspace.services.history.audit import Actor


@pytest.fixture
def by(alice: User) -> Actor:
    """alice, coming from an address that documentation may use."""
    from workspace.services.history.audit import Actor

    return Actor(alice, "192.0.2.7")


@pytest.fixture
def make_group(book: AddressBook, by: Actor) -> Callable[[str], Group]:
    from addressbook.services.addresses import groups

    return lambda name: groups.create_group(book=book, name=name, token=uuid4(), by=by)


@pytest.fixture
def register(book: AddressBook, by: Actor) -> Callable[..., Report]:
    """Registers the addresses of a text, into a group if one is given."""
    from addressbook.services.addresses import registration

    def register(text: str, group: Group | None = None) -> Report:
        group_id = group.pk if group else None
        return registration.register_typed(book=book, group_id=group_id, text=text, token=uuid4(), by=by)

    return register


@pytest.fixture
def fill(book: AddressBook) -> Callable[..., None]:
    """Puts `count` addresses (u0@example.com …) into the book, past the limit of a registration."""
    from django.utils import timezone

    from addressbook.models import Address, Group, Membership
    from workspace.models import Edition

    def fill(count: int, group: Group | None = None) -> None:
        names = [f"u{number}@example.com" for number in range(count)]
        now = timezone.now()
        rows = [Address(edition=book.current_edition, email=name, key=name, registered_at=now) for name in names]
        addresses = Address.objects.bulk_create(rows)
        Edition.objects.filter(pk=book.current_edition.pk).update(address_count=count)
        if group is not None:
            Membership.objects.bulk_create(Membership(group=group, address=address) for address in addresses)
            Group.objects.filter(pk=group.pk).update(address_count=count)

    return fill
