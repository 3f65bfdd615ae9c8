"""Every screen and act at a million addresses, each in three of a thousand groups.

BENCH_ADDRESSES makes it another number.

Times are those of the server, from the request to the answer, beside the same question put to the database by the bare
driver in the same run.
"""

import gzip
import json
import os
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.files.storage import storages
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from addressbook.models import Address, Group, Membership
from addressbook.services.addresses import bulk, groups, selection
from addressbook.services.addresses.selection import Selection
from addressbook.services.uploads import sql
from benchmarks import Rows
from benchmarks.undo import work
from mailerconsole.operations import static_files
from workspace.models import AddressBook, Edition, Region, User, Zone
from workspace.services.books import books
from workspace.services.history.audit import Actor

ADDRESSES = int(os.environ.get("BENCH_ADDRESSES", "1000000"))
GROUPS = 1_000
FOUND = ADDRESSES // 10
REPEATS = 20
CHUNK = 10_000
HTMX = {"HX-Request": "true"}
PAGE_MS = 60
KIB = 1024


def rows() -> Rows:
    static_files.collect_if_changed()
    by = Actor(User.objects.create_user("bench-screen"))
    book = books.create_book(name="Screen", zone=Zone.PUBLIC, region=Region.KR, by=by)
    assert book.current_edition is not None  # noqa: S101 - create_book has just opened it
    large = fill(book.current_edition)
    client = Client(SERVER_NAME="localhost")
    client.force_login(by.user)
    screen = f"/books/{book.slug}/"
    yield f"**{ADDRESSES:,} addresses in {GROUPS:,} groups, three each**", "", ""
    yield from pages(client, screen, book.current_edition, large)
    yield from searches(client, screen, book.current_edition)
    yield from wire(client, screen)
    yield from acts_on_a_hundred(client, screen, book.current_edition)
    yield from typed(client, screen)
    yield from acts_on_all_found(book, by, large)


def fill(edition: Edition) -> Group:
    """Address n is in the groups n % 500, 500 + n % 400 and, of the last hundred, a tenth of all in the first one."""
    Group.objects.bulk_create(Group(edition=edition, name=f"group-{number:04}") for number in range(GROUPS))
    ids = list(Group.objects.filter(edition=edition).order_by("name").values_list("pk", flat=True))
    for first in range(0, ADDRESSES, CHUNK):
        numbers = range(first, min(first + CHUNK, ADDRESSES))
        names = [name_of(number) for number in numbers]
        with transaction.atomic():
            made = sql.insert_addresses(
                edition_id=edition.pk,
                upload_id=None,
                pairs=[(name, name) for name in names],
                registered_at=timezone.now(),
            )
            members = zip(numbers, sorted(made), strict=True)
            put_into_groups([(ids[place], pk) for number, pk in members for place in places_of(number)])
    for group_id in ids:
        Group.objects.filter(pk=group_id).update(address_count=Membership.objects.filter(group=group_id).count())
    Edition.objects.filter(pk=edition.pk).update(address_count=ADDRESSES)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return Group.objects.get(pk=ids[900])


def put_into_groups(pairs: list[tuple[int, int]]) -> None:
    source = "unnest(%s::bigint[], %s::bigint[])"
    values: list[Any] = [list(column) for column in zip(*pairs, strict=True)]
    if connection.vendor == "sqlite":
        source = "(SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(%s))"
        values = [json.dumps(pairs)]
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO addressbook_membership (group_id, address_id) SELECT * FROM {source}", values)  # noqa: S608


def name_of(number: int) -> str:
    # In no order, as people register them.
    return f"{(number * 2_654_435_761) % 2**32:08x}{number}@mail{number % 500:03}.example.com"


def places_of(number: int) -> tuple[int, int, int]:
    return number % 500, 500 + number % 400, 900 if number % 10 == 0 else 901 + number % 99


def pages(client: Client, screen: str, edition: Edition, group: Group) -> Rows:
    page = "SELECT id, email, registered_at FROM addressbook_address WHERE edition_id = %s ORDER BY id DESC LIMIT 50"
    bare = f"the bare driver: {p95(partial(fetch, page, [edition.pk])):.1f} ms"
    middle = ADDRESSES // 100
    for what, act in (
        ("the page", lambda: client.get(screen)),
        (
            "the next page, as htmx asks for it",
            lambda: client.get(screen, {"page": 2}, headers=HTMX | {"HX-Target": "results"}),
        ),
        ("the page in the middle", lambda: client.get(screen, {"page": middle})),
        ("the last page", lambda: client.get(screen, {"page": 10**9})),
        (f"a group of {FOUND:,}", lambda: client.get(screen, {"group": group.pk})),
        ("its last page", lambda: client.get(screen, {"group": group.pk, "page": 10**9})),
        ("sorted by address", lambda: client.get(screen, {"sort": "a-z"})),
        ("sorted by address, in the middle", lambda: client.get(screen, {"sort": "a-z", "page": str(middle)})),
        ("the group sorted by address", lambda: client.get(screen, {"sort": "a-z", "group": str(group.pk)})),
        ("registered today", lambda: client.get(screen, {"since": timezone.localdate().isoformat()})),
        ("registered tomorrow: none", lambda: client.get(screen, {"since": "2999-01-01"})),
        ("in no group: none", lambda: client.get(screen, {"group": 0})),
    ):
        yield what, f"{timed(act)}, {questions(act)} queries", f"p95 ≤ {PAGE_MS} ms, ≤ 8 queries; {bare}"


