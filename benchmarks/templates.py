"""*Manage templates* with 2,000 templates in 300 categories, and an import of 500 at the simulator."""

import json
import time
from datetime import timedelta
from uuid import uuid4

from django.conf import settings
from django.test import Client
from django.utils import timezone

from benchmarks import Rows
from benchmarks.screen import p95, questions, timed
from libraries.outbound_mailer.simulator import Simulator
from mailerconsole.operations import static_files
from mailings.models import Category, Template, TemplateImport
from mailings.services.templates import documents, importing
from workspace.models import AddressBook, Region, User, Zone
from workspace.services.books import books
from workspace.services.history.audit import Actor

TEMPLATES, CATEGORIES, IMPORTED = 2_000, 300, 500
BODY = "<p>Dear ${name}, this is a paragraph of an ordinary letter.</p>" * 300
PAGE_MS = 60
TOKEN = "token-of-the-simulator"  # noqa: S105 - of a simulator in this process


def rows() -> Rows:
    static_files.collect_if_changed()
    by = Actor(User.objects.create_user("bench-templates"))
    book = books.create_book(name="Templates", zone=Zone.PUBLIC, region=Region.KR, by=by)
    chosen = fill(book)
    client = Client(SERVER_NAME="localhost")
    client.force_login(by.user)
    here = f"/books/{book.slug}/templates/"
    template = Template.objects.filter(category=chosen).earliest("pk")
    yield f"**{TEMPLATES:,} templates of {len(BODY):,} bytes in {CATEGORIES} categories**", "", ""
    for what, act in (
        ("the page", lambda: client.get(here)),
        ("a category", lambda: client.get(here, {"category": chosen.pk})),
        ("a template", lambda: client.get(f"{here}{template.pk}/")),
        ("the form of a template", lambda: client.get(f"{here}{template.pk}/edit/")),
    ):
        yield what, f"{timed(act)}, {questions(act)} queries", f"p95 ≤ {PAGE_MS} ms"
    search = lambda: client.post(here, {"query": "ordinary letters"})  # noqa: E731 - as above
    yield "a search that finds nothing in any content", f"{p95(search, 5):.0f} ms", ""
    yield from imported(by)


def fill(book: AddressBook) -> Category:
    """Thirty categories, each with nine in it."""
    outer = [Category.objects.create(book=book, name=f"Outer-{number:02}") for number in range(CATEGORIES // 10)]
    inner = [
        Category(book=book, name=f"Inner-{number:03}", parent=outer[number % len(outer)])
        for number in range(CATEGORIES - len(outer))
    ]
    places = [*outer, *Category.objects.bulk_create(inner)]
    Template.objects.bulk_create(
        Template(
            book=book,
            category=places[number % len(places)],
            name=f"Template-{number:04}",
            subject="Hello ${name}",
            body=BODY,
            sender_address="news@example.com",
        )
        for number in range(TEMPLATES)
    )
    return places[-1]


def imported(by: Actor) -> Rows:
    book = books.create_book(name="Import", zone=Zone.PUBLIC, region=Region.KR, by=by)
    entry = {"subject": "Hello", "body": BODY, "sender_address": "news@example.com"}
    entries = [{**entry, "name": f"T{number}", "category": [f"C{number % 50}"]} for number in range(IMPORTED)]
    data = json.dumps({"format": documents.FORMAT, "version": documents.VERSION, "templates": entries}).encode()
    with Simulator(token=TOKEN) as simulator:
        settings.SIMULATOR_PORT, settings.SIMULATOR_TOKEN = int(simulator.base_url.rpartition(":")[2]), TOKEN
        before = time.perf_counter()
        of = importing.begin(book=book, data=data, name="t.json", digest="", token=uuid4(), by=by)
        taken = time.perf_counter() - before
        while of.finished_at is None:
            TemplateImport.objects.update(next_at=timezone.now() - timedelta(seconds=1))
            importing.run(of.pk)
            of.refresh_from_db()
        whole = time.perf_counter() - before
        settings.SIMULATOR_PORT = 0
    yield f"a file of {IMPORTED} templates, {len(data) >> 20} MB, taken in by the request", f"{taken * 1000:.0f} ms", ""
    yield "the same, until all are at the simulated service", f"{whole:.1f} s", ""
