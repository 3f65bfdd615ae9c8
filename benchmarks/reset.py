"""Reset and erasing of a large book: how long each takes, and how long people wait meanwhile.

BENCHMARK_ADDRESSES makes the book smaller (or larger) than the million for which times are promised.
"""

import os
import random
import statistics
import subprocess
import sys
import time
from uuid import uuid4

from django.utils import timezone

ADDRESSES = int(os.environ.get("BENCHMARK_ADDRESSES", "1000000"))
RESET_SECONDS = 1
ERASE_SECONDS = 60
PAGE_MS = 500
OTHER_ADDRESSES = 20_000
BATCH = 10_000


def rows():  # type: ignore[no-untyped-def]  # Rows needs Django, which the child process sets up first
    from django.test import Client

    from addressbook.models import Erasure
    from addressbook.services.addresses import registration
    from addressbook.services.reset import editions, reset
    from mailerconsole.operations import static_files
    from workspace.models import Edition, Region, User, Zone
    from workspace.services.books import books
    from workspace.services.history.audit import Actor

    static_files.collect_if_changed()
    user = User.objects.create_user("bench-reset")
    by = Actor(user)
    large, other = (
        books.create_book(name=name, zone=Zone.PUBLIC, region=Region.KR, by=by) for name in ("Large", "Other")
    )
    fill(other, OTHER_ADDRESSES)
    fill(large, ADDRESSES)
    client = Client(SERVER_NAME="localhost")
    client.force_login(user)
    client.get(f"/books/{other.slug}/")
    seen = editions.contents(Edition.objects.get(current_of=large))
    start = time.perf_counter()
    reset.reset(book=large, seen=seen, keep_copy=False, token=uuid4(), by=by)
    page = client.get(f"/books/{large.slug}/")
    seconds = time.perf_counter() - start
    assert b"The address book is empty" in page.content  # noqa: S101 - else it measured something else
    size = f"{ADDRESSES:,} addresses, each in a group,"
    yield f"reset of {size} with the empty page", f"{seconds * 1000:.0f} ms", f"≤ {RESET_SECONDS} s"
    reads, writes = [], []
    start = time.perf_counter()
    eraser = subprocess.Popen([sys.executable, "-m", "benchmarks.reset", str(Erasure.objects.latest("pk").pk)])  # noqa: S603
    while eraser.poll() is None:
        reads.append(timed(lambda: client.get(f"/books/{other.slug}/")))
        text = f"{uuid4().hex}@example.com"
        writes.append(
            timed(
                lambda text=text: registration.register_typed(
                    book=other, group_id=None, text=text, token=uuid4(), by=by
                )
            )
        )
        time.sleep(0.05)
    seconds = time.perf_counter() - start
    assert not Erasure.objects.exists()  # noqa: S101 - else it was not erased
    yield f"erasing {size}", f"{seconds:.1f} s", f"≤ {ERASE_SECONDS} s for a million"
    yield f"the screen of another book meanwhile ({len(reads)} times)", summary(reads), f"p95 ≤ {PAGE_MS} ms"
    yield "a registration there meanwhile", summary(writes), ""


def timed(act) -> float:  # type: ignore[no-untyped-def]
    start = time.perf_counter()
    act()
    return (time.perf_counter() - start) * 1000


def summary(milliseconds: list[float]) -> str:
    p95 = statistics.quantiles(milliseconds, n=20)[-1]
    return f"median {statistics.median(milliseconds):.0f} ms, p95 {p95:.0f} ms, worst {max(milliseconds):.0f} ms"


def fill(book, count: int) -> None:  # type: ignore[no-untyped-def]
    """Addresses in no order, as people register them: that is the hard case for their index."""
    from addressbook.models import Group
    from addressbook.services.uploads import sql
    from workspace.models import Edition

    edition = book.current_edition
    group = Group.objects.create(edition=edition, name="All", address_count=count)
    dice, now = random.Random(count), timezone.now()
    for first in range(0, count, BATCH):
        names = [
            f"{dice.getrandbits(32):08x}{number}@mail{number % 500}.example.com"
            for number in range(first, min(first + BATCH, count))
        ]
        pairs = [(name, name) for name in names]
        sql.insert_addresses(edition_id=edition.pk, upload_id=None, pairs=pairs, registered_at=now)
        sql.insert_memberships(edition_id=edition.pk, group_id=group.pk, keys=names)
    Edition.objects.filter(pk=edition.pk).update(address_count=count)


def erase(erasure_id: int) -> None:
    """What a worker does, in a process of its own as that is."""
    import django

    django.setup()
    from addressbook.models import Erasure
    from addressbook.services.reset import erasing
    from workspace.services.work import claiming

    claimed = claiming.claim(Erasure, erasure_id)
    assert claimed is not None  # noqa: S101 - nobody else works here
    erasing.run(claimed)


if __name__ == "__main__":
    erase(int(sys.argv[1]))
