"""`make load`: people clicking on a book of a million addresses while a file of 10 MB is applied to it.

Each person is a thread with a session of their own who opens pages, searches, registers an address, pauses, goes on.
What was acknowledged is looked for in the database afterwards: a click that was answered and left nothing is lost.
Plain threads rather than Locust, which knows answers and times, but not what became of a click.
"""

import argparse
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING
from uuid import uuid4

import requests

from benchmarks.__main__ import prepare

if TYPE_CHECKING:
    from workspace.models import AddressBook, User

BATCH_ROWS = 10_000
P95_MS = 500


@dataclass
class Answers:
    """Of all people together."""

    milliseconds: dict[str, list[float]] = field(default_factory=dict)
    errors: Counter[str] = field(default_factory=Counter)
    acknowledged: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, act: str, seconds: float, problem: str) -> None:
        with self.lock:
            self.milliseconds.setdefault(act, []).append(seconds * 1000)
            if problem:
                self.errors[f"{act}: {problem}"] += 1


class Log:
    """How long SQLite's write-ahead log became beside the upload."""

    def __init__(self) -> None:
        self.largest = 0

    def look(self) -> None:
        from django.db import connection

        path = Path(f"{connection.settings_dict['NAME']}-wal")
        if path.exists():
            self.largest = max(self.largest, path.stat().st_size)

    def words(self) -> str:
        return f", write-ahead log {self.largest / 1024**2:.0f} MB at most" if self.largest else ""


class Person(threading.Thread):
    def __init__(self, session: requests.Session, page: str, until: float, pause: float, answers: Answers) -> None:
        super().__init__(daemon=True)
        self.session, self.page, self.until, self.answers = session, page, until, answers
        self.pause = pause
        self.dice = random.Random(id(self))

    def run(self) -> None:
        acts = [self.open, self.open, self.turn_pages, self.search, self.register]
        time.sleep(self.dice.uniform(0, self.pause))
        while time.monotonic() < self.until:
            self.dice.choice(acts)()
            time.sleep(self.dice.expovariate(1 / self.pause))

    def open(self) -> None:
        self._do("open", lambda: self.session.get(self.page, timeout=60))

    def turn_pages(self) -> None:
        number = self.dice.randint(1, 200)
        self._do("turn pages", lambda: self.session.get(self.page, params={"page": number}, timeout=60))

    def search(self) -> None:
        text = f"u{self.dice.randrange(100_000)}"
        self._do("search", lambda: self.session.post(self.page, data={"q": text}, timeout=60))

    def register(self) -> None:
        address = f"clicked-{uuid4().hex}@example.com"
        fields = {"token": str(uuid4()), "text": address}
        headers = {"HX-Request": "true"}
        answer = self._do(
            "register", lambda: self.session.post(f"{self.page}register/", data=fields, headers=headers, timeout=60)
        )
        if answer is not None and answer.ok:
            with self.answers.lock:
                self.answers.acknowledged.append(address)

    def _do(self, act: str, call: Callable[[], requests.Response]) -> requests.Response | None:
        start = time.perf_counter()
        try:
            answer = call()
        except requests.RequestException as error:
            self.answers.note(act, time.perf_counter() - start, type(error).__name__)
            return None
        self.answers.note(act, time.perf_counter() - start, "" if answer.ok else str(answer.status_code))
        return answer


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.load")
    # What so many people are served by; SQLite for fewer.
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], default="postgresql")
    parser.add_argument("--addresses", type=int, default=1_000_000)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--upload-rows", type=int, default=350_000)
    parser.add_argument("--pause", type=float, default=10, help="seconds between two clicks of a person, on average")
    arguments = parser.parse_args()
    with ExitStack() as installation:
        prepare(arguments.engine, installation)
        sys.exit(run(arguments))


