"""A book of a million addresses, each in three groups, as an Excel file; BENCH_ADDRESSES makes it another number.

The floor is reading the same rows with the bare driver and writing them with the fastest writer that somebody else
maintains. Beside the making, the screen is asked for and addresses are registered, as people would meanwhile.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from addressbook.models import Address, Download, Group, Membership
from addressbook.services import downloads
from addressbook.services.addresses import groups, registration
from benchmarks import Rows
from mailerconsole.operations import static_files
from workspace.models import AddressBook, Edition, Region, User, Zone
from workspace.services.books import books
from workspace.services.history.audit import Actor

ADDRESSES = int(os.environ.get("BENCH_ADDRESSES", "1000000"))
GROUPS = 9
GROUPS_AN_ADDRESS = 3
CHUNK = 5_000
_CHILD = "import django; django.setup(); from benchmarks.downloads import worker"


def rows() -> Rows:
    static_files.collect_if_changed()
    Path(settings.FILE_UPLOAD_TEMP_DIR).mkdir(exist_ok=True)
    by = Actor(User.objects.create_user("bench-downloads"))
    book = books.create_book(name="Downloads", zone=Zone.PUBLIC, region=Region.KR, by=by)
    fill(book, by)
    size = f"{ADDRESSES:,} addresses in {GROUPS_AN_ADDRESS} groups each"
    read, written = floor(book)
    bare = read + written
    yield f"floor for {size}: bare driver and rustpy-xlsxwriter", f"{read:.1f} s + {written:.1f} s", ""
    for format in Download.Format:  # noqa: A001 - the field's name
        seconds, megabytes, _, _ = make(book, format, by)
        result = f"{seconds:.1f} s, {seconds / bare:.2f} ×, {megabytes:.0f} MB of memory"
        yield f"{size} as {format}", result, f"≤ {2 * bare:.1f} s (2 ×), ≤ 300 MB" if format == "xlsx" else ""
    client = Client(SERVER_NAME="localhost")
    client.force_login(by.user)
    screen = lambda: client.get(f"/books/{book.slug}/")  # noqa: E731
    screen()  # fills the caches
    yield "the screen while nothing is made", percentiles([seconds_of(screen) for _ in range(20)]), ""
    numbers = iter(range(10**9))
    seconds, _, pages, writes = make(
        book,
        Download.Format.XLSX,
        by,
        screen,
        lambda: registration.register_typed(
            book=book, group_id=None, text=f"late{next(numbers)}@example.com", token=uuid4(), by=by
        ),
    )
    yield f"Excel again, with the screen and registrations beside it ({len(pages)} of each)", f"{seconds:.1f} s", ""
    yield "the screen meanwhile", percentiles(pages), "p95 ≤ 300 ms"
    yield "one address registered meanwhile", percentiles(writes), ""


def seconds_of(act: Callable[[], Any]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def percentiles(seconds: list[float]) -> str:
    ordered = sorted(1000 * value for value in seconds)
    p95 = ordered[int(0.95 * (len(ordered) - 1))]
    return f"median {statistics.median(ordered):.0f} ms, p95 {p95:.0f} ms, most {ordered[-1]:.0f} ms"


def fill(book: AddressBook, by: Actor) -> None:
    edition = book.current_edition
    assert edition is not None  # noqa: S101 - create_book has just opened it
    ids = [groups.create_group(book=book, name=f"group-{n}", token=uuid4(), by=by).pk for n in range(GROUPS)]
    for first in range(0, ADDRESSES, CHUNK):
        now = timezone.now()
        texts = [f"person{n}@mail{n % 500:03d}.example" for n in range(first, min(first + CHUNK, ADDRESSES))]
        made = Address.objects.bulk_create(
            [Address(edition=edition, email=text, key=text, registered_at=now) for text in texts]
        )
        Membership.objects.bulk_create(
            Membership(group_id=ids[(n % 7 + g) % GROUPS], address=address)
            for n, address in enumerate(made)
            for g in range(GROUPS_AN_ADDRESS)
        )
    Edition.objects.filter(pk=edition.pk).update(address_count=ADDRESSES)
    for group_id in ids:
        count = Membership.objects.filter(group=group_id).count()
        Group.objects.filter(pk=group_id).update(address_count=count)


def make(
    book: AddressBook,
    format: Download.Format,  # noqa: A002 - the field's name
    by: Actor,
    page: Callable[[], Any] | None = None,
    write: Callable[[], Any] | None = None,
) -> tuple[float, float, list[float], list[float]]:
    """Seconds and megabytes of a process that makes the file, and what the acts took while it did."""
    download = downloads.request(
        book=book, scope=Download.Scope.BOOK, format=format, group_id=None, query="", reason="", language="en",
        token=uuid4(), by=by,
    )  # fmt: skip
    command = [sys.executable, "-c", f"{_CHILD}; worker({download.pk})"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own text
    pages: list[float] = []
    writes: list[float] = []
    while process.poll() is None:
        for act, times in ((page, pages), (write, writes)):
            if act is not None:
                times.append(seconds_of(act))
        time.sleep(0.05)
    result = json.loads(process.communicate()[0])
    download.refresh_from_db()
    assert download.state == "complete", download.outcome  # noqa: S101 - else it measured something else
    return result["seconds"], result["megabytes"], pages, writes


def worker(download_id: int) -> None:
    """What a worker process does, and what it took."""
    from workspace.services.work import claiming

    claimed = claiming.claim(Download, download_id)
    assert claimed is not None  # noqa: S101 - nobody else works here
    start = time.perf_counter()
    downloads.make(claimed)
    seconds = time.perf_counter() - start
    sys.stdout.write(json.dumps({"seconds": seconds, "megabytes": most_memory_kilobytes() / 1024}))


def most_memory_kilobytes() -> int:
    """Of this process since it began; what `resource` says is that of its parent where the parent had more."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0
    return int(status.read_text().split("VmHWM:")[1].split()[0])


def floor(book: AddressBook) -> tuple[float, float]:
    """Seconds to read all rows, and seconds to write them."""
    from rustpy_xlsxwriter import write_worksheet

    start = time.perf_counter()
    names = dict(Group.objects.values_list("pk", "name"))
    table = [(email, ", ".join(names[pk] for pk in of), str(at)) for email, of, at in read(book)]
    between = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        records = ({"Email": a, "In groups": b, "Registered": c} for a, b, c in table)
        write_worksheet(records, str(Path(folder, "floor.xlsx")))
    assert len(table) == ADDRESSES  # noqa: S101 - else it measured something else
    return between - start, time.perf_counter() - between


def read(book: AddressBook) -> Iterator[tuple[str, list[int], Any]]:
    edition = book.current_edition
    assert edition is not None  # noqa: S101 - create_book has opened it
    connection.ensure_connection()
    addresses, members = connection.connection.cursor(), connection.connection.cursor()
    addresses.execute(
        f"SELECT id, email, registered_at FROM addressbook_address WHERE edition_id = {edition.pk} ORDER BY id"  # noqa: S608
    )
    members.execute("SELECT address_id, group_id FROM addressbook_membership ORDER BY address_id")
    sets = groupby(members, itemgetter(0))
    for (_, email, at), (_, of) in zip(addresses, sets, strict=True):
        yield email, [group_id for _, group_id in of], at
