"""What the simulated service has delivered: the judge of every test of sending."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from libraries.outbound_mailer.practice import practice_credentials
from tests.support.simulated import TOKEN

if TYPE_CHECKING:
    from libraries.outbound_mailer.simulator import DeliveredMail, Simulator
    from workspace.models import AddressBook


def account_of(book: AddressBook) -> str:
    """The access key of a book that has no keys of its own."""
    return practice_credentials(TOKEN, f"{book.pk}-{book.zone}").access_key


def mails_of(simulator: Simulator, book: AddressBook) -> list[DeliveredMail]:
    """Every mail that a recipient of the book has got, in the order of the requests."""
    return simulator.delivered(account_of(book))


def deliveries(simulator: Simulator, book: AddressBook) -> Counter[str]:
    """How often each address has got a mail."""
    return Counter(simulator.delivered_counts(account_of(book)))
