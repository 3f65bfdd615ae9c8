"""Two-factor sign-in as people meet it: turned on, asked for, lost, turned off."""

import re
import time

import pytest
from django.test import Client
from django.urls import reverse

from tests.support.html import read, text_of
from tests.support.people import PASSWORD
from tests.support.totp import App
from tests.workspace.services.people.test_throttling import later
from workspace import actions, limits
from workspace.models import AuditEvent
from workspace.services.people import second_factor


@pytest.fixture(autouse=True)
def key_file(settings, tmp_path):
    settings.SECRETS_KEY_FILE = tmp_path / "secrets_key"
    return settings.SECRETS_KEY_FILE


def give_password(client, to: str = ""):
    return client.post(reverse("sign_in"), {"username": "alice", "password": PASSWORD, "next": to})


def give_code(client, code: str):
    return client.post(reverse("sign_in_code"), {"code": code})


def is_in(client) -> bool:
    return client.get(reverse("account")).status_code == 200


@pytest.fixture
def signed_in(alice, client):
    give_password(client)
    return client


# Turning it on --------------------------------------------------------------------------------------------------------


def test_it_is_turned_on_with_a_code_and_hands_out_recovery_codes_once(signed_in, alice) -> None:
    url = reverse("two_factor")
    page = signed_in.get(url).content.decode()
    app = App.typed(re.search(r'id="secret-key">([^<]+)<', page)[1])
    assert signed_in.post(url, {"code": "123"}).status_code == 422
    answer = signed_in.post(url, {"code": app.code()})
    codes = re.findall(r'<li class="entry">([^<]+)</li>', answer.content.decode())
    assert len(codes) == limits.RECOVERY_CODES
    assert answer["Cache-Control"] == "no-store"
    file = signed_in.post(reverse("recovery_codes_file"), {"codes": read(answer).fields["codes"][0]})
    assert file["Content-Disposition"] == 'attachment; filename="recovery-codes.txt"'
    assert [line for line in file.content.decode().split("\r\n") if line in codes] == codes
    # Shown once: the page is now about what is on.
    assert signed_in.get(url).url == reverse("account")
    assert second_factor.accept(alice, codes[3])


def test_the_picture_is_an_image_of_its_own(signed_in) -> None:
    assert signed_in.get(reverse("two_factor_picture")).status_code == 404  # nothing is being set up
    page = signed_in.get(reverse("two_factor")).content.decode()
    assert f'src="{reverse("two_factor_picture")}"' in page
    answer = signed_in.get(reverse("two_factor_picture"))
    assert answer["Content-Type"] == "image/svg+xml"
    assert answer["Cache-Control"] == "no-store"
    assert answer.content.startswith(b"<?xml")
    assert b"style" not in answer.content


@pytest.mark.parametrize("name", ["two_factor", "two_factor_picture", "two_factor_off", "recovery_codes"])
def test_everything_about_it_needs_a_fresh_sign_in(signed_in, name) -> None:
    session = signed_in.session
    session["password_given_at"] = time.time() - limits.FRESH_SIGN_IN_FORM_SECONDS - 10
    session.save()
    assert signed_in.get(reverse(name)).url.startswith(reverse("confirm_sign_in"))
    if name != "two_factor_picture":
        assert signed_in.post(reverse(name), {"code": "123456"}).url.startswith(reverse("confirm_sign_in"))


def test_a_file_of_codes_is_only_what_the_page_has_shown(signed_in, with_app, alice, bob, client_of) -> None:
    url = reverse("recovery_codes_file")
    assert signed_in.post(url, {"codes": "made up"}).status_code == 404
    with_app(alice)
    shown = read(signed_in.post(reverse("recovery_codes"))).fields["codes"][0]
    assert signed_in.post(url, {"codes": shown}).status_code == 200
    assert client_of(bob).post(url, {"codes": shown}).status_code == 404


# Signing in -----------------------------------------------------------------------------------------------------------


def test_the_password_alone_opens_nothing(with_app, alice, client) -> None:
    app, _ = with_app(alice)
    assert give_password(client, reverse("change_password")).url == reverse("sign_in_code")
    assert not is_in(client)
    answer = give_code(client, app.code())
    assert answer.url == reverse("change_password")
    assert is_in(client)
    line = AuditEvent.objects.filter(action=actions.SIGN_IN).latest("pk")
    assert line.detail == {"with": "code"}


def test_a_used_code_opens_nothing_elsewhere(with_app, alice, client) -> None:
    app, _ = with_app(alice)
    give_password(client)
    give_code(client, app.code())
    thief = Client()
    give_password(thief)
    assert "A code can be used only once" in text_of(give_code(thief, app.code()))
    assert not is_in(thief)


def test_a_recovery_code_opens_and_is_counted(with_app, alice, client) -> None:
    _, codes = with_app(alice)
    give_password(client)
    give_code(client, codes[0])
    assert "9 recovery codes are left." in text_of(client.get(reverse("account")))


