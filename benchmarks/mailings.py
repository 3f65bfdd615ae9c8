"""Lists of mail with 10,000 mailings and a million recipient rows.

BENCH_RECIPIENTS makes it another number of rows.
"""

import os
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import connection
from django.test import Client
from django.utils import timezone

from benchmarks import Rows
from benchmarks.screen import HTMX, questions, timed
from mailerconsole.operations import static_files
from mailings.models import Mailing, MailingState, Recipient
from mailings.services import senders
from workspace.models import AddressBook, Region, User, Zone
from workspace.services.books import books
from workspace.services.history.audit import Actor

MAILINGS = 10_000
RECIPIENTS = int(os.environ.get("BENCH_RECIPIENTS", "1000000"))
LARGE = RECIPIENTS // 2
PAGE_MS = 60
BODY = "<p>" + "The news of this week. " * 900 + "</p>"
RECIPIENTS_HTMX = HTMX | {"HX-Target": "mailing-rows"}


def rows() -> Rows:
    static_files.collect_if_changed()
    by = Actor(User.objects.create_user("bench-mailings"))
    book = books.create_book(name="Mailings", zone=Zone.PUBLIC, region=Region.KR, by=by)
    large = fill(book, by)
    client = Client(SERVER_NAME="localhost")
    client.force_login(by.user)
    yield f"**{MAILINGS:,} mailings with bodies of {len(BODY) // 1024} KB, {RECIPIENTS:,} recipients**", "", ""
    yield from lists(client, book)
    yield from recipients(client, book, large)


def fill(book: AddressBook, by: Actor) -> Mailing:
    """One mailing has half of the recipients, the others share the rest; one in a hundred failed."""
    sender = senders.add_sender(book=book, address="news@example.com", name="News", by=by)
    now = timezone.now()
    small = (RECIPIENTS - LARGE) // (MAILINGS - 1)
    sizes = [small] * (MAILINGS - 1) + [LARGE]
    for first in range(0, MAILINGS, 500):
        Mailing.objects.bulk_create(
            _mailing(book, sender, number, size, now - timedelta(minutes=MAILINGS - number))
            for number, size in enumerate(sizes[first : first + 500], start=first)
        )
    ids = list(Mailing.objects.filter(book=book).order_by("pk").values_list("pk", flat=True))
    pairs = ((pk, number) for pk, size in zip(ids, sizes, strict=True) for number in range(1, size + 1))
    batch: list[Recipient] = []
    for pk, number in pairs:
        batch.append(_recipient(pk, number))
        if len(batch) == 10_000:
            Recipient.objects.bulk_create(batch)
            batch = []
    Recipient.objects.bulk_create(batch)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return Mailing.objects.get(pk=ids[-1])


def _mailing(book: AddressBook, sender: Any, number: int, size: int, at: Any) -> Mailing:
    return Mailing(
        book=book,
        state=MailingState.SENT if number % 50 else MailingState.STOPPED,
        kind="advertising" if number % 3 == 0 else "general",
        sender=sender,
        sender_address=f"news{number % 5}@example.com",
        subject=f"News {number}",
        body=BODY,
        planned=size,
        sent=size - size // 100,
        failed=size // 100,
        confirmed_at=at,
        began_at=at,
        done_at=at,
    )


def _recipient(mailing_id: int, number: int) -> Recipient:
    # In no order, as people register them.
    name = f"{(number * 2_654_435_761) % 2**32:08x}{number}@mail{number % 500:03}.example.com"
    failed = {"state": "failed", "result_code": "SMTP_ERROR"} if number % 100 == 0 else {"state": "sent"}
    return Recipient(mailing_id=mailing_id, number=number, email=name, key=name, **failed)


def lists(client: Client, book: AddressBook) -> Rows:
    page = f"/books/{book.slug}/mailings/"
    middle = Mailing.objects.filter(book=book).order_by("pk")[MAILINGS // 2].pk
    asked: tuple[tuple[str, dict[str, str | int]], ...] = (
        ("the mailing list", {}),
        ("a page in its middle", {"after": middle}),
        ("backwards from its end", {"before": Mailing.objects.filter(book=book).order_by("pk")[5].pk}),
        ("most failures first", {"sort": "failed"}),
        ("of one state, in its middle", {"state": "sent", "after": middle}),
        ("by subject", {"sort": "subject"}),
        ("a subject that is there once", {"search": "News 17"}),
        ("a subject that nothing has", {"search": "nothing has this"}),
        ("a kind and a day", {"kind": "advertising", "from": str(timezone.localdate())}),
    )
    for what, values in asked:
        act = partial(client.get, page, values)
        yield what, f"{timed(act)}, {questions(act)} queries", f"p95 ≤ {PAGE_MS} ms"
    query = {"query": _recipient(0, 7).key}
    by_recipient = partial(client.post, f"{page}?by=recipient", query)
    yield "every mail to one address", timed(by_recipient), f"p95 ≤ {PAGE_MS} ms"
    yield "statistics", timed(partial(client.get, f"{page}statistics/")), ""


def recipients(client: Client, book: AddressBook, mailing: Mailing) -> Rows:
    page = f"/books/{book.slug}/mailings/{mailing.pk}/"
    yield f"the page of a mailing to {LARGE:,}", timed(partial(client.get, page)), f"p95 ≤ {PAGE_MS} ms"
    for what, values in (
        ("its recipients, in the middle", {"after": LARGE // 2}),
        ("those who failed, in the middle", {"result": "failed", "after": LARGE // 2}),
        ("for one reason", {"result": "failed:SMTP_ERROR"}),
        ("the beginning of an address", {"query": "ab"}),
        ("a whole address", {"query": _recipient(0, LARGE // 3).key}),
        ("an address that is not there", {"query": "nobody@example.org"}),
    ):
        act = partial(client.post, page, values, headers=RECIPIENTS_HTMX)
        yield what, timed(act), f"p95 ≤ {PAGE_MS} ms"
