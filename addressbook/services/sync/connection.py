"""The client of a book: which host is called, with which keys."""

from django.conf import settings

from addressbook import mailer
from addressbook.mailer.simulator import DEFAULT_ACCOUNT
from addressbook.models import AddressBook


class NotConnectedError(Exception):
    """The book has no keys."""


def client_for(book: AddressBook) -> mailer.MailerClient:
    """A new client of the book's account and region, to be closed by the caller. Raises NotConnectedError."""
    if not settings.SIMULATOR_PORT:
        raise NotConnectedError
    keys = DEFAULT_ACCOUNT.credentials
    return mailer.MailerClient(
        keys.access_key,
        keys.secret_key,
        zone=mailer.Zone(book.zone),
        region=mailer.Region(book.region),
        base_url=f"http://127.0.0.1:{settings.SIMULATOR_PORT}",
        allow_other_hosts=True,
    )
