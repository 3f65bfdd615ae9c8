"""A file of 10 MB, from the end of the sending to "done", beside its floor measured in the same run.

The floor is what no program that does the same can go below by much: reading the file with the csv module, one regular
expression an address, and inserting addresses and memberships with the bare driver, in batches of the same size.
"""

import csv
import io
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.files import File
from django.db import connection, transaction
from django.utils import timezone

from addressbook import limits
from addressbook.models import Address, Group, Membership, Upload
from addressbook.services import uploads
from addressbook.services.addresses import groups
from benchmarks import Rows
from workspace.models import AddressBook, Region, User, Zone
from workspace.services.books import books
from workspace.services.history.audit import Actor
from workspace.services.work import claiming

ROWS = 363_000
FEWER_ROWS = 100_000
SIMPLE_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")


def rows() -> Rows:
    by = Actor(User.objects.create_user("bench-uploads"))
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder, "list.csv")
        text.write_text(content(ROWS))
        workbook = Path(folder, "list.xlsx")
        write_workbook(workbook, ROWS)
        fewer = Path(folder, "fewer.csv")
        fewer.write_text(content(FEWER_ROWS))
        bare = floor(text, by)
        checked, applied, book, group = measure(text, by)
        again = sum(into(text, book, group, by))
        check_xlsx, apply_xlsx, _, _ = measure(workbook, by)
        check_fewer, apply_fewer, _, _ = measure(fewer, by)
    whole, size = checked + applied, f"{ROWS:,} addresses"
    yield f"floor for {size}: csv, one regular expression, the bare driver", f"{bare:.1f} s", ""
    yield f"CSV of {size} into a group, check and apply", against(whole, bare), f"≤ {2 * bare:.1f} s (2 ×)"
    yield "of that the check", f"{checked:.1f} s, {checked / whole:.0%}", "≤ 33%"
    yield "the same file again", against(again, bare), f"≤ {bare:.1f} s (1 ×)"
    yield f"xlsx of {size}", against(check_xlsx + apply_xlsx, bare), f"≤ {2.5 * bare:.1f} s (2.5 ×)"
    yield f"CSV of {FEWER_ROWS:,} addresses", f"{check_fewer + apply_fewer:.1f} s", ""


def against(seconds: float, bare: float) -> str:
    return f"{seconds:.1f} s, {seconds / bare:.2f} ×"


def content(count: int) -> str:
    # 28 bytes a line with its end, so that 363,000 of them are 10 MB.
    return "Email\n" + "".join(f"p{number:07d}@mailing{number % 500:03d}.example\n" for number in range(count))


def write_workbook(path: Path, count: int) -> None:
    from openpyxl import Workbook

    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("Sheet1")
    for line in content(count).splitlines():
        sheet.append([line])
    workbook.save(path)


@contextmanager
def stored_files() -> Iterator[None]:
    Path(settings.FILE_UPLOAD_TEMP_DIR).mkdir(exist_ok=True)
    yield


def new_book(by: Actor) -> tuple[AddressBook, Group]:
    book = books.create_book(name=f"Bench {uuid4().hex[:8]}", zone=Zone.PUBLIC, region=Region.KR, by=by)
    return book, groups.create_group(book=book, name="All", token=uuid4(), by=by)


def measure(path: Path, by: Actor) -> tuple[float, float, AddressBook, Group]:
    book, group = new_book(by)
    checked, applied = into(path, book, group, by)
    return checked, applied, book, group


def into(path: Path, book: AddressBook, group: Group, by: Actor) -> tuple[float, float]:
    """Seconds of the check and of applying it, as a worker does them."""
    with stored_files(), path.open("rb") as file:
        upload = uploads.receive(book=book, group_id=group.pk, file=File(file), name=path.name, token=uuid4(), by=by)
    checked = work(upload)
    upload.refresh_from_db()
    uploads.apply(book=book, upload_id=upload.pk, group_id=group.pk, seen=upload.attempt, by=by)
    applied = work(upload)
    upload.refresh_from_db()
    assert upload.state == "complete"  # noqa: S101 - else it measured something else
    return checked, applied


def work(upload: Upload) -> float:
    start = time.perf_counter()
    claimed = claiming.claim(Upload, upload.pk)
    assert claimed is not None  # noqa: S101 - nobody else works here
    uploads.run(claimed)
    return time.perf_counter() - start


def floor(path: Path, by: Actor) -> float:
    book, group = new_book(by)
    edition = book.current_edition
    assert edition is not None  # noqa: S101 - create_book has just opened it
    start = time.perf_counter()
    reader = csv.reader(io.StringIO(path.read_text()))
    next(reader)
    found = [line[0] for line in reader if SIMPLE_ADDRESS.fullmatch(line[0])]
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    for first in range(0, len(found), limits.ROWS_PER_UPLOAD_BATCH):
        with transaction.atomic(), connection.cursor() as cursor:
            batch = found[first : first + limits.ROWS_PER_UPLOAD_BATCH]
            insert(cursor.cursor, edition.pk, group.pk, batch, now)
    seconds = time.perf_counter() - start
    assert Membership.objects.filter(group=group).count() == ROWS  # noqa: S101 - else it measured something else
    Membership.objects.filter(group=group).delete()
    Address.objects.filter(edition=edition).delete()
    return seconds


def insert(cursor: Any, edition_id: int, group_id: int, batch: list[str], now: Any) -> None:
    """By what each driver is fastest at: executemany for SQLite, COPY for PostgreSQL."""
    cursor.execute("SELECT COALESCE(MAX(id), 0) FROM addressbook_address")
    (last,) = cursor.fetchone()
    addresses = [(last + 1 + index, edition_id, text, text.lower(), now) for index, text in enumerate(batch)]
    members = [(group_id, address[0]) for address in addresses]
    columns = "addressbook_address (id, edition_id, email, key, registered_at)"
    if connection.vendor == "sqlite":
        cursor.executemany(f"INSERT INTO {columns} VALUES (?, ?, ?, ?, ?)", addresses)  # noqa: S608
        cursor.executemany("INSERT INTO addressbook_membership (group_id, address_id) VALUES (?, ?)", members)
        return
    with cursor.copy(f"COPY {columns} FROM STDIN") as copy:
        for address in addresses:
            copy.write_row(address)
    with cursor.copy("COPY addressbook_membership (group_id, address_id) FROM STDIN") as copy:
        for member in members:
            copy.write_row(member)
    cursor.execute("SELECT setval(pg_get_serial_sequence('addressbook_address', 'id'), %s)", [last + len(batch)])
