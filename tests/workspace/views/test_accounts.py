"""The door and what is behind it: guessing slowed, sessions that end, the password."""

import time

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from tests.support.html import read, text_of
from tests.support.people import PASSWORD
from tests.workspace.services.people.test_throttling import later
from workspace import actions, limits
from workspace.models import AuditEvent
from workspace.services.people import accounts

FREE = limits.GUESSES_PER_ACCOUNT
NEW = "a mountain of quiet paper"


def sign_in(client, password: str = PASSWORD, username: str = "alice", **headers: str):
    return client.post(reverse("sign_in"), {"username": username, "password": password}, headers=headers)


def guess(times: int = FREE, username: str = "alice", **headers: str):
    """Somebody elsewhere tries passwords; the last answer."""
    client = Client()
    return [sign_in(client, "not it at all", username, **headers) for _ in range(times)][-1]


# Guessing -------------------------------------------------------------------------------------------------------------


def test_too_many_guesses_wait_and_hear_how_long(alice) -> None:
    assert guess(FREE - 1).status_code == 200
    answer = guess(1)
    assert answer.status_code == 429
    assert answer["Retry-After"] == "30"
    text = text_of(answer)
    assert "Username and password do not match." in text
    assert "Too many wrong attempts. Please wait 30 seconds, then try again." in text
    assert read(answer).fields["username"] == ["alice"]
    assert "not it at all" not in answer.content.decode()


def test_even_the_right_password_waits_and_then_opens(alice, client) -> None:
    guess()
    assert sign_in(client).status_code == 429
    later(limits.GUESS_WAIT_SECONDS)
    assert sign_in(client).status_code == 302


@pytest.mark.parametrize("language", ["ko", "ja"])
def test_the_wait_is_said_in_the_users_language(alice, language) -> None:
    client = Client(headers={"Accept-Language": language})
    for _ in range(FREE):
        answer = sign_in(client, "not it at all")
    text = text_of(answer)
    assert "30" in text
    assert "Please wait" not in text
    assert "attempts" not in text


def test_a_wrong_password_is_logged_without_what_was_typed(alice, caplog) -> None:
    guess(1)
    guess(1, "hunter2hunter2")
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("workspace")]
    assert lines == [
        f"Wrong password for user {alice.pk} from 127.0.0.1",
        "Wrong password for user (none) from 127.0.0.1",
    ]
    assert "hunter2" not in caplog.text


def test_nothing_tells_whether_there_is_such_a_user(alice) -> None:
    known, unknown = (guess(FREE, name) for name in ("alice", "nobody"))
    assert known.status_code == unknown.status_code == 429
    assert text_of(known) == text_of(unknown)
    # The history names people, never what a stranger typed in their place.
    assert {line.username for line in AuditEvent.objects.all()} == {"alice"}
    assert AuditEvent.objects.get(action=actions.SIGN_IN_SLOWED).detail == {"seconds": 30}


def test_the_owner_is_not_shut_out_of_a_browser_of_theirs(alice, client) -> None:
    sign_in(client)
    client.post(reverse("sign_out"))
    guess()
    assert sign_in(Client()).status_code == 429
    assert sign_in(client).status_code == 302


def test_a_made_up_cookie_knows_nobody(alice, client) -> None:
    sign_in(client)
    stranger = Client()
    stranger.cookies["known_browser"] = client.cookies["known_browser"].value[:-1] + "x"
    guess()
    assert sign_in(stranger).status_code == 429


def test_behind_a_proxy_the_client_is_counted_and_not_the_proxy(alice, settings, monkeypatch) -> None:
    settings.TRUSTED_PROXIES = 1
    monkeypatch.setattr(limits, "GUESSES_PER_ADDRESS", 3)
    for number in range(3):
        # What the client wrote itself stands on the left, and helps it nothing.
        answer = guess(1, f"name{number}", **{"X-Forwarded-For": f"192.0.2.{number}, 203.0.113.9"})
    assert answer.status_code == 429
    assert guess(1, "name9", **{"X-Forwarded-For": "203.0.113.9"}).status_code == 429
    assert guess(1, "name9", **{"X-Forwarded-For": "198.51.100.4"}).status_code == 200


@pytest.mark.parametrize("username", ["", "a\0b", "x" * 200])
def test_what_is_no_username_matches_nobody(client, username, db) -> None:
    answer = sign_in(client, PASSWORD, username)
    assert (answer.status_code, "do not match" in text_of(answer)) == (200, True)


# Sessions -------------------------------------------------------------------------------------------------------------


def test_signing_in_makes_a_new_session_id(alice, client) -> None:
    client.post(reverse("set_language"), {"language": "ko"})
    session = client.session
    session["anything"] = 1
    session.save()
    before = client.session.session_key
    client.cookies["sessionid"] = before
    sign_in(client)
    assert client.session.session_key != before
    assert not Session.objects.filter(pk=before).exists()


@pytest.fixture
def travel(client):
    """As if the session had been used so many seconds ago, and had begun so many ago."""

    def travel(clicked: float = 0, began: float = 0) -> None:
        session = client.session
        session["clicked_at"] = time.time() - clicked
        session["began_at"] = time.time() - max(began, clicked)
        session.save()

    return travel


