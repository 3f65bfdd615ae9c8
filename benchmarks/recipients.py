"""Recipients of a mail: the number while one chooses, a file of 10 MB, and a million written down at the confirmation.

BENCH_RECIPIENTS makes it another number. The floors are measured in the same run: one bare INSERT … SELECT with
the same exclusions into the same table, and the csv module with one regular expression a row.
"""

import csv
import io
import os
import re
import statistics
import threading
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import psutil
from django.core.files.base import ContentFile
from django.db import connection, transaction
from django.utils import timezone

from addressbook.models import Group, Membership
from addressbook.services.uploads import sql
from benchmarks import Rows
from benchmarks.screen import put_into_groups
from benchmarks.uploads import stored_files
from mailings.models import Mailing, MailingState, MailKind, Part, Recipient, RecipientFile, Suppression
from mailings.services import drafts
from mailings.services.recipients import files, reading, sources
from mailings.services.recipients.counting import count
from mailings.services.sending import confirming, running
from workspace.models import AddressBook, Edition, Region, User, Zone
from workspace.services.books import books
from workspace.services.history.audit import Actor

RECIPIENTS = int(os.environ.get("BENCH_RECIPIENTS", "1000000"))
CHUNK = 10_000
# One in a hundred has refused advertising, one in five hundred is blocked.
REFUSED, BLOCKED = 100, 500
FILE_ROWS = 158_000
NUMBER_MS = 300
MEMORY_MIB = 64
SIMPLE_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
MIB = 1024 * 1024


def rows() -> Rows:
    by = Actor(User.objects.create_user("bench-recipients"))
    book = books.create_book(name="Recipients", zone=Zone.PUBLIC, region=Region.KR, by=by)
    assert book.current_edition is not None  # noqa: S101 - create_book has just opened it
    fill(book, book.current_edition)
    yield f"**{RECIPIENTS:,} recipients in three groups that overlap by a tenth**", "", ""
    yield from live_number(book, by)
    yield from a_file(book, by)
    yield from freeze(book, by)


