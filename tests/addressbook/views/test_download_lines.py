"""A download as the page shows it beside other work: while it is made, and until somebody has the file."""

from uuid import uuid4

import pytest
from django.db.models.functions import Now
from django.urls import reverse

from addressbook import limits
from addressbook.models import Download
from tests.support.downloads import make
from tests.support.html import read, text_of
from workspace.models import JobState

HTMX = {"HX-Request": "true"}


@pytest.fixture
def lines(book, client_of):
    """What the page of somebody says of the work under way."""
    return lambda user, **data: client_of(user).get(reverse("jobs", args=[book.slug]), data, headers=HTMX)


def test_it_is_shown_to_all_while_it_is_made(lines, ask, alice, vera) -> None:
    download = ask()
    for user in (alice, vera):
        assert "Download – All addresses: Waiting" in text_of(lines(user))
    Download.objects.update(state="running", lease_until=Now(), started_at=Now(), rows_done=430, rows_total=1000)
    for user in (alice, vera):
        assert "Generating, 43 %" in text_of(lines(user))
        assert "hx-trigger" in lines(user).content.decode()
    assert f"cancel-download-line-{download.pk}" in read(lines(alice)).ids
    assert f"cancel-download-line-{download.pk}" not in read(lines(vera)).ids


def test_its_file_is_offered_to_whoever_asked(lines, made, register, alice, bob, book) -> None:
    register("a@example.com")
    download = made()
    answer = lines(alice, running=f"download-{download.pk}")
    assert "Download – All addresses: Complete · 1 row" in text_of(answer)
    assert reverse("fetch_download", args=[book.slug, download.pk]) in answer.content.decode()
    assert "hx-trigger" not in answer.content.decode()
    assert "HX-Trigger" not in answer  # the addresses are the same as before
    assert text_of(lines(bob)) == ""


def test_it_goes_when_the_file_is_fetched(lines, made, alice, bob, client_of, book) -> None:
    url = reverse("fetch_download", args=[book.slug, made().pk])
    client_of(alice).head(url)
    b"".join(client_of(alice).get(url, headers={"Range": "bytes=0-9"}).streaming_content)
    b"".join(client_of(bob).get(url).streaming_content)
    assert "Complete" in text_of(lines(alice))
    b"".join(client_of(alice).get(url).streaming_content)
    assert text_of(lines(alice)) == ""


def test_it_goes_when_it_is_put_away(lines, made, alice, bob, client_of, book) -> None:
    url = reverse("dismiss_download", args=[book.slug, made().pk])
    client_of(bob).post(url)
    assert "Complete" in text_of(lines(alice))
    answer = client_of(alice).post(url, headers={**HTMX, "HX-Target": "jobs"})
    assert (read(answer).ids, text_of(answer)) == (["jobs"], "")


@pytest.mark.parametrize("over", [{"expires_at": Now()}, {"state": JobState.EXPIRED, "stored_file": ""}])
def test_it_goes_with_the_time_of_the_file(lines, made, alice, over) -> None:
    Download.objects.filter(pk=made().pk).update(**over)
    assert text_of(lines(alice)) == ""


def test_a_failure_is_said_and_leads_to_the_list(lines, ask, alice, book) -> None:
    Download.objects.filter(pk=ask().pk).update(state="failed", finished_at=Now(), outcome={"reason": "no_space"})
    answer = lines(alice)
    assert "Failed: There was no room for the file" in text_of(answer)
    assert f'href="{reverse("downloads", args=[book.slug])}"' in answer.content.decode()


def test_what_a_reset_stopped_is_said_in_the_book_as_it_is_now(lines, ask, alice, register, do_reset) -> None:
    register("a@example.com")
    ask()
    do_reset()
    assert "The address book was reset meanwhile. Request a new file." in text_of(lines(alice))


def test_tried_again_it_is_shown_again(lines, ask, alice, client_of, book) -> None:
    download = ask()
    client = client_of(alice)
    client.post(reverse("cancel_download", args=[book.slug, download.pk]))
    client.post(reverse("dismiss_download", args=[book.slug, download.pk]))
    assert text_of(lines(alice)) == ""
    client.post(reverse("retry_download", args=[book.slug, download.pk]))
    assert "Waiting" in text_of(lines(alice))
    make(download)
    assert "Complete" in text_of(lines(alice))


@pytest.mark.parametrize("name", ["request_download", "cancel_download", "retry_download"])
def test_what_is_done_in_the_list_is_on_the_page_too(name, ask, alice, client_of, book) -> None:
    arguments = [] if name == "request_download" else [ask().pk]
    sent = {"token": uuid4(), "scope": "book", "format": "xlsx"}
    answer = client_of(alice).post(reverse(name, args=[book.slug, *arguments]), sent, headers=HTMX)
    assert {"jobs", "download-list"} <= set(read(answer).ids)
    assert 'id="jobs" class="jobs" data-polls hx-swap-oob="true"' in answer.content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_the_lines_take_the_same_queries_for_any_number(
    made, alice, client_of, book, django_assert_num_queries, count
) -> None:
    for _ in range(count):
        made()
    client, url = client_of(alice), reverse("jobs", args=[book.slug])
    client.get(url)
    # session, user, membership with book and edition, what there is, the downloads
    with django_assert_num_queries(5):
        client.get(url, headers=HTMX)


def test_the_line_of_a_running_one_asks_at_the_pace_of_jobs(lines, ask, alice) -> None:
    ask()
    assert f'hx-trigger="load delay:{limits.JOB_POLL_SECONDS}s"' in lines(alice).content.decode()
