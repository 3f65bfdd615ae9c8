"""Other people's text through every page, file and header: it comes out as text."""

import re
from html.parser import HTMLParser
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from addressbook import limits as address_book_limits
from addressbook.models import BookSync, Download, Group, Membership, ParkedEntry, Pause, Upload
from addressbook.services import downloads
from tests.support.downloads import make, path_of, workbook_rows
from tests.support.hostile_text import ADDRESSES, ALL, SHORT
from tests.support.html import text_of
from tests.workspace.views.test_access import TABLE, url_of
from tests.workspace.views.test_members import freshly
from workspace.models import AddressBook, AuditEvent, User
from workspace.services.history.audit import Actor, record
from workspace.services.work import owners

HTMX = {"HX-Request": "true"}
# They would call the service, as a person asks them to.
CALLS_OUT = {"test_connection", "compare_remote", "rebuild_remote"}
PAGES = ("console", "downloads", "jobs", "history", "sync", "book_settings", "members", "reset_book")
# What the database keeps: PostgreSQL takes no NUL, and services cut or refuse what is longer.
KEPT = [text.replace("\0", "")[:100] for text in SHORT if text.replace("\0", "").strip()]


# Tags that come with many groups or lines, not with a text.
OFTEN = {
    *("input", "input type", "input id", "input placeholder", "input autocomplete", "input data-filters"),
    *("input data-none", "input list", "label", "label class", "label for", "nav", "nav class", "nav aria-label"),
    *("nav hx-boost", "p id", "p hidden", "p class", "div class", "span class", "a rel", "a aria-label", "a class"),
    *("ul class", "ol class", "li class", "time datetime", "datalist", "datalist id", "option"),
}


class Skeleton(HTMLParser):
    """The tags of a page with the names of their attributes, and all of its text and values."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags |= {f"{tag} {name}" for name, _ in attributes} | {tag}
        self.texts += [str(value) for _, value in attributes]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")


def dangerous(tags: set[str]) -> set[str]:
    """Those that no page of ours has in an answer to htmx."""
    return {tag for tag in tags if tag.split()[0] in {"script", "img", "svg", "b", "style", "base", "meta", "object"}}


def skeleton(answer) -> Skeleton:
    found = Skeleton()
    found.feed(answer.content.decode())
    found.close()
    return found


@pytest.fixture
def client(alice, client_of):
    return freshly(client_of(alice))


@pytest.fixture
def fill_with(book, by, register, file_store, no_other_worker):
    """Puts texts wherever other people's text is kept, past the services that would refuse some."""
    edition = book.current_edition
    register("\n".join(ADDRESSES))
    address = edition.addresses.first()
    BookSync.objects.create(book=book, is_on=True, pause=Pause.REFUSING)

    def fill_with(texts: list[str]) -> None:
        now = timezone.now()
        groups = Group.objects.bulk_create(Group(edition=edition, name=text) for text in texts)
        Membership.objects.bulk_create(Membership(group=group, address=address) for group in groups)
        Group.objects.filter(edition=edition).update(address_count=1)
        for text in texts:
            # With a name that nobody could choose here; they may come from elsewhere.
            actor = Actor(User.objects.create(username=text))
            record(by=actor, action="add_group", book=book, detail={"group": text}, reason=text)
            record(by=actor, action="change_group", book=book, detail={"selected": 1, "added_to": [text], "added": 1})
            Upload.objects.create(
                edition=edition, name=text, size=1, sha256="", stored_file="x", requested_by=by.user,
                requester=text, created_at=now, expires_at=now, state="waiting",
            )  # fmt: skip
            ParkedEntry.objects.create(book=book, address=address, group=groups[0], reason=text, at=now)
            values = {"scope": "book", "format": "csv", "group_id": None, "query": "", "language": "en", "by": by}
            download = downloads.request(book=book, reason=text, token=uuid4(), **values)
            owners.cancel(Download, book=book, work_id=download.pk, by=by)

    return fill_with


def test_texts_change_no_tag_of_any_page(fill_with, book, client) -> None:
    # As many as come later: a page folds what is too much for it.
    fill_with([f"tame{number}" for number in range(len(KEPT))])
    urls = [reverse(name, args=[book.slug]) for name in PAGES]
    tame = {url: skeleton(client.get(url)).tags for url in urls}
    fill_with(KEPT)
    AddressBook.objects.filter(pk=book.pk).update(name=KEPT[0][:60])
    seen: list[str] = []
    for url in urls:
        answer = client.get(url)
        assert answer.status_code == 200, url
        page = skeleton(answer)
        assert page.tags - tame[url] <= OFTEN, url
        seen += page.texts
    together = " ".join(seen)
    assert not [text for text in (*KEPT, *ADDRESSES) if text.strip() not in together]


