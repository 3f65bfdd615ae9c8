"""What is told of an address in a book that is masked; each time is a line of the history, without the address."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from addressbook import actions, limits
from addressbook.models import Address
from libraries import email_addresses
from libraries.email_addresses import limits as email_limits
from workspace.models import AddressBook, AuditEvent
from workspace.services.books import books
from workspace.services.history.audit import Actor, record


class TooManyLookUpsError(Exception):
    """This person has looked up LOOK_UPS_PER_HOUR addresses of this book within an hour."""


class AddressGoneError(Exception):
    """The address has been deleted."""


def whole_address(text: str) -> str | None:
    """The key of the address that the text is as a whole; None when it is none, or what is shown of a masked one."""
    if f"{email_limits.MASK}@" in text:
        return None
    found = email_addresses.read(text) if "@" in text else email_addresses.Entries([], [])
    return found.addresses[0].key if len(found.addresses) == 1 and not found.refused else None


def look_up(*, book: AddressBook, key: str, by: Actor) -> bool:
    """Say whether the book has an address that the user knows already. Raises TooManyLookUpsError."""
    with transaction.atomic():
        edition = books.lock(book)
        hour_ago = timezone.now() - timedelta(hours=1)
        asked = AuditEvent.objects.filter(
            chain=book.pk, username=by.user.get_username(), action=actions.LOOK_UP_ADDRESS, at__gte=hour_ago
        )
        if asked.count() >= limits.LOOK_UPS_PER_HOUR:
            raise TooManyLookUpsError
        found = Address.objects.filter(edition=edition, key=key).exists()
        record(by=by, action=actions.LOOK_UP_ADDRESS, book=book, detail={"found": found})
    return found


def show(*, book: AddressBook, address_id: int, by: Actor) -> Address:
    """One address, to be shown in full. Raises AddressGoneError."""
    with transaction.atomic():
        edition = books.lock(book)
        address = Address.objects.filter(edition=edition, pk=address_id).first()
        if address is None:
            raise AddressGoneError
        record(by=by, action=actions.SHOW_ADDRESS, book=book, detail={"shown": 1, "address": address.pk})
    return address
