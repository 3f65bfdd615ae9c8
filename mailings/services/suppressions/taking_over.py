"""Reading the service's own list of unsubscribes into the ledger, where the service has that operation.

It is not among the documented ones. What the list has and the ledger has not is taken over; what only the ledger has
stays: whoever is to get advertising again has to be removed, with a reason.
"""

import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from libraries import email_addresses
from libraries.outbound_mailer import (
    ConfigurationError,
    ConfigurationProblem,
    InvalidRequestError,
    MailerClient,
    MailerError,
    PermanentError,
)
from libraries.outbound_mailer.types import Unsubscriber
from mailings import limits
from mailings.models import Suppression, Telling
from mailings.models.senders import ADDRESS_CHARACTERS
from mailings.services.forgetting import hashed
from workspace.services.books import books
from workspace.services.work import crash_points


class TellingLostError(Exception):
    """Another worker tells the service of this book: nothing more may be written here."""


def read(telling: Telling, client: MailerClient, end: float) -> None:
    """Read on where the last turn ended, if a reading is due, until `end`. Raises TellingLostError.

    A failure is no failure of telling: it is tried again later.
    """
    telling.refresh_from_db(fields=["read_due_at", "read_began_at", "read_page"])
    if telling.read_due_at is None or telling.read_due_at > timezone.now():
        return
    try:
        while _read_page(telling, client):
            if time.monotonic() > end:
                return
    except (PermanentError, InvalidRequestError):
        _end(telling, can_read=False)
    except ConfigurationError as error:
        if error.problem == ConfigurationProblem.RETIRED:
            _end(telling, can_read=False)
        else:
            _put_off(telling)
    except MailerError:
        _put_off(telling)


def _read_page(telling: Telling, client: MailerClient) -> bool:
    """Read the next page; whether there is another. Oldest first, so that what is added comes at the end."""
    if telling.read_began_at is None:
        telling.read_began_at, telling.read_page = timezone.now(), 0
    began = telling.read_began_at
    page = client.blocks.get_unsubscribers(
        page=telling.read_page, size=limits.RESULTS_PAGE_ROWS, sort=("createUtc,asc",)
    )
    is_last = page.last or not page.content
    telling.read_page += 1
    crash_points.reached("unsubscribes: page read")
    with transaction.atomic():
        books.lock(telling.book)
        _own(telling, read_began_at=began, read_page=telling.read_page)
        _take_over(telling, page.content, began)
        if is_last:
            _end(telling, can_read=True, read_at=began, read_count=page.total_elements)
    return not is_last


def _take_over(telling: Telling, found: Iterable[Unsubscriber], began: datetime) -> None:
    listed = {_key_of(one.address): one for one in found if len(one.address) <= ADDRESS_CHARACTERS}
    # Who was forgotten is known by a hash; the address itself must not come back.
    hashes = {hashed(key): key for key in listed}
    own = Suppression.objects.filter(book=telling.book, kind=Suppression.Kind.UNSUBSCRIBED)
    known = own.filter(key__among={*listed, *hashes})
    keys = {hashes.get(key, key) for key in known.values_list("key", flat=True)}
    # One that was removed here, of which the service is still to be told, stays removed.
    held = known.filter(until__isnull=True)
    held.filter(told_at__isnull=True).update(told_at=timezone.now(), result_code="")
    held.update(read_at=began)
    Suppression.objects.bulk_create(
        Suppression(
            book=telling.book,
            kind=Suppression.Kind.UNSUBSCRIBED,
            email=one.address,
            key=key,
            source=Suppression.Source.LIST,
            by_admin=one.is_reg_by_manager,
            since=_moment(one) or began,
            told_at=began,
            read_at=began,
        )
        for key, one in listed.items()
        if key not in keys
    )


def _end(telling: Telling, **values: object) -> None:
    due = timezone.now() + timedelta(hours=limits.UNSUBSCRIBES_READ_HOURS)
    _own(telling, read_due_at=due, read_began_at=None, read_page=0, **values)


def _put_off(telling: Telling) -> None:
    _own(telling, read_due_at=timezone.now() + timedelta(seconds=limits.CALL_PAUSE_LONGEST_SECONDS))


def _own(telling: Telling, **values: object) -> None:
    until = timezone.now() + timedelta(seconds=limits.MAILING_LEASE_SECONDS)
    own = Telling.objects.filter(pk=telling.pk, attempt=telling.attempt)
    if not own.update(lease_until=until, **values):
        raise TellingLostError(str(telling))


def _moment(one: Unsubscriber) -> datetime | None:
    return datetime.fromtimestamp(one.block_date.utc / 1000, UTC) if one.block_date else None


def _key_of(address: str) -> str:
    try:
        return email_addresses.parse(address).key
    except email_addresses.InvalidEmailError:
        return address
