"""Typed registration: from the text to the report, in one transaction."""

import time
from statistics import median
from uuid import uuid4

from django.utils import timezone

from addressbook.models import Address
from addressbook.services.addresses import groups, registration
from benchmarks import Rows
from workspace import limits
from workspace.models import AddressBook, Edition, Region, User, Zone
from workspace.services.books import books
from workspace.services.history.audit import Actor

LARGE_BOOK_ADDRESSES = 100_000
REPETITIONS = 5
# Promised: a paste of 1,000 is answered within this time, all in all.
PROMISED_MS = 300


def rows() -> Rows:
    by = Actor(User.objects.create_user("bench-registration"))
    for existing in (0, LARGE_BOOK_ADDRESSES):
        book = books.create_book(name=f"Bench {existing}", zone=Zone.PUBLIC, region=Region.KR, by=by)
        fill(book, existing)
        milliseconds = median(register(book, f"r{repetition}", by) for repetition in range(REPETITIONS))
        kind = f"a book of {existing:,}" if existing else "an empty book"
        what = f"register {limits.TYPED_ADDRESSES_PER_REGISTRATION:,} typed addresses into {kind} and a group"
        yield what, f"{milliseconds:.0f} ms", f"≤ {PROMISED_MS} ms"


def fill(book: AddressBook, count: int) -> None:
    edition = book.current_edition
    assert edition is not None  # noqa: S101 - create_book has just opened it
    texts = (f"Person.{number}@mail{number % 500}.example.com" for number in range(count))
    Address.objects.bulk_create(
        (Address(edition=edition, email=text, key=text.lower(), registered_at=timezone.now()) for text in texts),
        batch_size=5_000,
    )
    Edition.objects.filter(pk=edition.pk).update(address_count=count)


def register(book: AddressBook, name: str, by: Actor) -> float:
    """Milliseconds for a full text of new addresses into a new group."""
    group = groups.create_group(book=book, name=name, token=uuid4(), by=by)
    count = limits.TYPED_ADDRESSES_PER_REGISTRATION
    text = "\n".join(f"{name}.{number}@mail{number % 50}.example.org" for number in range(count))
    start = time.perf_counter()
    report = registration.register_typed(book=book, group_id=group.pk, text=text, token=uuid4(), by=by)
    seconds = time.perf_counter() - start
    assert report.registered == count  # noqa: S101 - else it measured something else
    return seconds * 1000
