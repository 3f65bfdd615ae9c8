"""The popup "Excel download list" and the files, as a browser without scripts and htmx see them."""

import hashlib
from datetime import timedelta
from urllib.parse import quote
from uuid import uuid4

import pytest
from django.db.models.functions import Now
from django.urls import reverse

from addressbook import actions, limits
from addressbook.models import Address, Download
from addressbook.services import downloads
from tests.support.downloads import make, path_of
from tests.support.html import text_of
from tests.support.people import PASSWORD
from workspace import actions as workspace_actions
from workspace.models import AddressBook, AuditEvent, JobState, Region, Zone
from workspace.services.books import books
from workspace.services.history.audit import Actor

HTMX = {"HX-Request": "true", "HX-Target": "downloads-body"}
LIST = {"HX-Request": "true", "HX-Target": "download-list"}
# Python refuses to read numbers of more than 4,300 digits.
HUGE = [f"bytes=0-{'9' * 5000}", f"bytes={'9' * 5000}-", f"bytes=-{'9' * 5000}", "bytes=٠-٩"]


@pytest.fixture
def manager(bob, client_of):
    return client_of(bob)


@pytest.fixture
def ready(made, register) -> Download:
    register("a@example.com =b@example.com")
    return made()


def url(name: str, book: AddressBook, *arguments: object) -> str:
    return reverse(name, args=[book.slug, *arguments])


def form(**values: object) -> dict[str, object]:
    return {"token": uuid4(), "scope": "book", "format": "xlsx", **values}


def fetch(client, download: Download, **headers: str):
    return client.get(url("fetch_download", download.edition.book, download.pk), headers=headers)


def body(answer) -> bytes:
    return b"".join(answer.streaming_content)


def test_a_request_is_listed_and_asked_for_again_until_it_is_over(manager, book, register, file_store) -> None:
    register("a@example.com")
    answer = manager.post(url("request_download", book), form(), headers=HTMX)
    assert 'hx-trigger="load delay:1s"' in answer.content.decode()
    assert "Waiting" in text_of(answer)
    download = make(Download.objects.get())
    answer = manager.get(url("download_list", book), headers=LIST)
    assert "hx-trigger" not in answer.content.decode()
    assert "Complete · 1 row" in text_of(answer)
    assert reverse("fetch_download", args=[book.slug, download.pk]) in answer.content.decode()


def test_a_running_one_says_how_far_it_is(manager, book, ask) -> None:
    Download.objects.filter(pk=ask().pk).update(
        state="running", lease_until=Now(), started_at=Now(), rows_done=430, rows_total=1000
    )
    answer = manager.get(url("download_list", book), headers=LIST)
    assert "Generating, 43 %" in text_of(answer)


def test_without_scripts_the_request_leads_back_to_the_list(manager, book, register, no_other_worker) -> None:
    register("a@example.com")
    answer = manager.post(url("request_download", book), form(), follow=True)
    assert answer.redirect_chain == [(url("downloads", book), 302)]
    assert "Waiting" in text_of(answer)


def test_what_the_list_shows_can_be_asked_for(manager, book, make_group, register, ask) -> None:
    group = make_group("VIP")
    register("a@example.com b@example.org", group)
    answer = manager.post(url("downloads", book), {"group": group.pk, "q": "example.org"})
    for text in ("All addresses (2)", "Group “VIP” (2)", "“example.org” in group “VIP”"):
        assert text in text_of(answer)
    sent = form(scope="search", group=group.pk, q="example.org", format="csv")
    manager.post(url("request_download", book), sent, headers=HTMX)
    download = make(Download.objects.get())
    assert (download.row_count, download.query) == (1, "")
    lines = path_of(download).read_text("utf-8-sig")
    assert "b@example.org" in lines
    assert "a@example.com" not in lines


@pytest.mark.parametrize(
    ("query", "offered"), [("a@", "Addresses that contain “a@”"), ("a@*", "Addresses that begin with “a@”")]
)
def test_what_a_search_finds_is_named_as_it_was_asked_for(manager, book, register, query, offered) -> None:
    register("a@example.com")
    assert offered in text_of(manager.post(url("downloads", book), {"q": query}))


