"""Sending a book, beside the same calls back to back against the same simulator; and one address into a large book.

The simulator is a process of its own, as beside `make run`, and applies a creation before it answers the next call.
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from urllib.request import Request, urlopen
from uuid import uuid4

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from addressbook import limits
from addressbook.models import Address, Group
from addressbook.services import sync
from addressbook.services.addresses import groups, memberships, planner, registration
from addressbook.services.uploads import sql
from benchmarks import Rows
from libraries.outbound_mailer import GroupAddresses, MailerClient
from libraries.outbound_mailer import Region as MailerRegion
from libraries.outbound_mailer.simulator import DEFAULT_ACCOUNT
from mailerconsole.operations.supervisor import BASE_DIR
from workspace.models import AddressBook, Edition, Region, User, Zone
from workspace.services.books import books
from workspace.services.history.audit import Actor

COUNT = 363_000
# Of the least number of calls, and of the time of the same calls back to back.
CALLS_AT_MOST, TIME_AT_MOST = 1.2, 1.5
# Of the simulator: it opens the accounts of the books, and the count of requests.
TOKEN = "benchmark"  # noqa: S105 - it guards nothing but the count of its own calls


def rows() -> Rows:
    by = Actor(User.objects.create_user("bench-sync"))
    book = books.create_book(name="Bench sync", zone=Zone.PUBLIC, region=Region.KR, by=by)
    group = groups.create_group(book=book, name="All", token=uuid4(), by=by)
    fill(book, group, COUNT)
    fewest = -(-COUNT // limits.SYNC_ROWS_PER_CALL)
    with simulator() as port:
        settings.SIMULATOR_PORT, settings.SIMULATOR_TOKEN = port, TOKEN
        bare = back_to_back(port, group)
        before = memory()
        calls, seconds = synchronise(book, port, by)
        grown = memory() - before
        one_calls, one_seconds, queries = one_address(book, group, port, by)
    yield (
        f"{fewest} creations of {limits.SYNC_ROWS_PER_CALL:,} addresses back to back, the bare client",
        f"{bare:.1f} s",
        "",
    )
    most = f"≤ {CALLS_AT_MOST * fewest:.0f} calls, {TIME_AT_MOST * bare:.1f} s"
    yield (
        f"sync of {COUNT:,} new addresses, with the comparison",
        f"{calls} calls, {seconds:.1f} s, {seconds / bare:.2f} ×",
        most,
    )
    yield "memory that it took", f"{grown:.0f} MB", ""
    what = f"one address into that book, until it is seen to be there ({queries} queries)"
    yield what, f"{one_calls} calls, {one_seconds * 1000:.0f} ms", "2 calls"


def synchronise(book: AddressBook, port: int, by: Actor) -> tuple[int, float]:
    """Calls and seconds until both are equal."""
    calls, start = requests(port), time.perf_counter()
    sync.turn_on(book=book, by=by)
    work(book)
    return requests(port) - calls, time.perf_counter() - start


def one_address(book: AddressBook, group: Group, port: int, by: Actor) -> tuple[int, float, int]:
    registration.register_typed(book=book, group_id=group.pk, text="one@example.com", token=uuid4(), by=by)
    calls, start = requests(port), time.perf_counter()
    connection.force_debug_cursor = True
    before = len(connection.queries_log)
    work(book)
    queries = len(connection.queries_log) - before
    connection.force_debug_cursor = False
    return requests(port) - calls, time.perf_counter() - start, queries


def work(book: AddressBook) -> None:
    while sync.status(book).state != sync.State.IN_SYNC:
        assert sync.status(book).pause is None  # noqa: S101 - else it would never end
        sync.run(book.pk)


def back_to_back(port: int, group: Group) -> float:
    """The same creations by the bare client, into the book of another region."""
    keys = DEFAULT_ACCOUNT.credentials
    emails = list(Address.objects.filter(memberships__group=group).order_by("pk").values_list("email", flat=True))
    with MailerClient(
        keys.access_key,
        keys.secret_key,
        region=MailerRegion.SGN,
        base_url=f"http://127.0.0.1:{port}",
        allow_other_hosts=True,
    ) as client:
        start = time.perf_counter()
        for first in range(0, len(emails), limits.SYNC_ROWS_PER_CALL):
            chunk = tuple(emails[first : first + limits.SYNC_ROWS_PER_CALL])
            client.address_book.create([GroupAddresses("All", chunk)])
        found = client.address_book.get()
        seconds = time.perf_counter() - start
    assert found.total_address_count == len(emails)  # noqa: S101 - else it measured something else
    return seconds


def fill(book: AddressBook, group: Group, count: int) -> None:
    edition = book.current_edition
    assert edition is not None  # noqa: S101 - create_book has just opened it
    for first in range(0, count, 10_000):
        names = [f"p{number:07d}@mail{number % 500:03d}.example" for number in range(first, min(first + 10_000, count))]
        insert(edition, group, names)
    planner.tell_of_new_rows(count)  # as an upload does


def insert(edition: Edition, group: Group, names: Sequence[str]) -> None:
    with transaction.atomic():
        Address.objects.bulk_create(
            Address(edition=edition, email=name, key=name, registered_at=timezone.now()) for name in names
        )
        sql.insert_memberships(edition_id=edition.pk, group_id=group.pk, keys=names)
        memberships.change_address_count(edition, len(names))
        Group.objects.filter(pk=group.pk).update(address_count=F("address_count") + len(names))


def requests(port: int) -> int:
    """How many calls the simulator has seen."""
    status = Request(f"http://127.0.0.1:{port}/_simulator/status", headers={"Authorization": f"Bearer {TOKEN}"})
    with urlopen(status, timeout=10) as answer:  # noqa: S310 - our own address
        return int(json.load(answer)["requests"])


def memory() -> float:
    """The most that this process ever had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@contextmanager
def simulator() -> Iterator[int]:
    process = subprocess.Popen(
        [sys.executable, "-m", "libraries.outbound_mailer.simulator", "--port", "0"],
        cwd=BASE_DIR,
        env=os.environ | {"SIMULATOR_TOKEN": TOKEN},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None  # noqa: S101 - a pipe, as asked for
        yield int(process.stdout.readline().rsplit(":", 1)[1])
    finally:
        process.terminate()
        process.wait(timeout=30)
