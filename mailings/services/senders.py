"""The senders of a book: who may be named as the sender of its mails."""

from typing import Final

from django.db import transaction

from libraries import email_addresses
from libraries.email_addresses import EmailAddress
from mailings import actions
from mailings import limits as mail_limits
from mailings.models import Sender
from mailings.services.rules import require_role
from workspace.models import AddressBook, Role
from workspace.services.books import books
from workspace.services.books.connection import is_practice
from workspace.services.history.audit import Actor, record

# Portals and the provider itself: the service refuses them, and their own mail servers would too.
REFUSED_DOMAINS: Final = ("naver.com", "navercorp.com", "ncloud.com")
PRACTICE_SENDER: Final = "no-reply@example.com"


class RefusedDomainError(Exception):
    """The service takes no sender of this domain."""

    def __init__(self, domain: str) -> None:
        super().__init__(domain)
        self.domain = domain


class SenderTakenError(Exception):
    """The book has this sender already."""


class SenderNameTooLongError(Exception):
    """More than limits.SENDER_NAME_BYTES, which count more than characters; `size` is how many there are."""

    def __init__(self, size: int) -> None:
        super().__init__(str(size))
        self.size = size


class SenderGoneError(Exception):
    """The book has no such sender (any more)."""


def parse_sender(text: str) -> EmailAddress:
    """Raises InvalidEmailError or RefusedDomainError."""
    address = email_addresses.parse(text)
    domain = address.key.rpartition("@")[2]
    if is_refused(domain):
        raise RefusedDomainError(domain)
    return address


def is_refused(domain: str) -> bool:
    return any(domain == refused or domain.endswith(f".{refused}") for refused in REFUSED_DOMAINS)


def add_sender(*, book: AddressBook, address: str, name: str, by: Actor) -> Sender:
    """The first sender of a book becomes its default.

    Raises InvalidEmailError, RefusedDomainError, SenderNameTooLongError, SenderTakenError or NotAllowedError.
    """
    parsed = parse_sender(address)
    name = " ".join(name.split())
    if (size := len(name.encode())) > mail_limits.SENDER_NAME_BYTES:
        raise SenderNameTooLongError(size)
    with transaction.atomic():
        books.lock(book)
        require_role(book, by, Role.ADMIN)
        own = Sender.objects.filter(book=book)
        if own.filter(key=parsed.key).exists():
            raise SenderTakenError
        sender = Sender.objects.create(
            book=book, address=parsed.text, key=parsed.key, name=name, is_default=not own.exists()
        )
        record(by=by, action=actions.ADD_SENDER, book=book, detail=_named(sender))
    return sender


def make_default(*, book: AddressBook, sender_id: int, by: Actor) -> Sender:
    """Raises SenderGoneError or NotAllowedError."""
    with transaction.atomic():
        books.lock(book)
        require_role(book, by, Role.ADMIN)
        sender = _find(book, sender_id)
        if not sender.is_default:
            Sender.objects.filter(book=book, is_default=True).update(is_default=False)
            sender.is_default = True
            sender.save(update_fields=["is_default"])
            record(by=by, action=actions.CHANGE_SENDER, book=book, detail=_named(sender))
    return sender


def remove_sender(*, book: AddressBook, sender_id: int, by: Actor) -> None:
    """Drafts that named it have no sender then, which their check says. Raises NotAllowedError."""
    with transaction.atomic():
        books.lock(book)
        require_role(book, by, Role.ADMIN)
        sender = Sender.objects.filter(book=book, pk=sender_id).first()
        if sender is None:
            return
        detail = _named(sender)
        sender.delete()
        following = Sender.objects.filter(book=book).order_by("pk").first()
        if following is not None and not Sender.objects.filter(book=book, is_default=True).exists():
            following.is_default = True
            following.save(update_fields=["is_default"])
        record(by=by, action=actions.REMOVE_SENDER, book=book, detail=detail)


def default_of(book: AddressBook) -> Sender | None:
    """The sender that a new draft begins with. A book in practice mode gets one that needs no settings.

    The caller holds the lock of the book.
    """
    sender = Sender.objects.filter(book=book).order_by("-is_default", "pk").first()
    if sender is None and is_practice(book):
        return Sender.objects.create(book=book, address=PRACTICE_SENDER, key=PRACTICE_SENDER, name="", is_default=True)
    return sender


def proposed(book: AddressBook) -> tuple[str, str]:
    """Address and name of the sender that a new draft would have, without making it; blank where there is none."""
    sender = Sender.objects.filter(book=book).order_by("-is_default", "pk").first()
    if sender is not None:
        return sender.address, sender.name
    return (PRACTICE_SENDER, "") if is_practice(book) else ("", "")


def _find(book: AddressBook, sender_id: int) -> Sender:
    sender = Sender.objects.filter(book=book, pk=sender_id).first()
    if sender is None:
        raise SenderGoneError
    return sender


def _named(sender: Sender) -> dict[str, str]:
    # A sender is the company's own public address, but lines of the history hold no address in full.
    return {"sender": email_addresses.masked(sender.address)}