def run(arguments: argparse.Namespace) -> int:
    """Print what was measured; 1 when an answer was an error, too slow, or a click was lost."""
    from addressbook.models import Address
    from benchmarks.live import console, send, signed_in
    from benchmarks.uploads import content
    from mailerconsole.operations import static_files
    from workspace.models import User

    static_files.collect_if_changed()
    user = User.objects.create_user("load")
    book = filled_book(user, arguments.addresses)
    answers = Answers()
    with console() as (url, _):
        page = f"{url}/books/{book.slug}/"
        sessions = [_ready(signed_in(user, url), page) for _ in range(arguments.people)]
        send(sessions[0], page, content(arguments.upload_rows).encode())
        until = time.monotonic() + arguments.seconds
        people = [Person(session, page, until, arguments.pause, answers) for session in sessions]
        for person in people:
            person.start()
        log = Log()
        phases = _apply_when_checked(book, user, until, log)
        for person in people:
            person.join()
    there = set(Address.objects.filter(email__startswith="clicked-").values_list("email", flat=True))
    lost = [address for address in answers.acknowledged if address not in there]
    return report(arguments, answers, lost, f"{phases}{log.words()}")


def report(arguments: argparse.Namespace, answers: Answers, lost: list[str], phases: str) -> int:
    every = [value for values in answers.milliseconds.values() for value in values]
    lines = [f"{arguments.engine}, {arguments.addresses:,} addresses, {arguments.people} people, {phases}", ""]
    lines += ["| what | clicks | median | p95 | longest |", "| --- | --- | --- | --- | --- |"]
    for act, values in sorted(answers.milliseconds.items()):
        lines.append(f"| {act} | {len(values)} | {_summary(values)} |")
    lines += [f"| all | {len(every)} | {_summary(every)} |", ""]
    lines.append(f"Registered and answered: {len(answers.acknowledged)}; lost: {len(lost)}.")
    lines.append(f"Errors: {dict(answers.errors) or 'none'}.")
    sys.stdout.write("\n".join(lines) + "\n")
    slow = len(every) < 2 or quantiles(every, n=20)[-1] > P95_MS
    return int(bool(lost or answers.errors or slow))


def filled_book(user: "User", count: int) -> "AddressBook":
    """A book of so many addresses in ten groups."""
    from django.utils import timezone

    from addressbook.models import Address, Group, Membership
    from workspace.models import Edition, Region, Zone
    from workspace.services.books import books
    from workspace.services.history.audit import Actor

    book = books.create_book(name="Load", zone=Zone.PUBLIC, region=Region.KR, by=Actor(user))
    edition = Edition.objects.get(current_of=book)
    groups = [Group.objects.create(edition=edition, name=f"group-{number}") for number in range(10)]
    now = timezone.now()
    for start in range(0, count, BATCH_ROWS):
        names = [f"u{number}@example.com" for number in range(start, min(start + BATCH_ROWS, count))]
        rows = Address.objects.bulk_create(
            Address(edition=edition, email=name, key=name, registered_at=now) for name in names
        )
        group = groups[start // BATCH_ROWS % len(groups)]
        Membership.objects.bulk_create(Membership(group=group, address=row) for row in rows)
        group.address_count += len(rows)
    Group.objects.bulk_update(groups, ["address_count"])
    Edition.objects.filter(pk=edition.pk).update(address_count=count)
    return book


def _ready(session: requests.Session, page: str) -> requests.Session:
    """With the token against forged requests, as a browser has it after its first page."""
    session.get(f"{page}register/", timeout=60).raise_for_status()
    session.headers["X-CSRFToken"] = session.cookies["csrftoken"]
    # The server ends connections that rest for two seconds; a browser sends such a request again, this client does not.
    session.headers["Connection"] = "close"
    return session


def _apply_when_checked(book: "AddressBook", user: "User", until: float, log: "Log") -> str:
    """Says OK to the upload while people click; how far it came, in words."""
    from addressbook.models import Upload
    from addressbook.services import uploads
    from workspace.models import JobState
    from workspace.services.history.audit import Actor

    start = time.monotonic()
    words = "upload not checked"
    while time.monotonic() < until:
        log.look()
        upload = Upload.objects.get()
        if upload.state == JobState.CHECKED:
            words = f"upload checked after {time.monotonic() - start:.0f} s"
            uploads.apply(book=book, upload_id=upload.pk, group_id=None, seen=upload.attempt, by=Actor(user))
        if upload.state == JobState.COMPLETE:
            return f"{words}, applied after {time.monotonic() - start:.0f} s"
        time.sleep(0.5)
    return f"{words}, {Upload.objects.get().rows_done:,} rows applied at the end"


def _summary(values: list[float]) -> str:
    p95 = quantiles(values, n=20)[-1] if len(values) > 1 else values[0]
    return f"{median(values):.0f} ms | {p95:.0f} ms | {max(values):.0f} ms"


if __name__ == "__main__":
    main()