def test_the_same_form_twice_is_one_request(manager, book, no_other_worker) -> None:
    sent = form()
    for _ in range(2):
        assert manager.post(url("request_download", book), sent, headers=HTMX).status_code == 200
    assert Download.objects.count() == 1


@pytest.mark.parametrize("sent", [{}, {"scope": "group"}, {"scope": "search"}, {"format": "pdf"}, {"token": ""}])
def test_a_form_that_says_nothing_asks_for_nothing(manager, book, sent) -> None:
    answer = manager.post(url("request_download", book), form(**sent) if sent else {}, headers=HTMX)
    assert answer.status_code == 422
    assert "Please choose once more" in text_of(answer)
    assert not Download.objects.exists()


def test_a_group_that_is_gone_is_said(manager, book) -> None:
    answer = manager.post(url("request_download", book), form(scope="group", group=4711), headers=HTMX)
    assert (answer.status_code, "was deleted meanwhile" in text_of(answer)) == (422, True)


def test_a_book_that_asks_for_a_reason_gets_one(manager, book, by, no_other_worker) -> None:
    settings = {"name": book.name, "zone": Zone.PUBLIC, "region": Region.KR}
    books.change_settings(book=book, seen_version=1, **settings, download_reason_required=True, by=by)
    answer = manager.post(url("request_download", book), form(reason=" "), headers=HTMX)
    assert (answer.status_code, "asks for a reason" in text_of(answer)) == (422, True)
    assert not Download.objects.exists()
    answer = manager.post(url("request_download", book), form(reason="가을 행사"), headers=HTMX)
    assert "가을 행사" in text_of(answer)
    event = AuditEvent.objects.get(action=actions.REQUEST_DOWNLOAD)
    assert event.reason == "가을 행사"


def test_the_switch_is_on_the_settings_page(alice, client_of, book) -> None:
    client = client_of(alice)
    page = client.get(url("book_settings", book)).content.decode()
    assert 'name="download_reason_required"' in page
    sent = {"token": uuid4(), "version": 1, "name": "Main", "zone": "public", "region": "KR"}
    client.post(url("book_settings", book), {**sent, "download_reason_required": "on"})
    book.refresh_from_db()
    assert book.download_reason_required
    # Lowering the protection of a book asks for the password.
    client.post(url("book_settings", book), {**sent, "version": 2, "current_password": PASSWORD})
    book.refresh_from_db()
    assert not book.download_reason_required


def test_there_are_not_more_files_than_allowed(manager, book, ask, monkeypatch) -> None:
    monkeypatch.setattr(limits, "DOWNLOADS_PER_BOOK", 1)
    ask()
    answer = manager.post(url("request_download", book), form(), headers=HTMX)
    assert (answer.status_code, "has 1 files already" in text_of(answer)) == (422, True)
    assert Download.objects.count() == 1


def test_a_viewer_sees_the_requests_and_no_way_to_the_files(vera, client_of, book, ready) -> None:
    client = client_of(vera)
    answer = client.get(url("downloads", book))
    assert "alice" in text_of(answer)
    page = answer.content.decode()
    assert "request_form" not in page
    assert "Request file creation" not in page
    assert url("fetch_download", book, ready.pk) not in page
    assert fetch(client, ready).status_code == 403
    assert AuditEvent.objects.filter(action=workspace_actions.ACCESS_REFUSED, username="vera").exists()


def test_the_query_of_a_search_is_nowhere_to_be_seen(manager, book, ask) -> None:
    ask(scope="search", query="somebody@example.com")
    assert "somebody" not in text_of(manager.get(url("download_list", book), headers=LIST))
    assert "somebody" not in str(list(AuditEvent.objects.values_list("detail", "reason")))


def test_a_file_is_sent_whole_and_to_be_saved(manager, ready) -> None:
    answer = fetch(manager, ready)
    content = body(answer)
    assert answer.status_code == 200
    assert hashlib.sha256(content).hexdigest() == ready.sha256
    assert answer["Content-Length"] == str(ready.size) == str(len(content))
    assert answer["Content-Type"] == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    assert answer["Content-Disposition"].startswith('attachment; filename="Main ')
    assert (answer["Cache-Control"], answer["X-Content-Type-Options"]) == ("no-store", "nosniff")
    assert answer["Accept-Ranges"] == "bytes"
    event = AuditEvent.objects.get(action=actions.FETCH_DOWNLOAD)
    assert (event.username, event.detail["download"], event.detail["rows"]) == ("bob", ready.pk, 2)


