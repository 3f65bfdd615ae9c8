"""What every answer says to the browser, whoever gives it; and how much a form may hold."""

import json
import os
import subprocess
import sys
from uuid import uuid4

import pytest
import requests
from django.conf import settings as configured
from django.contrib.staticfiles.storage import staticfiles_storage
from django.urls import reverse

from addressbook.models import Address
from addressbook.services.addresses import registration
from tests.support.html import text_of
from tests.support.stack import ROOT
from workspace import limits
from workspace.views.pages.hardening import HEADERS

HTMX = {"HX-Request": "true"}
POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "frame-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "object-src 'none'",
}


def assert_guarded(headers) -> None:
    """The policy, word for word: nothing unsafe can come in unseen."""
    assert {part.strip() for part in headers["Content-Security-Policy"].split(";")} == POLICY
    assert {name: headers.get(name) for name in HEADERS} == dict(HEADERS)


@pytest.fixture
def broken(monkeypatch):
    """A page that fails: the database is gone while it is made."""
    from django.db import DatabaseError

    def fail(*args, **kwargs):
        raise DatabaseError("no database")

    monkeypatch.setattr("workspace.views.books.books.target_of", fail)


def test_every_kind_of_answer_is_guarded(client_of, alice, vera, book, broken, settings) -> None:
    client = client_of(alice)
    client.raise_request_exception = False
    console = reverse("console", args=[book.slug])
    answers = {
        200: client.get(console),
        302: client.get(reverse("home")),
        403: client_of(vera).get(reverse("book_settings", args=[book.slug])),
        404: client.get("/nowhere/"),
        405: client.get(reverse("delete_addresses", args=[book.slug])),
        400: client.get(console, headers={"Host": "elsewhere.example"}),
        413: client.post(console, "a=&" * (limits.FIELDS_PER_FORM + 1), "application/x-www-form-urlencoded"),
        422: client.post(reverse("create_group", args=[book.slug])),
        500: client.get(reverse("book_settings", args=[book.slug])),
    }
    assert {status: answer.status_code for status, answer in answers.items()} == {status: status for status in answers}
    for answer in answers.values():
        assert_guarded(answer.headers)
        assert answer.headers["Cache-Control"] == "no-store"
    # For htmx, and for others than members.
    for answer in (
        client.get(console, headers=HTMX),
        client.get("/nowhere/", headers=HTMX),
        client_of(vera).post(reverse("register", args=[book.slug]), headers=HTMX),
        client.get(reverse("download_history", args=[book.slug])),
    ):
        assert_guarded(answer.headers)


def test_a_forged_form_and_a_stranger_get_guarded_answers(book) -> None:
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    for answer in (
        strict.post(reverse("sign_in"), {}),
        strict.get(reverse("sign_in")),
        strict.get(reverse("healthz")),
        strict.get("/admin/"),
        strict.get(reverse("jobs", args=[book.slug]), headers=HTMX),
    ):
        assert_guarded(answer.headers)


def test_the_running_server_guards_static_files_and_errors_too(stack) -> None:
    for path in (
        staticfiles_storage.url("app.js"),
        "/healthz",
        "/sign-in/",
        "/nowhere/",
        "/static/nowhere.css",
        "/%00",
    ):
        assert_guarded(requests.get(stack.url + path, timeout=20).headers)
    assert_guarded(requests.head(stack.url + "/sign-in/", timeout=20).headers)
    assert_guarded(requests.options(stack.url + "/sign-in/", timeout=20).headers)
    # It would show a script the cookies that are kept from it.
    assert requests.request("TRACE", stack.url + "/sign-in/", timeout=20).status_code == 405


WITH_HTTPS = """
import json, django
django.setup()
from django.test import Client
client = Client()
plain = client.get("/sign-in/", headers={"Host": "mailer.example.com"})
secure = client.get("/sign-in/", headers={"Host": "mailer.example.com"}, secure=True)
foreign = client.get("/sign-in/", headers={"Host": "elsewhere.example"}, secure=True)
flags = ("secure", "path", "domain", "samesite")
cookies = {name: [morsel[flag] for flag in flags] for name, morsel in secure.cookies.items()}
from django.conf import settings
print(json.dumps({
    "plain": [plain.status_code, dict(plain.headers)],
    "secure": [secure.status_code, dict(secure.headers)],
    "foreign": [foreign.status_code, dict(foreign.headers)],
    "cookies": cookies,
    "session": [settings.SESSION_COOKIE_NAME, settings.SESSION_COOKIE_SECURE, settings.SESSION_COOKIE_HTTPONLY],
}))
"""