def test_a_search_text_comes_back_as_text(book, register, client) -> None:
    register("a@example.com")
    headers = {**HTMX, "HX-Target": "results"}
    for text in ALL:
        answer = client.post(reverse("console", args=[book.slug]), {"q": text}, headers=headers)
        assert answer.status_code == 200, ascii(text)
        assert not dangerous(skeleton(answer).tags), ascii(text)
        # {{ 7*7 }} is no sum; a time of day may be eleven minutes to.
        assert "49" not in re.sub(r"\d\d:\d\d", "", text_of(answer))


def test_a_registration_of_all_of_it_says_what_is_wrong_with_each(book, client) -> None:
    url = reverse("check_registration", args=[book.slug])
    tame = skeleton(client.post(url, {"text": "wrong\nright@example.com tame@gmial.com"}, headers=HTMX)).tags
    for text in ALL:
        answer = client.post(url, {"text": text}, headers=HTMX)
        assert answer.status_code == 200, ascii(text)
        assert not dangerous(skeleton(answer).tags - tame), ascii(text)
    # Short enough for one registration, and separated as people do.
    posted = client.post(
        reverse("register", args=[book.slug]), {"text": "\n".join(SHORT), "token": uuid4()}, headers=HTMX
    )
    assert posted.status_code == 200
    assert not dangerous(skeleton(posted).tags)


def test_every_url_takes_any_text_in_any_field(book, client, make_group) -> None:
    """No text in a field that a form has, nor in one that it has not, is a fault of ours."""
    group = make_group("VIP")
    names = (
        "name q text reason username password1 code role seen_name scope format zone region masking sheet person since"
    )
    fields = [
        *names.split(),
        "kind",
        "page",
        "size",
        "user",
        "address",
        "copy",
        "into",
        "everything",
        "through",
        "seen",
    ]
    client.raise_request_exception = False
    for name, row in TABLE.items():
        if name in {"sign_out", *CALLS_OUT}:
            continue
        for text in ("<b>\0'\"{{ 7*7 }}%s\u202e", "9" * 30):
            data = {**dict.fromkeys(fields, text), "group": group.pk, "target": group.pk, "token": uuid4()}
            for method in (client.get, client.post):
                status = method(url_of(name, row, book.slug), data).status_code
                # Without workers the console says itself that it is not ready.
                assert status < 500 or (name, status) == ("readyz", 503), (name, text)


def test_a_name_in_a_header_stays_one_header(book, client, made, register) -> None:
    register("a@example.com")
    download = made(format="csv")
    for text in SHORT:
        AddressBook.objects.filter(pk=book.pk).update(name=text.replace("\0", "")[:60])
        answer = client.head(reverse("fetch_download", args=[book.slug, download.pk]))
        assert answer.status_code == 200, ascii(text)
        header = answer["Content-Disposition"]
        assert header.startswith("attachment"), ascii(text)
        assert not {"\r", "\n", "\0"} & set(header), ascii(text)


def test_a_file_may_be_called_anything(book, client, file_store, no_other_worker, monkeypatch) -> None:
    monkeypatch.setattr(address_book_limits, "UPLOADS_PER_BOOK", len(ALL))
    url = reverse("send_upload", args=[book.slug])
    for text in ALL:
        head = f'--x\r\nContent-Disposition: form-data; name="token"\r\n\r\n{uuid4()}\r\n--x\r\n'
        head += f'Content-Disposition: form-data; name="file"; filename="{text}.csv"\r\n\r\n'
        body = head.encode() + b"email\na@example.com\n\r\n--x--\r\n"
        answer = client.generic("POST", url, body, content_type="multipart/form-data; boundary=x", headers=HTMX)
        assert answer.status_code in {200, 400, 422}, ascii(text)
        assert not dangerous(skeleton(answer).tags), ascii(text)
    assert Upload.objects.count() > len(SHORT) // 2


def test_files_hold_the_texts_as_text(fill_with, book, ask) -> None:
    fill_with(KEPT)
    rows = workbook_rows(path_of(make(ask(format="xlsx"))).read_bytes())[1:]
    assert {row[0] for row in rows} >= set(ADDRESSES)
    table = path_of(make(ask(format="csv"))).read_text("utf-8-sig")
    starts = [line.lstrip('"')[:1] for line in table.split("\r\n") if line.strip()]
    assert not set(starts) & set("=+-@\t")


def test_the_history_of_it_can_be_downloaded(fill_with, book, client) -> None:
    fill_with(KEPT)
    answer = client.get(reverse("download_history", args=[book.slug]))
    assert b"".join(answer.streaming_content) if answer.streaming else answer.content
    assert AuditEvent.objects.count() > len(KEPT)
