"""A fresh sign-in before what cannot be taken back: the password again, and then the act goes on."""

import time
from uuid import uuid4

import pytest
from django.urls import reverse

from addressbook.models import Address, Erasure, Job
from tests.support.html import hidden_fields, read, text_of
from tests.support.invariants import contents
from tests.support.people import PASSWORD
from workspace import actions, limits
from workspace.models import AuditEvent

HTMX = {"HX-Request": "true"}
SEEN = ("token", "seen_edition", "seen_groups", "seen_addresses")


@pytest.fixture(autouse=True)
def _quiet(no_other_worker) -> None:
    """No worker of `stack` is faster than the test."""


@pytest.fixture
def client(alice, client_of):
    """alice, whose session has never seen her password."""
    return client_of(alice)


@pytest.fixture
def ask(book, client, register):
    """Presses OK in the dialog "Reset address book"; the answer."""
    register("a@example.com b@example.com")
    url = reverse("reset_book", args=[book.slug])

    def ask(**fields):
        dialog = client.get(url, headers=HTMX)
        return client.post(
            url, hidden_fields(dialog, *SEEN) | {"copy": "erase", "book_name": book.name} | fields, headers=HTMX
        )

    return ask


def sign_in(client, seconds_ago: float = 0) -> None:
    session = client.session
    session["password_given_at"] = time.time() - seconds_ago
    session.save()


def test_an_old_sign_in_is_asked_for_the_password_and_nothing_is_done(ask, book) -> None:
    answer = ask()
    assert "Confirm it is you" in text_of(answer)
    assert len(contents(book)) == 2


def test_with_the_password_the_act_goes_on_as_it_was_decided(ask, book, client) -> None:
    dialog = read(ask())
    fields = {name: values[-1] for name, values in dialog.fields.items()}
    assert fields["copy"] == "erase"
    answer = client.post(reverse("reset_book", args=[book.slug]), fields | {"current_password": PASSWORD}, headers=HTMX)
    assert "What was in it is being erased." in text_of(answer)
    assert Erasure.objects.count() == 1


@pytest.mark.parametrize(
    ("seconds_ago", "fresh"),
    [(0, True), (limits.FRESH_SIGN_IN_SECONDS - 10, True), (limits.FRESH_SIGN_IN_SECONDS + 10, False), (-3600, False)],
)
def test_a_sign_in_is_fresh_for_five_minutes(seconds_ago, fresh, ask, book, client) -> None:
    sign_in(client, seconds_ago)
    ask()
    assert (contents(book) == {}) == fresh


def test_the_sign_in_page_notes_when_the_password_was_given(client, alice, book) -> None:
    client.logout()
    client.post(reverse("sign_in"), {"username": "alice", "password": PASSWORD})
    assert abs(client.session["password_given_at"] - time.time()) < 60


def test_a_wrong_password_asks_again_and_is_recorded(ask, book) -> None:
    answer = ask(current_password="not it")
    assert answer.status_code == 422
    assert "Wrong password." in text_of(answer)
    assert "not it" not in answer.content.decode()
    assert len(contents(book)) == 2
    assert AuditEvent.objects.get(action=actions.ACCESS_REFUSED).detail["password"] == "wrong"


def test_somebody_elses_password_is_wrong(ask, book, make_user) -> None:
    from workspace.models import User

    User.objects.create_user("mallory", password="another horse battery staple")
    assert ask(current_password="another horse battery staple", username="mallory").status_code == 422
    assert len(contents(book)) == 2


def test_too_many_wrong_passwords_end_the_session(ask, book, client) -> None:
    for _ in range(limits.WRONG_PASSWORDS_BEFORE_SIGN_OUT - 1):
        assert ask(current_password="not it").status_code == 422
    last = ask(current_password="not it")
    assert last["HX-Redirect"] == reverse("sign_in")
    assert client.get(reverse("console", args=[book.slug])).status_code == 302
    assert "The password was wrong too often." in text_of(client.get(reverse("sign_in")))
    assert len(contents(book)) == 2


def test_a_right_password_forgives_the_wrong_ones(ask, client) -> None:
    ask(current_password="not it")
    ask(current_password=PASSWORD)
    assert "wrong_passwords" not in client.session


