"""What a penetration trial tried on every URL and did not get through: it is tried again."""

from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.apps import apps
from django.db.models import Q

from addressbook.models import Address, Group, Job, Membership
from addressbook.services.addresses import bulk, bulk_jobs
from addressbook.services.addresses.selection import Selection
from mailings.models import Mailing
from mailings.services.recipients import sources
from tests.support.sizes import size
from tests.workspace.views.test_access import ROLES, TABLE, Row, url_of
from tests.workspace.views.test_hostile_text import CALLS_OUT
from workspace.models import AddressBook, AuditChain, AuditEvent, Region, User, Zone
from workspace.services.books import books
from workspace.services.history.audit import Actor

if TYPE_CHECKING:
    from django.db.models import Model
    from django.http import HttpResponseBase
    from django.test import Client

    from tests.support.stack import Stack

METHODS = ("HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "LOCK", "overridden", "htmx", "other")


def is_kept(model: type[Model]) -> bool:
    """A visit leaves traces in the history, a session, and the moment of signing in."""
    return model not in {AuditChain, AuditEvent, User} and model._meta.app_label != "sessions"


def contents() -> dict[str, list[str]]:
    """Every row of every table, but for the traces of a visit."""
    return {
        model._meta.label_lower: sorted(map(repr, model._base_manager.values_list()))
        for model in apps.get_models()
        if is_kept(model)
    }


def asked(client: Client, method: str, url: str, row: Row) -> HttpResponseBase:
    if method == "overridden":  # a form that says that it is another method
        headers = {"X-HTTP-Method-Override": row.method.upper(), "X-HTTP-Method": row.method.upper()}
        return client.post(url, {"_method": row.method}, headers=headers)
    if method == "htmx":
        return getattr(client, row.method)(url, headers={"HX-Request": "true", "HX-Target": "results"})
    if method == "other":
        return (client.post if row.method == "get" else client.get)(url)
    return client.generic(method, url)


def is_let_in(answer: HttpResponseBase) -> bool:
    """Whoever may not is sent to sign in, finds nothing, or is refused; some methods exist nowhere."""
    return answer.status_code not in {302, 401, 403, 404, 405} and "HX-Redirect" not in answer.headers


@pytest.mark.engine_independent
def test_no_method_opens_a_url_to_a_role_that_may_not(book, client, client_of, charlie, vera, bob) -> None:
    """Every URL of a book, everybody below the role that it needs; on a push two of the methods for each pair."""
    clients = dict(zip(ROLES, (client, client_of(charlie), client_of(vera), client_of(bob)), strict=False))
    before, tried = contents(), 0
    for name, row in TABLE.items():
        url = url_of(name, row, book.slug)
        for number, (role, who) in enumerate(clients.items()):
            if "/books/" not in url or (number > 1 and row.answers[number] != 403):
                continue
            for _ in range(size(2, len(METHODS))):
                tried += 1
                method = METHODS[tried % len(METHODS)]
                assert not is_let_in(asked(who, method, url, row)), (name, role, method)
    assert tried > 500
    assert contents() == before


CANARY = "canary.of.another.book"


@pytest.fixture
def elsewhere(book, by, make_group, register, check, ask, draft, write) -> dict[str, int]:
    """One of everything in alice's book, with a word that stands nowhere else; what URLs and forms call each."""
    group = make_group("Canary-group")
    register(f"{CANARY}@example.com", group)
    upload = check(f"email\nb.{CANARY}@example.com\nwrong {CANARY}@\n", f"{CANARY}.csv")
    download = ask(scope="search", query=CANARY, reason=CANARY)
    chosen = Selection(group_id=group.pk, address_ids=(Address.objects.get().pk,))
    act_id = bulk.remove_from_group(book=book, selection=chosen, token=uuid4(), by=by).act_id
    job = bulk_jobs.start(
        kind=Job.Kind.DELETE_ADDRESSES,
        edition=book.current_edition,
        parameters={"selection": chosen.as_json(), "add": [], "remove": [], "names": {}},
        rows_total=1,
        by=by,
    )
    write(draft, subject=CANARY, body=CANARY)
    sources.add_typed(book=book, mailing_id=draft.pk, text=f"c.{CANARY}@example.com", token=uuid4(), by=by)
    return {
        "upload_id": upload.pk,
        "download_id": download.pk,
        "job_id": job.pk,
        "act_id": act_id,
        "number": 1,
        "mailing_id": draft.pk,
        "sender_id": draft.sender_id or 1,
        "group": group.pk,
        "address": chosen.address_ids[0],
    }


@pytest.mark.engine_independent
def test_ids_of_another_book_open_nothing_of_it(elsewhere, book, charlie, client_of) -> None:
    """Its admin, in a book of their own, with the ids of everything in alice's, in URLs and in fields."""
    before = contents()
    own = books.create_book(name="Own", zone=Zone.PUBLIC, region=Region.KR, by=Actor(charlie))
    who = client_of(charlie)
    counts, tried = in_book(book), 0
    ids = (
        "group",
        "target",
        "into",
        "in",
        "out",
        "source",
        "copy",
        "user",
        "invitation",
        "through",
        "sender",
        "mailing",
    )
    for name, row in TABLE.items():
        url = url_of(
            name, Row(row.method, row.answers, {key: elsewhere.get(key, 1) for key in row.arguments}), own.slug
        )
        if "/books/" not in url or name in CALLS_OUT:
            continue
        data = dict.fromkeys(ids, elsewhere["group"]) | {"address": elsewhere["address"], "token": uuid4()}
        for ask in (who.get, who.post):
            for headers in ({}, {"HX-Request": "true"}) if size(False, True) else ({"HX-Request": "true"},):
                answer = ask(url, data, headers=headers)
                tried += 1
                assert answer.status_code < 500, name
                text = b"".join(answer.streaming_content) if answer.streaming else answer.content
                assert CANARY.encode() not in text, name
                assert b"Canary-group" not in text, name
    assert tried > 200
    after = contents()
    assert {label: rows for label, rows in before.items() if not set(rows) <= set(after[label])} == {}
    assert in_book(book) == counts


def in_book(book: AddressBook) -> tuple[int, ...]:
    edition = book.current_edition_id
    groups, addresses = Group.objects.filter(edition=edition), Address.objects.filter(edition=edition)
    among = Membership.objects.filter(Q(group__in=groups) | Q(address__in=addresses))
    return groups.count(), addresses.count(), among.count(), Mailing.objects.filter(book=book).count()


ODD = ("0", str(2**63), "9" * 3_800, "-1", "１", "%00", "%ff%fe", "%ed%a0%80", "..%2f..", "1;2", "%27", "a" * 8_000)


@pytest.mark.engine_independent
def test_no_odd_place_in_a_path_is_a_fault(book, alice, client_of) -> None:
    who, tried = client_of(alice), 0
    for name, row in TABLE.items():
        path = url_of(name, row, book.slug)
        part = "/4711/" if "/4711/" in path else f"/{book.slug}/"
        for _ in range(size(2, len(ODD)) if part in path else 0):
            tried += 1
            odd = ODD[tried % len(ODD)]
            answer = who.generic(row.method.upper(), path.replace(part, f"/{odd}/"))
            assert answer.status_code < 500, (name, odd)
    assert tried > 100


HOST = b"Host: 127.0.0.1\r\n"
RAW = {
    "two lengths": b"POST /sign-in/ HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "a length and chunks": b"POST /sign-in/ HTTP/1.1\r\n"
    + HOST
    + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\n\r\n",
    "odd chunks": b"POST /sign-in/ HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a space before the colon": b"GET /healthz HTTP/1.1\r\n" + HOST + b"Content-Length : 3\r\n\r\nabc",
    "a folded header": b"GET /healthz HTTP/1.1\r\n" + HOST + b"X-A: b\r\n c: d\r\n\r\n",
    "a bare line feed": b"GET /healthz HTTP/1.1\nHost: 127.0.0.1\nX: y\rz\n\n",
    "no version": b"GET /healthz\r\n\r\n",
    "another host": b"GET /sign-in/ HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n",
    "two hosts": b"GET /sign-in/ HTTP/1.1\r\n" + HOST + b"Host: elsewhere.example\r\n\r\n",
    "outside of the static files": b"GET /static/../settings.py HTTP/1.1\r\n" + HOST + b"\r\n",
    "the same, hidden": b"GET /static/%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n",
    "from the root": b"GET /static//etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n",
    "a NUL": b"GET /static/app%00.js HTTP/1.1\r\n" + HOST + b"\r\n",
}


@pytest.mark.parametrize("request_", RAW.values(), ids=list(RAW))
@pytest.mark.engine_independent
def test_requests_that_programs_read_differently_are_refused(stack: Stack, request_: bytes) -> None:
    with socket.create_connection((urlsplit(stack.url).hostname, urlsplit(stack.url).port), timeout=20) as client:
        client.sendall(request_)
        client.shutdown(socket.SHUT_WR)
        answers = b"".join(iter(lambda: client.recv(65_536), b""))
    statuses = [int(status) for status in re.findall(rb"(?m)^HTTP/1\.[01] (\d+)", answers)]
    assert len(statuses) <= 1  # nothing behind it was taken for a request of its own
    assert all(400 <= status < 500 or status == 501 for status in statuses), answers[:500]
    assert b"root:" not in answers
