"""A mail to a million, beside the same calls back to back against the same simulator; and the real processes at it."""

import os
import time
from collections.abc import Iterator
from datetime import timedelta
from statistics import quantiles
from uuid import uuid4

import requests
from django.conf import settings
from django.utils import timezone

from addressbook.models import Address
from addressbook.services.addresses import groups
from benchmarks import Rows
from benchmarks.live import MIB, PAGE_MS, Watch, console, signed_in
from benchmarks.sync import TOKEN, fill, memory, simulator
from libraries.outbound_mailer import MailerClient, MailRequest, Recipient
from libraries.outbound_mailer.practice import practice_credentials
from mailerconsole.operations import static_files
from mailings import limits
from mailings.models import Mailing, MailingRun, MailingState, Part
from mailings.services import drafts, senders
from mailings.services.recipients import sources
from mailings.services.sending import confirming, running
from tests.support.postgresql import free_port
from workspace.models import AddressBook, Region, User, Zone
from workspace.services.books import books
from workspace.services.history.audit import Actor

COUNT = int(os.environ.get("BENCH_RECIPIENTS") or "1000000")
# Of the same calls back to back.
TIME_AT_MOST = 1.3
WORKER_MIB = 200
CONFIRM_SECONDS = 1.0
BODY = "<p>Hello, here is the news.</p>"


def rows() -> Rows:
    user = User.objects.create_user("bench-mailing")
    book = book_of(user, "Bench mailing")
    yield from against_bare_calls(book, Actor(user))
    yield from of_real_processes(book, user)


def book_of(user: User, name: str) -> AddressBook:
    by = Actor(user)
    book = books.create_book(name=name, zone=Zone.PUBLIC, region=Region.KR, by=by)
    group = groups.create_group(book=book, name="All", token=uuid4(), by=by)
    fill(book, group, COUNT)
    senders.add_sender(book=book, address="news@example.com", name="News", by=by)
    return book


def draft_of(book: AddressBook, by: Actor) -> Mailing:
    """To everybody in the book."""
    draft = drafts.begin(book=book, token=uuid4(), by=by)
    Mailing.objects.filter(pk=draft.pk).update(subject="News", body=BODY)
    group = book.current_edition.groups.get()  # type: ignore[union-attr]  # create_book has opened it
    sources.add_groups(
        book=book, mailing_id=draft.pk, group_ids=[group.pk], in_all=False, without_ids=[], token=uuid4(), by=by
    )
    return Mailing.objects.get(pk=draft.pk)


