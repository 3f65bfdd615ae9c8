"""Following a mailing, one recipient in a hundred of which fails, beside the same calls back to back.

BENCH_FOLLOWED makes it another number than 100,000 recipients. The simulator answers from this process, to both.
"""

import os
import time
from collections import Counter
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import uuid4

from django.conf import settings
from django.utils import timezone

from benchmarks import Rows
from libraries.outbound_mailer import MailRequest
from libraries.outbound_mailer import Recipient as MailRecipient
from libraries.outbound_mailer.simulator import Outcome, Simulator
from mailings import limits
from mailings.models import Mailing, MailingRun, MailingState, Part, PartState, Recipient
from mailings.services.sending import running
from workspace.models import AddressBook, Region, User, Zone
from workspace.services.books import books
from workspace.services.books.connection import client_for
from workspace.services.history.audit import Actor

RECIPIENTS = int(os.environ.get("BENCH_FOLLOWED", "100000"))
OPERATIONS = ("getMailRequestStatus", "getMailList", "getMail")
CALLS_AT_MOST = 1.5
TOKEN = "benchmark"  # noqa: S105 - it guards nothing but the count of its own calls
NOT_REACHED = ("F", "U", "C", "PF")


def rows() -> Rows:
    by = Actor(User.objects.create_user("bench-following"))
    book = books.create_book(name="Following", zone=Zone.PUBLIC, region=Region.KR, by=by)
    with Simulator(token=TOKEN) as simulator:
        settings.SIMULATOR_PORT, settings.SIMULATOR_TOKEN = urlsplit(simulator.base_url).port, TOKEN
        simulator.outcomes.set(Outcome(pattern="*", share=0.01, status="F", code="ETC_ERROR"))
        mailing = send(book)
        simulator.log.clear()
        bare = back_to_back(mailing)
        fewest = counted(simulator)
        simulator.log.clear()
        start = time.perf_counter()
        follow(mailing)
        seconds = time.perf_counter() - start
        calls = counted(simulator)
    mailing.refresh_from_db()
    yield f"**{RECIPIENTS:,} recipients, {mailing.failed:,} failed**", "", ""
    yield "the calls that it needs, back to back", f"{fewest.total():,} calls, {bare:.1f} s", ""
    what = f"following ({', '.join(f'{calls[name]:,} {name}' for name in OPERATIONS)})"
    times = f"{calls.total():,} calls, {seconds:.1f} s, {calls.total() / fewest.total():.2f} × the calls"
    yield what, f"{times}, {seconds / bare:.2f} × the time", f"≤ {CALLS_AT_MOST} × the calls"


def counted(simulator: Simulator) -> Counter[str]:
    return Counter({name: len(simulator.log.requests(name)) for name in OPERATIONS})


def send(book: AddressBook) -> Mailing:
    """Accepted, as by `calling`, and delivered by the simulator."""
    now = timezone.now()
    fields = {"state": MailingState.ACCEPTED, "confirmed_at": now, "began_at": now, "accepted_at": now}
    mailing = Mailing.objects.create(
        book=book, subject="News", body="News", planned=RECIPIENTS, open=RECIPIENTS, **fields
    )
    MailingRun.objects.create(mailing=mailing, next_at=now)
    with client_for(book) as client:
        for number, first in enumerate(range(1, RECIPIENTS + 1, limits.PART_RECIPIENTS), start=1):
            last = min(first + limits.PART_RECIPIENTS - 1, RECIPIENTS)
            emails = [f"r{place}@mail{place % 500:03}.example.com" for place in range(first, last + 1)]
            Recipient.objects.bulk_create(
                Recipient(mailing=mailing, number=place, email=email, key=email)
                for place, email in enumerate(emails, start=first)
            )
            accepted = client.mail.create_request(
                MailRequest(
                    sender_address="news@example.com",
                    title="News",
                    body="News",
                    recipients=tuple(map(MailRecipient, emails)),
                    references_header=f"<{uuid4().hex}@example.com>",
                )
            )
            Part.objects.create(
                mailing=mailing,
                number=number,
                first=first,
                last=last,
                recipient_count=len(emails),
                state=PartState.ACCEPTED,
                request_id=accepted.request_id,
                answered_at=now,
                next_look_at=now,
            )
        for part in mailing.parts.all():
            while not client.mail.get_request_status(part.request_id).is_done:
                time.sleep(0.5)
    return mailing


def back_to_back(mailing: Mailing) -> float:
    """Its status, its failures page by page, and each failed mail."""
    start = time.perf_counter()
    with client_for(mailing.book) as client:
        for part in mailing.parts.order_by("number"):
            client.mail.get_request_status(part.request_id)
            number = 0
            while True:
                page = client.mail.get_list(
                    part.request_id, send_status=NOT_REACHED, page=number, size=limits.RESULTS_PAGE_ROWS
                )
                for row in page.content:
                    client.mail.get(row.mail_id)
                if page.last or not page.content:
                    break
                number += 1
    return time.perf_counter() - start


def follow(mailing: Mailing) -> None:
    while Mailing.objects.filter(pk=mailing.pk, done_at__isnull=True).exists():
        past = timezone.now() - timedelta(seconds=1)
        MailingRun.objects.filter(mailing=mailing).update(next_at=past, lease_until=None)
        running.run(mailing.pk)