@pytest.mark.parametrize(
    ("ages", "sentence"),
    [
        ({"clicked": limits.IDLE_SESSION_SECONDS + 5}, "Nothing was clicked for 60 minutes"),
        ({"began": limits.LONGEST_SESSION_SECONDS + 5}, "You have been signed in for 12 hours."),
    ],
)
def test_a_session_ends_and_says_why(alice, client, travel, ages, sentence) -> None:
    sign_in(client)
    key = client.session.session_key
    travel(**ages)
    answer = client.get(reverse("account"), follow=True)
    assert sentence in text_of(answer)
    assert answer.redirect_chain[0][0].startswith(reverse("sign_in"))
    assert not Session.objects.filter(pk=key).exists()


def test_a_session_in_use_goes_on(alice, client, travel) -> None:
    sign_in(client)
    travel(clicked=limits.IDLE_SESSION_SECONDS - 30, began=limits.LONGEST_SESSION_SECONDS - 30)
    assert client.get(reverse("account")).status_code == 200
    assert time.time() - client.session["clicked_at"] < 30


def test_what_a_page_asks_by_itself_keeps_no_session_alive(alice, book, client, travel) -> None:
    sign_in(client)
    travel(clicked=limits.IDLE_SESSION_SECONDS - 30)
    before = client.session["clicked_at"]
    assert client.get(reverse("jobs", args=[book.slug]), headers={"X-By-Itself": "1"}).status_code == 200
    assert client.session["clicked_at"] == before
    assert client.get(reverse("jobs", args=[book.slug])).status_code == 200
    assert client.session["clicked_at"] > before


def test_signed_out_everywhere_else(alice, client) -> None:
    other = Client()
    sign_in(other)
    sign_in(client)
    assert "signed out everywhere else" in text_of(client.post(reverse("end_sessions"), follow=True))
    assert client.get(reverse("account")).status_code == 200
    assert other.get(reverse("account")).status_code == 302


def test_a_user_who_may_not_sign_in_any_more_is_out_at_once(alice, client) -> None:
    sign_in(client)
    alice.is_active = False
    alice.save()
    assert client.get(reverse("account")).status_code == 302
    assert sign_in(Client()).status_code == 200


def test_the_account_lists_its_sign_ins(alice, client, bob) -> None:
    sign_in(Client(), username="bob")
    sign_in(client)
    text = text_of(client.get(reverse("account")))
    assert text.count("127.0.0.1") == 1
    assert "No sign-ins yet." not in text


def test_old_sessions_are_swept(alice, client) -> None:
    sign_in(client)
    Session.objects.update(expire_date="2000-01-01T00:00Z")
    accounts.forget_old()
    assert Session.objects.count() == 0


# The password ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def change(alice, client):
    sign_in(client)

    def change(new: str = NEW, present: str = PASSWORD, repeated: str | None = None):
        fields = {"current_password": present, "new_password": new, "repeated": new if repeated is None else repeated}
        return client.post(reverse("change_password"), fields)

    return change


def test_a_changed_password_ends_the_other_sessions(change, client) -> None:
    other = Client()
    sign_in(other)
    key = client.session.session_key
    assert change().url == reverse("account")
    assert client.get(reverse("account")).status_code == 200
    assert client.session.session_key != key
    assert other.get(reverse("account")).status_code == 302
    assert sign_in(Client(), NEW).status_code == 302
    assert sign_in(Client()).status_code == 200
    assert AuditEvent.objects.filter(action=actions.CHANGE_PASSWORD, username="alice").count() == 1


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"present": "not it at all"}, "Wrong password."),
        ({"new": "tooShort#9"}, "at least 12 characters"),
        ({"new": "qwertyuiop123"}, "too common"),
        ({"repeated": "something else here"}, "This is not the same password."),
    ],
)
def test_a_bad_change_is_refused_with_a_sentence(change, fields, sentence, alice) -> None:
    answer = change(**fields)
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    for text in fields.values():
        assert text not in answer.content.decode()
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_the_present_password_cannot_be_guessed_there(change, client) -> None:
    for _ in range(limits.WRONG_PASSWORDS_BEFORE_SIGN_OUT - 1):
        assert change(present="not it at all").status_code == 422
    assert change(present="not it at all").url == reverse("sign_in")
    assert client.get(reverse("account")).status_code == 302


def test_passwords_are_hashed_with_argon2() -> None:
    from mailerconsole import settings as production

    assert production.PASSWORD_HASHERS[0].endswith("Argon2PasswordHasher")


def test_the_guide_is_there_in_each_language(book, vera, client_of) -> None:
    for language, word in {"en": "Register addresses", "ko": "주소 등록", "ja": "アドレスの登録"}.items():
        answer = client_of(vera).get(reverse("guide"), headers={"Accept-Language": language})
        assert f"<h2>{word}</h2>" in answer.content.decode()


def test_the_address_for_words_of_the_console_is_kept(client_of, bob, settings) -> None:
    client = client_of(bob)
    assert "Email from the console" not in client.get(reverse("account")).content.decode()
    settings.EMAIL_HOST = "smtp.example.com"
    refused = client.post(reverse("change_email"), {"email": "no address"})
    assert refused.status_code == 422
    assert "This is no email address." in refused.content.decode()
    assert client.post(reverse("change_email"), {"email": " bob@example.com "}).status_code == 302
    assert 'value="bob@example.com"' in client.get(reverse("account")).content.decode()
    client.post(reverse("change_email"), {"email": ""})
    bob.refresh_from_db()
    assert bob.email == ""