def fill(book: AddressBook, edition: Edition) -> None:
    """Three groups of 40 % each that overlap, three of 100,000, and suppressions."""
    names = ("first", "second", "third", "tenth 1", "tenth 2", "tenth 3")
    ids = [Group.objects.create(edition=edition, name=name.replace(" ", "-")).pk for name in names]
    tenth = RECIPIENTS // 10
    spans = [(0, 4 * tenth), (3 * tenth, 7 * tenth), (6 * tenth, RECIPIENTS)]
    spans += [(0, tenth), (tenth // 2, tenth + tenth // 2), (tenth, 2 * tenth)]
    for first in range(0, RECIPIENTS, CHUNK):
        numbers = range(first, min(first + CHUNK, RECIPIENTS))
        pairs = [(name_of(number), name_of(number)) for number in numbers]
        with transaction.atomic():
            made = sql.insert_addresses(
                edition_id=edition.pk, upload_id=None, pairs=pairs, registered_at=timezone.now()
            )
            members = list(zip(numbers, sorted(made), strict=True))
            inside = zip(ids, spans, strict=True)
            put_into_groups([(group, pk) for group, (a, b) in inside for number, pk in members if a <= number < b])
    for group_id in ids:
        Group.objects.filter(pk=group_id).update(address_count=Membership.objects.filter(group=group_id).count())
    Edition.objects.filter(pk=edition.pk).update(address_count=RECIPIENTS)
    now = timezone.now()
    for kind, step in (("unsubscribed", REFUSED), ("blocked", BLOCKED)):
        keys = [name_of(number) for number in range(0, RECIPIENTS, step)]
        listed = (Suppression(book=book, kind=kind, email=key, key=key, source="list", since=now) for key in keys)
        Suppression.objects.bulk_create(listed, batch_size=5_000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def name_of(number: int) -> str:
    return f"p{number:07d}@mailing{number % 500:03d}.example.com"


def draft_of(book: AddressBook, by: Actor, *names: str) -> Mailing:
    """A draft of advertising to groups, a line each."""
    draft = drafts.begin(book=book, token=uuid4(), by=by)
    Mailing.objects.filter(pk=draft.pk).update(kind=MailKind.ADVERTISING, subject="Hello", body="<p>Hello</p>")
    for group in Group.objects.filter(edition=book.current_edition, name__in=names).order_by("pk"):
        choice: dict[str, Any] = {"group_ids": [group.pk], "in_all": False, "without_ids": []}
        sources.add_groups(book=book, mailing_id=draft.pk, **choice, token=uuid4(), by=by)
    return Mailing.objects.get(pk=draft.pk)


def live_number(book: AddressBook, by: Actor) -> Rows:
    assert book.current_edition is not None  # noqa: S101 - create_book has just opened it
    draft, edition = draft_of(book, by, "tenth-1", "tenth-2", "tenth-3"), book.current_edition
    taken = [timed(lambda: count(draft, edition)) * 1000 for _ in range(7)]
    what = f"the number beside three groups of {RECIPIENTS // 10:,}, advertising"
    yield what, f"median {statistics.median(taken):.0f} ms, longest {max(taken):.0f} ms", f"≤ {NUMBER_MS} ms"


def a_file(book: AddressBook, by: Actor) -> Rows:
    text = "email,name,city,shop,code\n" + "".join(
        f"q{number:07d}@mailing{number % 500:03d}.example.com,Name {number:06d},Seoul,S{number % 90:02d},{number:06d}\n"
        for number in range(FILE_ROWS)
    )
    bare = timed(lambda: read_bare(text))
    draft = drafts.begin(book=book, token=uuid4(), by=by)
    with stored_files():
        content = ContentFile(text.encode())
        file = files.add(book=book, mailing_id=draft.pk, file=content, name="list.csv", token=uuid4(), by=by)
    assert file is not None  # noqa: S101 - it is new
    with Memory() as memory:
        whole = timed(lambda: reading.read_file(file.pk))
    assert RecipientFile.objects.get(pk=file.pk).is_read  # noqa: S101 - else it measured something else
    what = f"a file of {len(text) / MIB:.1f} MB with five columns, {FILE_ROWS:,} rows: checked and stored"
    yield "floor for a file: csv, one regular expression a row, the bare driver", f"{bare:.1f} s", ""
    yield what, f"{whole:.1f} s, {whole / bare:.2f} ×", f"≤ {2 * bare:.1f} s (2 ×)"
    yield "memory that the worker grew by meanwhile", f"{memory.mib:.0f} MB", f"≤ {MEMORY_MIB} MB"


def read_bare(text: str) -> None:
    """What any program does that keeps the rows: reads, judges, inserts them by what each driver is fastest at."""
    import json

    source = sources.RecipientSource.objects.create(mailing=None, kind="file")
    reader = csv.reader(io.StringIO(text))
    names = next(reader)[1:]
    found = [
        (source.pk, number, row[0], row[0].lower(), row[1], json.dumps(dict(zip(names, row[1:], strict=True))))
        for number, row in enumerate(reader, start=1)
        if SIMPLE_ADDRESS.fullmatch(row[0])
    ]
    values = connection.ops.quote_name("values")
    columns = f"mailings_sourcerow (source_id, number, email, key, name, {values})"
    for first in range(0, len(found), CHUNK):
        with transaction.atomic(), connection.cursor() as cursor:
            batch = found[first : first + CHUNK]
            if connection.vendor == "sqlite":
                cursor.cursor.executemany(f"INSERT INTO {columns} VALUES (?, ?, ?, ?, ?, ?)", batch)  # noqa: S608
                continue
            with cursor.cursor.copy(f"COPY {columns} FROM STDIN") as copy:
                for row in batch:
                    copy.write_row(row)


def freeze(book: AddressBook, by: Actor) -> Rows:
    bare = bare_insert(draft_of(book, by, "first", "second", "third"), book)
    draft = draft_of(book, by, "first", "second", "third")
    seen = count(draft, draft.book.current_edition).recipients  # type: ignore[arg-type]
    mailing = confirming.confirm(
        book=book, mailing_id=draft.pk, seen_version=draft.version, seen_count=seen, token=uuid4(), by=by
    )
    with stored_files(), Memory() as memory:
        whole = timed(lambda: running.run(mailing.pk))
    mailing.refresh_from_db()
    assert mailing.state == MailingState.HELD  # noqa: S101 - else it measured something else
    assert Recipient.objects.filter(mailing=mailing).count() == seen  # noqa: S101 - likewise
    undo = timed(lambda: confirming.undo(book=book, mailing_id=mailing.pk, by=by))
    yield f"floor for {seen:,} recipients: one bare INSERT … SELECT with the same exclusions", f"{bare:.1f} s", ""
    yield "the same written down by a worker, in batches", f"{whole:.1f} s, {whole / bare:.2f} ×", f"≤ {2 * bare:.1f} s"
    yield "memory that the worker grew by meanwhile", f"{memory.mib:.0f} MB", f"≤ {MEMORY_MIB} MB"
    yield "Undo, until the draft is there again", f"{undo * 1000:.0f} ms", ""


def bare_insert(draft: Mailing, book: AddressBook) -> float:
    """Seconds of the floor; its rows are deleted again."""
    from mailings.services.recipients.chosen import everybody
    from mailings.services.recipients.suppressed import not_suppressed

    assert book.current_edition is not None  # noqa: S101 - create_book has just opened it
    chosen, chosen_values = everybody(list(draft.sources.all()), book.current_edition)
    condition, excluded = not_suppressed(draft)
    values = connection.ops.quote_name("values")
    columns = f"mailing_id, number, email, key, name, {values}, state, result_code, result_message"
    vals = "NULL" if connection.vendor == "sqlite" else "NULL::jsonb"
    statement = (
        f"INSERT INTO mailings_recipient ({columns})"  # noqa: S608
        f" SELECT %s, ROW_NUMBER() OVER (), email, key, '', {vals}, 'open', '', ''"
        f" FROM (SELECT DISTINCT email, key FROM ({chosen}) AS c WHERE {condition}) AS person"
    )

    def insert() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [draft.pk, *chosen_values, *excluded])

    seconds = timed(insert)
    Recipient.objects.filter(mailing=draft)._raw_delete(using="default")
    Part.objects.filter(mailing=draft).delete()
    return seconds


class Memory:
    """By how many MiB this process grew at most meanwhile."""

    def __enter__(self) -> "Memory":
        self._process = psutil.Process()
        self._before = self._most = self._process.memory_info().rss
        self._over = threading.Event()
        self._watcher = threading.Thread(target=self._watch)
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._watcher.join()

    def _watch(self) -> None:
        while not self._over.wait(0.05):
            self._most = max(self._most, self._process.memory_info().rss)

    @property
    def mib(self) -> float:
        return (self._most - self._before) / MIB


def timed(act: Callable[[], Any]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start