def questions(act: Callable[[], Any]) -> int:
    """How many statements the database gets."""
    asked = []

    def note(execute: Callable[..., Any], *arguments: Any) -> Any:
        asked.append(arguments[0])
        return execute(*arguments)

    with connection.execute_wrapper(note):
        act()
    return len(asked)


def searches(client: Client, screen: str, edition: Edition) -> Rows:
    most = 250 if connection.vendor == "sqlite" else 50
    for what, query, limit in (
        ("found once", name_of(ADDRESSES // 2)[3:20], most),
        (f"found {ADDRESSES // 500:,} times", "@mail123", most),
        ("found everywhere", "example", most),
        ("found nowhere", "nobody-has-this", most),
        ("the beginning, as kim*", name_of(7)[:2] + "*", 20),
    ):
        text = query.removesuffix("*")
        pattern = f"{text}%" if text != query else f"%{text}%"
        bare = f"SELECT id FROM addressbook_address WHERE edition_id = %s AND {operator()} LIMIT 5000"  # noqa: S608
        floor = p95(partial(fetch, bare, [edition.pk, pattern]), 5)
        taken = timed(partial(client.post, screen, {"q": query}, headers=HTMX | {"HX-Target": "results"}))
        yield f"search: {what}", taken, f"p95 ≤ {limit} ms; one LIKE by the bare driver: {floor:.0f} ms"
    count = partial(client.post, screen, {"q": "example"}, headers=HTMX | {"HX-Target": "found"})
    yield "the count of what is found everywhere, which the results ask for", timed(count), ""


def operator() -> str:
    return "key LIKE %s" if connection.vendor == "postgresql" else "key LIKE %s ESCAPE '\\'"


def wire(client: Client, screen: str) -> Rows:
    """Bytes of the page and of all that it loads, compressed as they are sent."""
    page = client.get(screen, headers={"Accept-Encoding": "gzip"})
    body = page.content if page.headers.get("Content-Encoding") == "gzip" else gzip.compress(page.content)
    html = gzip.decompress(body).decode()
    loaded = sum(len(static(path)) for path in linked(html))
    yield (
        "the page over the wire, at the first load",
        f"{(len(body) + loaded) / KIB:.0f} KB, of that the page {len(body) / KIB:.0f} KB",
        "≤ 60 KB",
    )
    later = client.get(screen, {"page": 2}, headers=HTMX | {"HX-Target": "results", "Accept-Encoding": "gzip"})
    sent = later.content if later.headers.get("Content-Encoding") == "gzip" else gzip.compress(later.content)
    yield "the next page over the wire", f"{len(sent) / KIB:.1f} KB", "≤ 12 KB"


def linked(html: str) -> Iterator[str]:
    """What the page loads at once: its styles and scripts."""
    for mark in ('rel="stylesheet" href="', '<script src="'):
        for piece in html.split(mark)[1:]:
            yield piece.split('"')[0]


def static(url: str) -> bytes:
    name = url.removeprefix(settings.STATIC_URL)
    files = storages["staticfiles"]
    best = next((name + end for end in (".br", ".gz") if files.exists(name + end)), name)
    with files.open(best) as file:
        return bytes(file.read())


def acts_on_a_hundred(client: Client, screen: str, edition: Edition) -> Rows:
    target = Group.objects.create(edition=edition, name="target")
    newest = Address.objects.filter(edition=edition).order_by("-pk")
    for what, path, values in (
        ("edit group", "addresses/groups/apply/", {"in": [target.pk]}),
        ("remove from group", "addresses/remove/apply/", {"group": target.pk}),
        ("delete", "addresses/delete/apply/", {}),
    ):
        taken = []
        for turn in range(10):
            first = 0 if what == "delete" else 100 * turn
            ids = list(newest.values_list("pk", flat=True)[first : first + 100])
            if "group" in values:
                ids = list(newest.filter(memberships__group=target).values_list("pk", flat=True)[:100])
            form = {"address": ids, "token": uuid4(), **values}
            taken.append(milliseconds(partial(client.post, screen + path, form, headers=HTMX)))
        yield f"{what} on 100 selected, with the screen as the answer", summary(taken), "p95 ≤ 150 ms"


def typed(client: Client, screen: str) -> Rows:
    text = "\n".join(f"new{number}@example.com" for number in range(1000))
    texts = iter([text.replace("new", f"new{turn}-") for turn in range(6)])
    taken = [
        milliseconds(lambda: client.post(f"{screen}register/", {"text": next(texts), "token": uuid4()}, headers=HTMX))
        for _ in range(6)
    ]
    yield "register 1,000 typed, with the screen as the answer", summary(taken), "p95 ≤ 500 ms"
    check = lambda: client.post(f"{screen}register/check/", {"text": text}, headers=HTMX)  # noqa: E731
    yield "their check while one types", timed(check), ""


def acts_on_all_found(book: AddressBook, by: Actor, group: Group) -> Rows:
    """All of a large group: what the user waits for, what the worker takes, and the bare statements for the same."""
    other = groups.create_group(book=book, name="everyone", token=uuid4(), by=by)
    members = "SELECT address_id FROM addressbook_membership WHERE group_id = %s"
    with_group = "SELECT address_id, %s FROM addressbook_membership WHERE group_id = %s"
    memberships = "SELECT * FROM addressbook_membership WHERE address_id IN (SELECT id FROM gone)"
    add = [(f"INSERT INTO addressbook_membership (address_id, group_id) {with_group}", other.pk, group.pk)]
    take_out = [("DELETE FROM addressbook_membership WHERE group_id = %s", other.pk)]
    keep = [
        (f"CREATE TEMPORARY TABLE members AS {members}", group.pk),
        ("CREATE TEMPORARY TABLE gone AS SELECT * FROM addressbook_address WHERE id IN (SELECT * FROM members)",),
        (f"CREATE TEMPORARY TABLE left_ AS {memberships}",),
    ]
    delete = [
        ("DELETE FROM addressbook_membership WHERE address_id IN (SELECT id FROM gone)",),
        ("DELETE FROM addressbook_address WHERE id IN (SELECT id FROM gone)",),
    ]
    give_back = [
        ("INSERT INTO addressbook_address SELECT * FROM gone",),
        ("INSERT INTO addressbook_membership SELECT * FROM left_",),
    ]

    def put_into_other(chosen: Selection) -> None:
        bulk.edit_groups(book=book, selection=chosen, add=[other.pk], remove=[], token=uuid4(), by=by)

    def delete_all(chosen: Selection) -> None:
        bulk.delete_addresses(book=book, selection=chosen, token=uuid4(), by=by)

    for what, act, before, statements, after in (
        ("edit group", put_into_other, [], add, take_out),
        ("delete", delete_all, keep, delete, give_back),
    ):
        committed(before)
        bare = committed(statements)
        committed(after)
        start = time.perf_counter()
        chosen = selection.everything(book=book, group_id=group.pk)
        act(chosen)
        answered = time.perf_counter() - start
        start = time.perf_counter()
        longest = work()
        done = time.perf_counter() - start
        yield (
            f"{what} on all {chosen.seen_count:,} of a group",
            f"answered in {answered * 1000:.0f} ms, done in {done:.1f} s, {done / bare:.2f} ×; longest {longest:.2f} s",
            f"≤ 1 s, ≤ {2 * bare:.1f} s (2 × the bare statements), transactions ≤ 0.1 s",
        )


def committed(statements: list[tuple[Any, ...]]) -> float:
    """Seconds that these, each with its values, take in one transaction, its end included.

    PostgreSQL looks at foreign keys only then.
    """
    start = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        for statement, *values in statements:
            cursor.execute(statement, values)
    return time.perf_counter() - start


def fetch(statement: str, values: list[Any] | None = None) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def milliseconds(act: Callable[[], Any]) -> float:
    start = time.perf_counter()
    answer = act()
    taken = (time.perf_counter() - start) * 1000
    assert getattr(answer, "status_code", 200) == 200  # noqa: S101 - else it measured an error page
    return taken


def timed(act: Callable[[], Any]) -> str:
    act()  # fills the caches
    return summary([milliseconds(act) for _ in range(REPEATS)])


def p95(act: Callable[[], Any], repeats: int = REPEATS) -> float:
    act()
    return statistics.quantiles([milliseconds(act) for _ in range(repeats)], n=20, method="inclusive")[-1]


def summary(taken: list[float]) -> str:
    most = statistics.quantiles(taken, n=20, method="inclusive")[-1]
    return f"median {statistics.median(taken):.0f} ms, p95 {most:.0f} ms"