def test_a_file_is_not_compressed_on_its_way(manager, ready) -> None:
    answer = fetch(manager, ready, **{"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in answer.headers
    assert hashlib.sha256(body(answer)).hexdigest() == ready.sha256
    page = manager.get(url("console", ready.edition.book), headers={"Accept-Encoding": "gzip"})
    assert page["Content-Encoding"] == "gzip"


def test_the_name_of_a_file_arrives_intact(manager, made, make_group, book) -> None:
    AddressBook.objects.filter(pk=book.pk).update(name='주소록/"2026"')
    group = make_group("가-고객")
    download = made(scope="group", group_id=group.pk, format="csv")
    day = f"{download.taken_at:%Y-%m-%d}"
    answer = fetch(manager, download)
    assert answer["Content-Disposition"] == f"attachment; filename*=utf-8''{quote(f'주소록 2026 가-고객 {day}.csv')}"
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    body(answer)


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("bytes=0-99", 0, 100), ("bytes=100-", 100, None), ("bytes=-50", -50, None), ("bytes=10-999999", 10, None)],
)
def test_a_part_of_a_file(manager, ready, asked, start, end) -> None:
    whole = path_of(ready).read_bytes()
    answer = fetch(manager, ready, Range=asked)
    assert answer.status_code == 206
    assert body(answer) == whole[start:end]
    first = start % len(whole)
    last = (end or len(whole)) - 1
    assert answer["Content-Range"] == f"bytes {first}-{last}/{len(whole)}"
    assert answer["Content-Length"] == str(last - first + 1)
    assert AuditEvent.objects.get(action=actions.FETCH_DOWNLOAD).detail["part"] is True


@pytest.mark.parametrize("asked", ["bytes=5-2", "bytes=-", "bytes=0-1,3-4", "lines=1-2", "bytes=a-b", *HUGE])
def test_a_part_that_cannot_be_read_is_the_whole_file(manager, ready, asked) -> None:
    answer = fetch(manager, ready, Range=asked)
    assert (answer.status_code, len(body(answer))) == (200, ready.size)


@pytest.mark.parametrize("asked", ["bytes=9999999-", "bytes=-0"])
def test_a_part_beyond_the_end(manager, ready, asked) -> None:
    answer = fetch(manager, ready, Range=asked)
    assert (answer.status_code, answer["Content-Range"]) == (416, f"bytes */{ready.size}")
    assert not AuditEvent.objects.filter(action=actions.FETCH_DOWNLOAD).exists()


def test_a_form_sent_again_after_its_file_has_gone_asks_to_choose_once_more(manager, book, register) -> None:
    register("a@example.com")
    values = form()
    assert manager.post(url("request_download", book), values, headers=HTMX).status_code == 200
    Download.objects.all().delete()  # as sweeping does, once its time is over
    answer = manager.post(url("request_download", book), values, headers=HTMX)
    assert answer.status_code == 422
    assert "Please choose once more" in text_of(answer)


def test_a_form_of_one_book_asks_in_another_too(manager, book, bob, register, make_user) -> None:
    register("a@example.com")
    other = books.create_book(name="Other", zone=Zone.PUBLIC, region=Region.KR, by=Actor(bob))
    values = form()
    for asked in (book, other):
        assert manager.post(url("request_download", asked), values, headers=HTMX).status_code == 200
    assert Download.objects.filter(edition__book=other).count() == 1


def test_a_part_of_the_file_that_one_has_begun(manager, ready) -> None:
    etag = f'"{ready.sha256}"'
    assert body(fetch(manager, ready, Range="bytes=0-9", **{"If-Range": etag})) == path_of(ready).read_bytes()[:10]
    other = fetch(manager, ready, Range="bytes=0-9", **{"If-Range": '"other"'})
    assert (other.status_code, len(body(other))) == (200, ready.size)