def test_with_https_everything_is_locked_to_it(tmp_path) -> None:
    """Settings are decided when they are loaded, so this is a process of its own."""
    environment = {
        **{name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}},
        "DJANGO_SETTINGS_MODULE": "mailerconsole.settings",
        "DATA_DIR": str(tmp_path),
        "STATIC_ROOT": str(configured.STATIC_ROOT),
        "SITE_URL": "https://mailer.example.com",
        "LOG_LEVEL": "CRITICAL",
    }
    command = [sys.executable, "-c", WITH_HTTPS]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    status, headers = found["plain"]
    assert (status, headers["Location"]) == (301, "https://mailer.example.com/sign-in/")
    assert_guarded(headers)
    status, headers = found["secure"]
    assert status == 200
    assert headers["Strict-Transport-Security"] == "max-age=31536000"
    assert_guarded(headers)
    assert found["foreign"][0] == 400
    assert_guarded(found["foreign"][1])
    assert found["cookies"] == {"__Host-csrftoken": [True, "/", "", "Lax"]}
    assert found["session"] == ["__Host-sessionid", True, True]


def test_cookies_are_kept_from_scripts_and_other_sites(client, alice) -> None:
    from tests.support.people import PASSWORD

    client.get(reverse("sign_in"))
    client.post(reverse("set_language"), {"language": "ko"})
    client.post(reverse("sign_in"), {"username": "alice", "password": PASSWORD})
    flags = {name: (bool(morsel["httponly"]), morsel["samesite"]) for name, morsel in client.cookies.items()}
    assert flags == {
        "sessionid": (True, "Lax"),
        "known_browser": (True, "Lax"),
        "django_language": (True, "Lax"),
        # Read by the page's own script, for htmx.
        "csrftoken": (False, "Lax"),
    }


# Too much -------------------------------------------------------------------------------------------------------------

SENTENCES = {
    "en": "This is too much at once. Nothing was changed. Send less at a time.",
    "ko": "한 번에 보낸 내용이 너무 많습니다",
    "ja": "一度に送信された内容が多すぎます",
}


@pytest.mark.parametrize("language", SENTENCES)
@pytest.mark.parametrize("too_much", ["fields", "bytes"])
def test_too_much_at_once_is_said_in_the_users_language(client_of, bob, book, settings, language, too_much) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 20_000
    client = client_of(bob)
    client.cookies["django_language"] = language
    count = limits.FIELDS_PER_FORM + 1
    fields = {str(number): "" for number in range(count)} if too_much == "fields" else {"text": "x" * 20_001}
    url = reverse("register", args=[book.slug])
    plain = client.post(url, "&".join(f"{k}={v}" for k, v in fields.items()), "application/x-www-form-urlencoded")
    assert plain.status_code == 413
    htmx = client.post(
        url, "&".join(f"{k}={v}" for k, v in fields.items()), "application/x-www-form-urlencoded", headers=HTMX
    )
    # For the live region of the page, which keeps its form.
    assert (htmx.status_code, htmx["Content-Type"]) == (413, "text/plain; charset=utf-8")
    first = SENTENCES[language].split(".")[0]
    assert first in htmx.content.decode()
    assert first in text_of(plain)


def test_a_thousand_fields_are_read(client_of, bob, book) -> None:
    body = "&".join(f"f{number}=" for number in range(limits.FIELDS_PER_FORM))
    url = reverse("create_group", args=[book.slug])
    assert client_of(bob).post(url, body, "application/x-www-form-urlencoded").status_code == 422


def test_edit_group_takes_two_fields_for_each_of_many_groups(client_of, bob, book, by, make_group) -> None:
    group = make_group("VIP")
    registration.register_typed(book=book, group_id=None, text="a@example.com", token=uuid4(), by=by)
    fields = [("address", Address.objects.get().pk), ("token", uuid4()), ("in", group.pk)]
    fields += [("in", number) for number in range(10**6, 10**6 + 2 * limits.FIELDS_PER_FORM)]
    body = "&".join(f"{name}={value}" for name, value in fields)
    url = reverse("edit_groups", args=[book.slug])
    assert client_of(bob).post(url, body, "application/x-www-form-urlencoded", headers=HTMX).status_code != 413
