"""All that is known of one address: why it is in the book, what it got, and why it gets no more."""

from dataclasses import dataclass
from datetime import datetime

from addressbook import actions
from addressbook.models import Address, Membership, Upload
from addressbook.services.addresses.disclosure import AddressGoneError
from mailings import limits
from mailings.models import Recipient, Suppression
from mailings.services.suppressions import reading
from workspace.models import AddressBook, AuditEvent, Edition


@dataclass(frozen=True, slots=True)
class About:
    """`file_name` is "" for one that was typed or whose file is gone; `registered_by` is "" where nobody knows.

    `mails` are the newest; `mail_count` counts all.
    """

    address: Address
    groups: list[str]
    registered_at: datetime
    registered_by: str
    file_name: str
    suppressions: list[Suppression]
    mails: list[Recipient]
    mail_count: int


def about(*, book: AddressBook, edition: Edition, address_id: int) -> About:
    """Raises AddressGoneError."""
    address = Address.objects.filter(edition=edition, pk=address_id).first()
    if address is None:
        raise AddressGoneError
    upload = Upload.objects.filter(pk=address.origin_id).first() if address.origin_id else None
    memberships = Membership.objects.filter(address=address).order_by("group__name")
    mails = Recipient.objects.filter(key=address.key, mailing__book=book)
    return About(
        address=address,
        groups=list(memberships.values_list("group__name", flat=True)),
        registered_at=address.registered_at,
        registered_by=upload.requester if upload else _typed_by(book, address),
        file_name=upload.name if upload else "",
        suppressions=reading.holding(book, address.key),
        mails=list(mails.select_related("mailing").order_by("-mailing_id")[: limits.MAILS_OF_AN_ADDRESS]),
        mail_count=mails.count(),
    )


def _typed_by(book: AddressBook, address: Address) -> str:
    """Who typed it in, by the history: its line follows the row in the same transaction, under the lock of the book."""
    if address.origin_id:
        return ""
    lines = AuditEvent.objects.filter(chain=book.pk, action=actions.INSERT_ADDRESS, at__gte=address.registered_at)
    line = lines.order_by("at", "number").first()
    if line is None or (line.at - address.registered_at).total_seconds() > limits.LINE_FOLLOWS_WITHIN_SECONDS:
        return ""
    return line.username
