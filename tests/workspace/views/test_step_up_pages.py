"""A fresh sign-in on a page of its own: before forms with secrets, and before files; and what plain forms get."""

import time
from uuid import uuid4

import pytest
from django.urls import reverse

from libraries.outbound_mailer.simulator import DEFAULT_ACCOUNT
from tests.support.html import read, text_of
from tests.support.people import PASSWORD
from workspace import limits
from workspace.models import Connection
from workspace.services.books import books

ACCESS, SECRET = DEFAULT_ACCOUNT.credentials.access_key, DEFAULT_ACCOUNT.credentials.secret_key
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def key_file(settings, tmp_path):
    settings.SECRETS_KEY_FILE = tmp_path / "secrets_key"


@pytest.fixture
def client(alice, client_of):
    """alice, whose session has never seen her password."""
    return client_of(alice)


@pytest.fixture
def keys_url(book) -> str:
    return reverse("change_keys", args=[book.slug])


def password_seen(client, seconds_ago: float = 0) -> None:
    session = client.session
    session["password_given_at"] = time.time() - seconds_ago
    session.save()


def confirm_url(back: str) -> str:
    from urllib.parse import urlencode

    return f"{reverse('confirm_sign_in')}?{urlencode({'next': back})}"


def keys() -> dict[str, object]:
    return {"token": uuid4(), "access_key": ACCESS, "secret_key": SECRET}


def test_the_password_comes_before_the_form_of_the_keys(client, keys_url) -> None:
    answer = client.get(keys_url)
    assert answer.url == confirm_url(keys_url)
    page = client.get(answer.url)
    assert "Confirm it is you" in text_of(page)
    fields = {"next": read(page).fields["next"][-1], "current_password": PASSWORD}
    before = client.session.session_key
    assert client.post(reverse("confirm_sign_in"), fields).url == keys_url
    assert client.session.session_key != before
    assert 'name="secret_key"' in client.get(keys_url).content.decode()


def test_keys_that_come_too_late_are_dropped_and_carried_nowhere(client, keys_url) -> None:
    password_seen(client, limits.FRESH_SIGN_IN_FORM_SECONDS + 10)
    answer = client.post(keys_url, keys())
    assert answer.url == confirm_url(keys_url)
    page = client.get(answer.url)
    assert "Nothing was changed yet." in text_of(page)
    assert SECRET not in page.content.decode()
    assert Connection.objects.count() == 0


def test_there_is_time_to_copy_the_keys(client, keys_url) -> None:
    password_seen(client, limits.FRESH_SIGN_IN_SECONDS + 10)
    assert client.get(keys_url).status_code == 302
    assert client.post(keys_url, keys()).url.endswith("/settings/")
    assert Connection.objects.count() == 1


def test_htmx_is_sent_to_the_page(client, keys_url) -> None:
    assert client.get(keys_url, headers=HTMX)["HX-Redirect"] == confirm_url(keys_url)


def test_removing_keys_from_a_plain_page_goes_on_after_the_password(client, book, keys_url) -> None:
    password_seen(client)
    client.post(keys_url, keys())
    password_seen(client, 3600)
    url = reverse("remove_keys", args=[book.slug])
    page = client.post(url)
    assert "Confirm it is you" in text_of(page)
    assert Connection.objects.count() == 1
    assert client.post(url, {"current_password": "not it"}).status_code == 422
    assert Connection.objects.count() == 1
    assert client.post(url, {"current_password": PASSWORD}).status_code == 302
    assert Connection.objects.count() == 0


@pytest.mark.parametrize("back", ["//elsewhere.example/", "https://elsewhere.example/", "javascript:alert(1)", ""])
def test_the_page_leads_nowhere_else(client, back) -> None:
    answer = client.post(reverse("confirm_sign_in"), {"next": back, "current_password": PASSWORD})
    assert answer.url == reverse("home")


def test_a_wrong_password_is_told_and_too_many_end_the_session(client) -> None:
    fields = {"next": "/", "current_password": "not it"}
    for _ in range(limits.WRONG_PASSWORDS_BEFORE_SIGN_OUT - 1):
        answer = client.post(reverse("confirm_sign_in"), fields)
        assert (answer.status_code, "Wrong password." in text_of(answer)) == (422, True)
    assert client.post(reverse("confirm_sign_in"), fields).url == reverse("sign_in")
    assert client.get(reverse("account")).status_code == 302


def test_guessing_there_waits_even_with_a_new_session(client, alice, client_of) -> None:
    fields = {"next": "/", "current_password": "not it"}
    for _ in range(limits.GUESSES_PER_ACCOUNT):
        client.post(reverse("confirm_sign_in"), fields)
    answer = client_of(alice).post(reverse("confirm_sign_in"), fields | {"current_password": PASSWORD})
    assert "Please wait" in text_of(answer)


# Files ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asks", [True, False])
def test_a_book_can_ask_for_it_before_a_file(asks, client, book, by) -> None:
    settings = {"name": book.name, "zone": book.zone, "region": book.region}
    books.change_settings(book=book, seen_version=1, **settings, download_sign_in_required=asks, by=by)
    url = reverse("fetch_download", args=[book.slug, 4711])
    for method in (client.get, client.head):
        assert method(url, headers={"Range": "bytes=0-1"}).status_code == (302 if asks else 404)
    if asks:
        assert client.get(url).url == confirm_url(reverse("downloads", args=[book.slug]))
    password_seen(client)
    assert client.get(url).status_code == 404  # there is no such file: it was looked for


def test_the_switch_stands_in_the_settings(client, book) -> None:
    url = reverse("book_settings", args=[book.slug])
    fields = {"token": uuid4(), "version": 1, "name": "Main", "zone": "public", "region": "KR"}
    client.post(url, fields | {"download_sign_in_required": "on"})
    book.refresh_from_db()
    assert book.download_sign_in_required
    assert "Ask for a fresh sign-in before a file is downloaded" in text_of(client.get(url))