def against_bare_calls(book: AddressBook, by: Actor) -> Rows:
    fewest = -(-COUNT // limits.PART_RECIPIENTS)
    with simulator() as port:
        settings.SIMULATOR_PORT, settings.SIMULATOR_TOKEN = port, TOKEN
        bare = back_to_back(book, port)
        draft = draft_of(book, by)
        seen = {"seen_version": draft.version, "seen_count": COUNT}
        confirming.confirm(book=book, mailing_id=draft.pk, **seen, token=uuid4(), by=by)
        before, start = memory(), time.perf_counter()
        running.run(draft.pk)
        frozen = time.perf_counter() - start
        hurry(draft)
        start = time.perf_counter()
        while Mailing.objects.get(pk=draft.pk).state not in (MailingState.ACCEPTED, MailingState.SENT):
            running.run(draft.pk)
        seconds = time.perf_counter() - start
        grown = memory() - before
    calls = sum(Part.objects.filter(mailing=draft).values_list("attempts", flat=True))
    assert calls == fewest, calls  # noqa: S101 - a call too many is a mail too many
    yield f"{fewest} calls of {limits.PART_RECIPIENTS:,} recipients back to back, the bare client", f"{bare:.1f} s", ""
    yield f"recipients of a mail to {COUNT:,} put together", f"{frozen:.1f} s", ""
    what = f"the mail sent, in {calls} calls, with looks for results; memory that it took"
    yield what, f"{seconds:.1f} s, {seconds / bare:.2f} ×; {grown:.0f} MB", f"≤ {TIME_AT_MOST} ×, {fewest} calls"


def back_to_back(book: AddressBook, port: int) -> float:
    """The same calls by the bare client, for another account."""
    keys = practice_credentials(TOKEN, "bare")
    emails = list(Address.objects.filter(edition=book.current_edition).order_by("pk").values_list("email", flat=True))
    url = f"http://127.0.0.1:{port}"
    with MailerClient(keys.access_key, keys.secret_key, base_url=url, allow_other_hosts=True) as client:
        start = time.perf_counter()
        for first in range(0, len(emails), limits.PART_RECIPIENTS):
            recipients = tuple(Recipient(address=email) for email in emails[first : first + limits.PART_RECIPIENTS])
            marker = f"<{uuid4().hex}@example.com>"
            request = MailRequest("news@example.com", "News", BODY, "News", None, recipients, references_header=marker)
            client.mail.create_request(request)
        return time.perf_counter() - start


def hurry(mailing: Mailing) -> None:
    """The time in which it could be undone is over."""
    now = timezone.now()
    Mailing.objects.filter(pk=mailing.pk).update(held_until=now - timedelta(seconds=1))
    MailingRun.objects.filter(mailing=mailing).update(next_at=now)


def of_real_processes(book: AddressBook, user: User) -> Rows:
    static_files.collect_if_changed()
    os.environ["SIMULATOR_PORT"] = str(free_port())
    draft = draft_of(book, Actor(user))
    with console() as (url, pid):
        session = signed_in(user, url)
        page = f"{url}/books/{book.slug}/"
        for _ in range(10):
            session.get(page, timeout=60)  # both processes of the web server have loaded their code
        watch = Watch(pid, "celery --app mailerconsole worker --queues mail")
        with watch:
            confirmed = confirm(session, page, draft)
            milliseconds = list(pages_until_sent(session, page, draft))
        undo = undone(session, page, book, user)
    yield "the click that confirms it, answered", f"{confirmed:.2f} s", f"≤ {CONFIRM_SECONDS} s"
    yield "the click that undoes it, answered", f"{undo:.2f} s", f"≤ {CONFIRM_SECONDS} s"
    yield "worker of mailings and its children, at most", f"{watch.most_worker / MIB:.0f} MB", ""
    yield "the largest process of it", f"{watch.most_process / MIB:.0f} MB", f"≤ {WORKER_MIB} MB"
    yield (
        f"pages while a mail to {COUNT:,} is put together and sent, {len(milliseconds)} of them",
        f"p95 {quantiles(milliseconds, n=20)[-1]:.0f} ms",
        f"≤ {PAGE_MS} ms",
    )


def confirm(session: requests.Session, page: str, draft: Mailing) -> float:
    session.get(f"{page}mailings/{draft.pk}/", timeout=60).raise_for_status()
    session.headers["X-CSRFToken"] = session.cookies["csrftoken"]
    fields = {"token": str(uuid4()), "version": str(draft.version), "count": str(COUNT)}
    start = time.perf_counter()
    answer = session.post(
        f"{page}mailings/{draft.pk}/confirm/", data=fields, timeout=60, headers={"HX-Request": "true"}
    )
    answer.raise_for_status()
    seconds = time.perf_counter() - start
    assert Mailing.objects.get(pk=draft.pk).state != MailingState.DRAFT  # noqa: S101 - else it measured something else
    return seconds


def pages_until_sent(session: requests.Session, page: str, draft: Mailing) -> Iterator[float]:
    """Milliseconds of one page after the other, until the service has everything."""
    while (state := Mailing.objects.get(pk=draft.pk).state) not in (MailingState.ACCEPTED, MailingState.SENT):
        if state == MailingState.HELD:
            hurry(draft)
        for path in ("", f"mailings/{draft.pk}/", "mailings/"):
            start = time.perf_counter()
            session.get(f"{page}{path}", timeout=60).raise_for_status()
            yield (time.perf_counter() - start) * 1000
        time.sleep(0.1)


def undone(session: requests.Session, page: str, book: AddressBook, user: User) -> float:
    """Another one to as many, undone while it is held."""
    draft = draft_of(book, Actor(user))
    confirm(session, page, draft)
    while Mailing.objects.get(pk=draft.pk).state != MailingState.HELD:
        time.sleep(0.2)
    start = time.perf_counter()
    url = f"{page}mailings/{draft.pk}/undo/"
    session.post(url, timeout=60, allow_redirects=False).raise_for_status()
    return time.perf_counter() - start
