"""What the server takes for an answer: the screen with 1,000 groups; 1,000 pasted addresses checked and registered."""

import statistics
import time
from collections.abc import Callable
from uuid import uuid4

from django.test import Client
from django.utils import timezone

from addressbook.models import Address, Edition, Group, Region, User, Zone
from addressbook.services import books
from addressbook.services.audit import Actor
from benchmarks import Rows
from mailerconsole import static_files

HTMX = {"HX-Request": "true"}
REPEATS = 20
GROUPS = 1_000
ADDRESSES = 100_000


def rows() -> Rows:
    static_files.collect_if_changed()
    user = User.objects.create_user("pages")
    book = books.create_book(name="Pages", zone=Zone.PUBLIC, region=Region.KR, by=Actor(user))
    edition = book.current_edition
    assert edition is not None  # noqa: S101 - create_book has just opened it
    Group.objects.bulk_create(Group(edition=edition, name=f"group-{number:04}") for number in range(GROUPS))
    names = (f"reader{number}@example.com" for number in range(ADDRESSES))
    Address.objects.bulk_create(
        Address(edition=edition, email=name, key=name, registered_at=timezone.now()) for name in names
    )
    Edition.objects.filter(pk=edition.pk).update(address_count=ADDRESSES)
    client = Client(SERVER_NAME="localhost")
    client.force_login(user)
    screen = f"/books/{book.slug}/"
    place = f"{ADDRESSES:,} addresses, {GROUPS:,} groups"
    yield f"the screen, {place}", timed(lambda: client.get(screen)), ""
    yield f"the last page, {place}", timed(lambda: client.get(screen, {"page": 10**9})), ""
    yield f"search, common, {place}", timed(lambda: client.post(screen, {"q": "er9"})), ""
    text = "\n".join(f"new{number}@example.com" for number in range(1000))
    yield (
        "1,000 pasted: the check",
        timed(lambda: client.post(f"{screen}register/check/", {"text": text}, headers=HTMX)),
        "",
    )
    texts = iter([text.replace("new", f"new{number}-") for number in range(REPEATS + 1)])
    yield (
        "1,000 pasted: registered, with the screen as the answer",
        timed(lambda: client.post(f"{screen}register/", {"text": next(texts), "token": uuid4()}, headers=HTMX)),
        "",
    )


def timed(act: Callable[[], object]) -> str:
    """Median and 95th percentile of REPEATS calls, after one that fills the caches."""
    act()
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        act()
        times.append((time.perf_counter() - start) * 1000)
    return f"median {statistics.median(times):.0f} ms, p95 {statistics.quantiles(times, n=20)[-1]:.0f} ms"
