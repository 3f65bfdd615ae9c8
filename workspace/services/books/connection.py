"""The connection of a book to its service: the real one with API keys, the simulator until there are any."""

import json
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings
from django.views.decorators.debug import sensitive_variables

from libraries.outbound_mailer import AddressBookCounts, InvalidRequestError, MailerClient, MailerError, Region, Zone
from libraries.outbound_mailer import limits as mailer_limits
from libraries.outbound_mailer.practice import practice_credentials
from libraries.outbound_mailer.signing import Credentials
from libraries.outbound_mailer.zones import HOSTS
from workspace import limits
from workspace.models import AddressBook, Connection
from workspace.services.people import sealing

__all__ = [
    "MailerError",
    "NotConnectedError",
    "Obstacle",
    "Target",
    "client_for",
    "is_practice",
    "target_of",
    "try_out",
]


class Obstacle(StrEnum):
    """Why no call can be made at all."""

    NO_KEYS = "no_keys"
    KEYS_UNREADABLE = "keys_unreadable"  # the key that they are encrypted with is lost
    HOST_NOT_ALLOWED = "host_not_allowed"
    NO_SUCH_PLACE = "no_such_place"  # the zone does not have the region
    NO_HTTP_PROXY = "no_http_proxy"  # the proxy variables of the environment name something else


class NotConnectedError(Exception):
    """There is nothing to call for this book, until a person has done something about the `obstacle`."""

    def __init__(self, obstacle: Obstacle) -> None:
        super().__init__(obstacle)
        self.obstacle = obstacle


@dataclass(frozen=True, slots=True)
class Target:
    """What a book is connected to, for a page to show. Neither practice nor an access key: to nothing."""

    host: str
    is_practice: bool = False
    masked_access_key: str = ""
    # What was chosen instead of the zone's own host.
    base_url: str = ""

    @property
    def is_connected(self) -> bool:
        return self.is_practice or bool(self.masked_access_key)


def is_practice(book: AddressBook) -> bool:
    """Whether the book uses the bundled simulator. No query where there is none."""
    return bool(settings.SIMULATOR_PORT) and not Connection.objects.filter(book=book).exists()


def target_of(book: AddressBook) -> Target:
    """Without opening the keys: also when they cannot be opened."""
    row = Connection.objects.filter(book=book).first()
    if row is not None:
        host = row.base_url or HOSTS[Zone(book.zone)]
        return Target(host.partition("://")[2], masked_access_key=row.masked_access_key, base_url=row.base_url)
    if settings.SIMULATOR_PORT:
        return Target(f"127.0.0.1:{settings.SIMULATOR_PORT}", is_practice=True)
    return Target(HOSTS[Zone(book.zone)].partition("://")[2])


def client_for(book: AddressBook, *, seconds: tuple[float, float] | None = None) -> MailerClient:
    """A client of the book's account and region, to be closed after use. Raises NotConnectedError.

    `seconds` are the patience for connecting and for each silence, where the usual ones are too long.
    """
    connect, read = seconds or (mailer_limits.CONNECT_TIMEOUT_SECONDS, mailer_limits.SILENCE_SECONDS)
    row = Connection.objects.filter(book=book).first()
    if row is not None:
        keys, base_url = _keys_of(row), row.base_url
        if base_url and base_url not in settings.MAILER_HOSTS:
            raise NotConnectedError(Obstacle.HOST_NOT_ALLOWED)
    elif settings.SIMULATOR_PORT:
        # An account for each book: they would share one remote book otherwise. Zones are separate clouds.
        keys = practice_credentials(settings.SIMULATOR_TOKEN, f"{book.pk}-{book.zone}")
        base_url = f"http://127.0.0.1:{settings.SIMULATOR_PORT}"
    else:
        raise NotConnectedError(Obstacle.NO_KEYS)
    try:
        return MailerClient(
            keys.access_key,
            keys.secret_key,
            zone=Zone(book.zone),
            region=Region(book.region),
            base_url=base_url or None,
            allow_other_hosts=bool(base_url),
            connect_timeout_seconds=connect,
            read_timeout_seconds=read,
        )
    except InvalidRequestError as error:
        # Keys that were kept when white space in them was not refused yet have to be typed again.
        known = {"proxy": Obstacle.NO_HTTP_PROXY, "secret_key": Obstacle.KEYS_UNREADABLE}
        raise NotConnectedError(known.get(error.field, Obstacle.NO_SUCH_PLACE)) from None


def try_out(book: AddressBook) -> AddressBookCounts:
    """What the service says of the remote book: one call, which changes nothing there.

    Raises NotConnectedError or MailerError.
    """
    seconds = limits.TRY_OUT_CONNECT_SECONDS, limits.TRY_OUT_READ_SECONDS
    with client_for(book, seconds=seconds) as client:
        return client.address_book.get()


@sensitive_variables("text")
def _keys_of(row: Connection) -> Credentials:
    try:
        text = sealing.unseal(row.sealed_keys)
    except sealing.KeyLostError:
        # The key was changed, and the old one dropped, between reading the row and reading the key.
        row.refresh_from_db()
        try:
            text = sealing.unseal(row.sealed_keys)
        except sealing.KeyLostError:
            raise NotConnectedError(Obstacle.KEYS_UNREADABLE) from None
    return Credentials(**json.loads(text))
