"""Undo of a large act, as a worker does it, and a page of a long history."""

import time
from datetime import timedelta
from statistics import median
from uuid import uuid4

from django.db import connection
from django.utils import timezone

from addressbook.models import Address, Group, Job, Membership, UndoRecord
from addressbook.services import undo
from addressbook.services.addresses import bulk, groups, planner, selection
from benchmarks import Rows, transactions
from workspace import limits
from workspace.models import Act, AddressBook, AuditEvent, Edition, Region, User, Zone
from workspace.services import history
from workspace.services.books import books
from workspace.services.history import Filters
from workspace.services.history.audit import Actor
from workspace.services.work import claiming

ADDRESSES = 100_000
# Promised: 100,000 addresses are back, or out again, within this time.
PROMISED_SECONDS = 10
LINES = 1_000_000
PROMISED_PAGE_MS = 100


def rows() -> Rows:
    by = Actor(User.objects.create_user("bench-undo"))
    book = books.create_book(name="Bench undo", zone=Zone.PUBLIC, region=Region.KR, by=by)
    group = groups.create_group(book=book, name="All", token=uuid4(), by=by)
    fill(book, group)
    everyone = selection.everything(book=book, group_id=None)
    start = time.perf_counter()
    bulk.delete_addresses(book=book, selection=everyone, token=uuid4(), by=by)
    work()
    yield f"delete {ADDRESSES:,} addresses of a group, with its record", f"{time.perf_counter() - start:.1f} s", ""
    size = sum(len(payload) for payload in UndoRecord.objects.values_list("payload", flat=True))
    yield "the record of that", f"{size / 1e6:.1f} MB, {size / ADDRESSES:.0f} bytes an address", ""
    for what in ("give them back", "take them away again"):
        act = Act.objects.order_by("pk").last()
        assert act is not None  # noqa: S101 - the act before has left it
        start = time.perf_counter()
        undo.preview(act)
        looked = time.perf_counter() - start
        start = time.perf_counter()
        undo.undo(book=book, act_id=act.pk, token=uuid4(), by=by)
        longest = work()
        seconds = time.perf_counter() - start
        yield f"undo: {what}", f"{seconds:.1f} s", f"≤ {PROMISED_SECONDS} s"
        yield "its longest transaction", f"{longest * 1000:.0f} ms", "≤ 100 ms on SQLite"
        yield "its preview", f"{looked:.1f} s", ""
    yield from long_history(book)


def fill(book: AddressBook, group: Group) -> None:
    edition = book.current_edition
    assert edition is not None  # noqa: S101 - create_book has just opened it
    texts = (f"Person.{number}@mail{number % 500}.example.com" for number in range(ADDRESSES))
    now = timezone.now()
    made = Address.objects.bulk_create(
        (Address(edition=edition, email=text, key=text.lower(), registered_at=now) for text in texts), batch_size=5_000
    )
    Membership.objects.bulk_create((Membership(group=group, address=row) for row in made), batch_size=5_000)
    Edition.objects.filter(pk=edition.pk).update(address_count=ADDRESSES)
    Group.objects.filter(pk=group.pk).update(address_count=ADDRESSES)
    planner.tell_of_new_rows(ADDRESSES)  # as an upload does


def work() -> float:
    """Do what waits; the longest transaction in seconds."""
    with transactions() as seconds:
        for job in Job.objects.unfinished():
            claimed = claiming.claim(Job, job.pk)
            assert claimed is not None  # noqa: S101 - nobody else works here
            (undo.run if claimed.kind == Job.Kind.UNDO else bulk.run)(claimed)
    return max(seconds, default=0)


def long_history(book: AddressBook) -> Rows:
    now = timezone.now()
    for first in range(0, LINES, 20_000):
        AuditEvent.objects.bulk_create(
            AuditEvent(
                chain=book.pk,
                number=1_000_000 + number,
                at=now + timedelta(seconds=number),
                user_id=number % 20,
                username=f"person{number % 20}",
                book_id=book.pk,
                book_name=book.name,
                action="add_group",
                detail={"group": "VIP"},
                hash="0" * 64,
            )
            for number in range(first, first + 20_000)
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    middle = AuditEvent.objects.get(chain=book.pk, number=1_000_000 + LINES // 2).pk
    for what, filters, before in (
        ("the first page", Filters(), None),
        ("a page in the middle", Filters(), middle),
        ("of one person, in the middle", Filters(username="person7"), middle),
        ("of a kind that is rare", Filters(action="create_book"), None),
        ("of a person who is rare, of one kind", Filters(username="bench-undo", action="add_group"), None),
    ):
        taken = median(page_ms(book, filters, before) for _ in range(5))
        yield f"history of {LINES:,} lines: {what}", f"{taken:.0f} ms", f"≤ {PROMISED_PAGE_MS} ms"
    start = time.perf_counter()
    history.people_in(book)
    yield "who stands in it", f"{(time.perf_counter() - start) * 1000:.0f} ms", ""


def page_ms(book: AddressBook, filters: Filters, before: int | None) -> float:
    start = time.perf_counter()
    history.page_of(book, filters, before=before, size=limits.HISTORY_PAGE_LINES)
    return (time.perf_counter() - start) * 1000