def test_it_works_without_scripts(ask, book, client) -> None:
    url = reverse("reset_book", args=[book.slug])
    page = client.get(url)
    fields = hidden_fields(page, "seen_edition", "seen_groups", "seen_addresses") | {"token": uuid4(), "copy": "keep"}
    page = client.post(url, fields)
    assert "Confirm it is you" in text_of(page)
    answer = client.post(url, fields | {"current_password": PASSWORD})
    assert "The address book is empty." in text_of(answer)


# Erase traces: behind the same door ----------------------------------------------------------------------------------


def test_only_admins_are_offered_to_erase_traces(book, bob, client, client_of, register) -> None:
    register("a@example.com")
    url, ids = reverse("ask_delete", args=[book.slug]), [Address.objects.get().pk]
    assert "Delete permanently, including backups" in text_of(client.post(url, {"address": ids}, headers=HTMX))
    assert "Delete permanently, including backups" not in text_of(
        client_of(bob).post(url, {"address": ids}, headers=HTMX)
    )


@pytest.mark.parametrize("name", ["delete_addresses", "erase_traces"])
def test_a_manager_who_asks_for_it_all_the_same_is_refused(name, book, bob, client_of, register) -> None:
    register("a@example.com")
    fields = {"address": [Address.objects.get().pk], "traces": "on", "token": uuid4()}
    assert client_of(bob).post(reverse(name, args=[book.slug]), fields).status_code == 403
    assert Address.objects.count() == 1
    assert AuditEvent.objects.filter(action=actions.ACCESS_REFUSED).count() == 1


def test_traces_are_erased_after_the_password(book, client, register) -> None:
    register("a@example.com b@example.com")
    chosen = Address.objects.get(email="a@example.com").pk
    url = reverse("delete_addresses", args=[book.slug])
    dialog = client.post(url, {"address": [chosen], "traces": "on", "token": uuid4()}, headers=HTMX)
    assert "Confirm it is you" in text_of(dialog)
    fields = {name: values[-1] for name, values in read(dialog).fields.items()}
    answer = client.post(url, fields | {"current_password": PASSWORD}, headers=HTMX)
    text = text_of(answer)
    assert "Everything else about them is being erased. Deleted 1" in text
    assert "Delete permanently, including backups : 0 of 1" in text.replace("backups:", "backups :")
    assert set(contents(book)) == {"b@example.com"}
    assert Job.objects.get().parameters["keys"] == ["a@example.com"]


def test_too_many_traces_say_so(book, client, register, monkeypatch) -> None:
    sign_in(client)
    monkeypatch.setattr(limits, "TRACES_ERASED_AT_ONCE", 1)
    register("a@example.com b@example.com")
    ids = list(Address.objects.values_list("pk", flat=True))
    fields = {"address": ids, "traces": "on", "token": uuid4()}
    answer = client.post(reverse("delete_addresses", args=[book.slug]), fields, headers=HTMX)
    assert "at most 1 can be deleted permanently at a time" in text_of(answer)
    assert len(contents(book)) == 2


LOWER = [
    {"masking": "viewers"},
    {"masking": "nobody"},
    {"download_sign_in_required": ""},
    {"download_reason_required": ""},
]


@pytest.mark.parametrize("change", LOWER)
def test_lower_protection_asks_first_and_more_of_it_does_not(change, book, alice, client_of) -> None:
    client = client_of(alice)
    url = reverse("book_settings", args=[book.slug])
    strict = {"masking": "everybody", "download_sign_in_required": "on", "download_reason_required": "on"}
    fields = {"name": "Main", "zone": "public", "region": "KR"}
    assert client.post(url, {**fields, **strict, "version": 1, "token": uuid4()}).status_code == 302
    lower = {**fields, **strict, **change, "version": 2, "token": uuid4()}
    answer = client.post(url, lower)
    assert "Before this act your password is asked for again." in text_of(answer)
    book.refresh_from_db()
    assert (book.masking, book.download_sign_in_required, book.download_reason_required) == ("everybody", True, True)
    assert client.post(url, {**lower, "current_password": "wrong wrong wrong"}).status_code == 422
    assert client.post(url, {**lower, "current_password": PASSWORD}).status_code == 302
    book.refresh_from_db()
    assert book.version == 3