def test_asking_what_a_file_is_takes_nothing(manager, ready) -> None:
    answer = manager.head(url("fetch_download", ready.edition.book, ready.pk))
    assert (answer.status_code, answer["Content-Length"], answer.content) == (200, str(ready.size), b"")
    assert not AuditEvent.objects.filter(action=actions.FETCH_DOWNLOAD).exists()


def database_now():
    return Download.objects.annotate(now=Now()).values_list("now", flat=True)[0]


@pytest.mark.django_db(transaction=True)
def test_a_file_ends_to_the_moment_by_the_clock_of_the_database(manager, ready) -> None:
    """SAFETY, I8: whatever was answered, the database's clock says that it was right."""
    Download.objects.filter(pk=ready.pk).update(expires_at=Now() + timedelta(seconds=1))
    ready.refresh_from_db()
    path = path_of(ready)
    answered = set()
    while 410 not in answered:
        before = database_now()
        answer = fetch(manager, ready)
        answered.add(answer.status_code)
        if answer.status_code == 200:
            assert before < ready.expires_at
            body(answer)
        else:
            assert database_now() >= ready.expires_at
    assert answered <= {200, 410}
    assert "This file has expired" in text_of(answer)
    assert "Expired · 2 rows" in text_of(manager.get(url("download_list", ready.edition.book), headers=LIST))
    assert path.exists()
    downloads.tidy()
    assert not path.exists()
    ready.refresh_from_db()
    assert ready.state == JobState.EXPIRED
    assert fetch(manager, ready).status_code == 410


def test_what_is_not_made_yet_is_not_there(manager, ask) -> None:
    assert fetch(manager, ask()).status_code == 404


def test_a_file_that_somebody_took_from_the_disk(manager, ready) -> None:
    path_of(ready).unlink()
    assert fetch(manager, ready).status_code == 404
    assert not AuditEvent.objects.filter(action=actions.FETCH_DOWNLOAD).exists()


def test_a_download_of_another_book_does_not_exist(charlie, client_of, ready) -> None:
    other = books.create_book(name="Other", zone=Zone.PUBLIC, region=Region.JPN, by=Actor(charlie))
    client = client_of(charlie)
    assert client.get(url("fetch_download", other, ready.pk)).status_code == 404
    for name in ("cancel_download", "retry_download"):
        assert client.post(url(name, other, ready.pk)).status_code == 404
    assert "alice" not in text_of(client.get(url("downloads", other)))


def test_cancelled_and_tried_again(manager, book, ask) -> None:
    download = ask()
    answer = manager.post(url("cancel_download", book, download.pk), headers=LIST)
    assert "Cancelled" in text_of(answer)
    answer = manager.post(url("retry_download", book, download.pk), headers=LIST)
    assert "Waiting" in text_of(answer)
    assert make(download).state == JobState.COMPLETE


def test_a_failure_is_told_with_what_to_do(manager, book, ask) -> None:
    Download.objects.filter(pk=ask().pk).update(state="failed", finished_at=Now(), outcome={"reason": "no_space"})
    answer = manager.get(url("download_list", book), headers=LIST)
    assert "There was no room for the file" in text_of(answer)
    assert "Try again" in text_of(answer)


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_takes_the_same_queries_for_any_length(manager, book, made, django_assert_num_queries, count) -> None:
    for _ in range(count):
        made()
    manager.get(url("download_list", book), headers=LIST)
    with django_assert_num_queries(4):
        manager.get(url("download_list", book), headers=LIST)


def test_what_one_looks_at_is_offered_first(book, bob, client_of, make_group, register) -> None:
    group = make_group("VIP")
    register("a@example.com", group)
    url, address = reverse("downloads", args=[book.slug]), Address.objects.get()
    looked_at = {"": {}, "group": {"group": group.pk}, "search": {"q": "a@"}, "chosen": {"picked": f"{address.pk},0"}}
    for scope, place in looked_at.items():
        html = client_of(bob).post(url, place, headers={"HX-Request": "true"}).content.decode()
        assert f'<option value="{scope or "book"}" selected>' in html