def test_codes_cannot_be_guessed(with_app, alice, client) -> None:
    app, _ = with_app(alice)
    give_password(client)
    for _ in range(limits.GUESSES_PER_ACCOUNT):
        answer = give_code(client, "000000" if app.code() != "000000" else "111111")
    assert answer.status_code == 429
    assert "Please wait 30 seconds" in text_of(answer)
    assert give_code(client, app.code()).status_code == 429
    # Nor by giving the password anew.
    other = Client()
    give_password(other)
    assert give_code(other, app.code()).status_code == 429
    later(limits.GUESS_WAIT_SECONDS)
    assert give_code(client, app.code()).status_code == 302


def test_the_second_step_is_no_page_without_the_first(client, with_app, alice) -> None:
    app, _ = with_app(alice)
    assert give_code(client, app.code()).url == reverse("sign_in")
    assert not is_in(client)


@pytest.mark.parametrize("change", ["password", "inactive", "too late"])
def test_the_second_step_ends_with_what_it_stood_on(change, client, with_app, alice) -> None:
    app, _ = with_app(alice)
    give_password(client)
    if change == "password":
        alice.set_password("a mountain of quiet paper")
    elif change == "inactive":
        alice.is_active = False
    else:
        session = client.session
        session["second_step"] = {**session["second_step"], "at": time.time() - limits.SECOND_STEP_SECONDS - 5}
        session.save()
    alice.save()
    assert give_code(client, app.code()).url == reverse("sign_in")
    assert not is_in(client)


def test_the_session_gets_a_new_id_at_each_step(client, with_app, alice) -> None:
    app, _ = with_app(alice)
    give_password(client)
    halfway = client.session.session_key
    give_code(client, app.code())
    assert client.session.session_key != halfway


def test_a_lost_key_says_so_and_recovery_codes_open(with_app, alice, client, key_file) -> None:
    app, codes = with_app(alice)
    key_file.unlink()
    give_password(client)
    assert "Use a recovery code, or ask its operator." in text_of(give_code(client, app.code()))
    assert give_code(client, codes[0]).status_code == 302


# A fresh sign-in ------------------------------------------------------------------------------------------------------


@pytest.fixture
def stale(with_app, alice, client_of):
    """alice with two-factor, whose session has never seen her password; and her app."""
    app, _ = with_app(alice)
    return client_of(alice), app


def test_the_code_is_asked_for_too(stale, book) -> None:
    client, app = stale
    url = reverse("remove_keys", args=[book.slug])
    assert 'name="current_code"' in client.post(url).content.decode()
    assert client.post(url, {"current_password": PASSWORD}).status_code == 422
    assert client.post(url, {"current_password": PASSWORD, "current_code": "000000"}).status_code == 422
    # A wrong password leaves the code unused.
    assert client.post(url, {"current_password": "not it", "current_code": app.code()}).status_code == 422
    right = {"current_password": PASSWORD, "current_code": app.code()}
    assert client.post(url, right).status_code == 302
    # And it is not carried on, nor accepted again.
    session = client.session
    session["password_given_at"] = 0
    session.save()
    assert client.post(url, right).status_code == 422


def test_a_changed_password_needs_the_code_too(stale, alice) -> None:
    client, app = stale
    new = "a mountain of quiet paper"
    fields = {"current_password": PASSWORD, "new_password": new, "repeated": new}
    assert client.post(reverse("change_password"), fields).status_code == 422
    assert client.post(reverse("change_password"), {**fields, "current_code": app.code()}).status_code == 302
    alice.refresh_from_db()
    assert alice.check_password(new)


def test_it_is_turned_off(signed_in, with_app, alice) -> None:
    with_app(alice)
    assert "Turn off two-factor sign-in" in text_of(signed_in.get(reverse("two_factor_off")))
    assert second_factor.is_on(alice)
    answer = signed_in.post(reverse("two_factor_off"), follow=True)
    assert "Two-factor sign-in is off." in text_of(answer)
    assert not second_factor.is_on(alice)
    assert give_password(Client()).url == reverse("home")


# Required -------------------------------------------------------------------------------------------------------------


def test_an_operator_can_require_it_of_admins(settings, book, alice, bob, client_of, with_app) -> None:
    settings.TWO_FACTOR_FOR_ADMINS = True
    url = reverse("book_settings", args=[book.slug])
    answer = client_of(alice).get(url)
    assert answer.url == reverse("account")
    page = client_of(alice)
    page.get(url)
    assert "This console asks admins for two-factor sign-in." in text_of(page.get(reverse("account")))
    assert page.get(reverse("console", args=[book.slug])).status_code == 200
    assert client_of(bob).get(url).status_code == 403
    assert page.get(url, headers={"HX-Request": "true"})["HX-Redirect"] == reverse("account")
    with_app(alice)
    assert page.get(url).status_code == 200


def test_superusers_need_it_too(settings, alice, client_of, with_app) -> None:
    settings.TWO_FACTOR_FOR_ADMINS = True
    alice.is_superuser = True
    alice.save()
    client = client_of(alice)
    assert client.get(reverse("users"), follow=True).redirect_chain[-1][0] == reverse("account")
    assert client.get(reverse("create_book")).url == reverse("account")
    with_app(alice)
    assert client.get(reverse("users")).status_code == 200
