"""Codes of an app: right ones once, wrong ones never; a copy of the database gives nothing of the secret away."""

import threading
import time

import pytest
from django.core.management import call_command
from django.db import connection

from tests.support.totp import App, code_of
from workspace import actions, limits
from workspace.models import AuditEvent, Authenticator, RecoveryCode
from workspace.services.history.audit import Actor
from workspace.services.people import sealing, second_factor
from workspace.services.people.second_factor import Means

pytestmark = pytest.mark.django_db

RFC_SECRET = b"12345678901234567890"
# RFC 6238, appendix B, SHA-1; of the eight digits there the last six.
RFC_CODES = {59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037"}


@pytest.fixture(autouse=True)
def key_file(settings, tmp_path):
    settings.SECRETS_KEY_FILE = tmp_path / "secrets_key"


@pytest.mark.parametrize(("at", "code"), RFC_CODES.items())
def test_codes_are_those_of_the_rfc(alice, monkeypatch, at, code) -> None:
    assert code_of(RFC_SECRET, at) == code
    Authenticator.objects.create(
        user=alice, sealed_secret=sealing.seal(RFC_SECRET.hex()), confirmed_at="2026-01-01T00:00Z"
    )
    monkeypatch.setattr(time, "time", lambda: float(at))
    assert second_factor.accept(alice, code) is Means.CODE


def test_a_code_is_accepted_once_and_none_before_it(with_app, alice) -> None:
    app, _ = with_app(alice)
    assert second_factor.accept(alice, app.code()) is Means.CODE
    assert second_factor.accept(alice, app.code()) is None
    assert second_factor.accept(alice, app.code(-1)) is None
    assert second_factor.accept(alice, app.code(+1)) is Means.CODE


def test_a_code_is_accepted_a_period_around_its_own(with_app, alice) -> None:
    app, _ = with_app(alice)
    assert [second_factor.accept(alice, app.code(periods)) for periods in (-3, -2, 2, 3)] == [None] * 4


@pytest.mark.parametrize("typed", ["{} {}", "{}-{}", " {}{}\t"])
def test_a_code_may_be_typed_as_it_is_shown(with_app, alice, typed) -> None:
    app, _ = with_app(alice)
    code = app.code()
    assert second_factor.accept(alice, typed.format(code[:3], code[3:])) is Means.CODE


def test_a_code_may_be_typed_on_a_full_width_keyboard(with_app, alice) -> None:
    app, _ = with_app(alice)
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in app.code())
    assert second_factor.accept(alice, wide) is Means.CODE


@pytest.mark.parametrize("typed", ["", "0", "12345", "1234567", "abcdef", "x" * 10, "é" * 6, "\0" * 6])
def test_anything_else_is_no_code(with_app, alice, typed) -> None:
    with_app(alice)
    assert second_factor.accept(alice, typed) is None


def test_recovery_codes_work_once_each(with_app, alice) -> None:
    _, codes = with_app(alice)
    assert len(set(codes)) == limits.RECOVERY_CODES
    half = limits.RECOVERY_CODE_CHARACTERS // 2
    shown = f"{codes[0][:half]}-{codes[0][half:]}".upper()
    assert second_factor.accept(alice, shown) is Means.RECOVERY_CODE
    assert second_factor.accept(alice, codes[0]) is None
    assert second_factor.recovery_codes_left(alice) == limits.RECOVERY_CODES - 1


def test_new_recovery_codes_void_the_old(with_app, alice) -> None:
    _, old = with_app(alice)
    new = second_factor.new_recovery_codes(by=Actor(alice))
    assert second_factor.accept(alice, old[0]) is None
    assert second_factor.accept(alice, new[0]) is Means.RECOVERY_CODE


def test_codes_of_one_are_nothing_to_another(with_app, alice, charlie) -> None:
    app, codes = with_app(alice)
    with_app(charlie)
    assert second_factor.accept(charlie, app.code()) is None
    assert second_factor.accept(charlie, codes[0]) is None


def test_without_the_first_code_it_is_not_on(alice) -> None:
    second_factor.begin(alice)
    app = App.typed(second_factor.secret_to_type(alice))
    assert not second_factor.is_on(alice)
    assert second_factor.accept(alice, app.code()) is None
    with pytest.raises(second_factor.WrongCodeError):
        second_factor.confirm(code="000000" if app.code() != "000000" else "111111", by=Actor(alice))
    assert not second_factor.is_on(alice)
    second_factor.begin(alice)  # the page was loaded once more: the same secret
    assert App.typed(second_factor.secret_to_type(alice)).secret == app.secret


def test_the_secret_cannot_be_had_once_it_is_on(with_app, alice) -> None:
    with_app(alice)
    for act in (second_factor.secret_to_type, lambda user: second_factor.picture(user, issuer="x")):
        with pytest.raises(second_factor.NotBegunError):
            act(alice)
    with pytest.raises(second_factor.AlreadyOnError):
        second_factor.begin(alice)


def test_nothing_is_stored_as_it_is_typed(with_app, alice) -> None:
    app, codes = with_app(alice)
    stored = str(list(Authenticator.objects.values()) + list(RecoveryCode.objects.values()))
    stored += str(list(AuditEvent.objects.values()))
    assert app.secret.hex() not in stored
    assert not [code for code in codes if code in stored]


def test_a_new_key_seals_the_secrets_anew(with_app, alice) -> None:
    app, _ = with_app(alice)
    before = Authenticator.objects.get().sealed_secret
    assert sealing.rotate() == 1
    assert Authenticator.objects.get().sealed_secret != before
    assert second_factor.accept(alice, app.code()) is Means.CODE


def test_recovery_codes_work_where_the_key_is_lost(with_app, alice, settings, tmp_path) -> None:
    app, codes = with_app(alice)
    settings.SECRETS_KEY_FILE = tmp_path / "another"
    with pytest.raises(sealing.KeyLostError):
        second_factor.accept(alice, app.code())
    assert second_factor.accept(alice, codes[0]) is Means.RECOVERY_CODE


def test_turning_off_forgets_everything_and_is_recorded(with_app, alice) -> None:
    app, codes = with_app(alice)
    assert second_factor.turn_off(by=Actor(alice))
    assert not second_factor.turn_off(by=Actor(alice))
    assert (Authenticator.objects.count(), RecoveryCode.objects.count()) == (0, 0)
    assert second_factor.accept(alice, app.code()) is None
    assert second_factor.accept(alice, codes[0]) is None
    lines = AuditEvent.objects.filter(username="alice", book_id=None).order_by("pk")
    assert [line.action for line in lines] == [actions.TURN_ON_TWO_FACTOR, actions.TURN_OFF_TWO_FACTOR]


def test_the_operator_turns_it_off_for_who_has_lost_it_all(with_app, alice, capsys) -> None:
    with_app(alice)
    call_command("turn_off_two_factor", "alice")
    assert not second_factor.is_on(alice)
    line = AuditEvent.objects.get(action=actions.TURN_OFF_TWO_FACTOR)
    assert (line.username, line.detail) == ("(command line)", {"user": "alice"})


def test_an_app_that_nobody_confirms_is_forgotten(alice) -> None:
    second_factor.begin(alice)
    assert second_factor.forget_unconfirmed() == 0
    Authenticator.objects.update(created_at="2026-01-01T00:00Z")
    assert second_factor.forget_unconfirmed() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["code", "recovery code"])
def test_of_the_same_code_sent_at_once_one_is_accepted(with_app, alice, kind) -> None:
    app, codes = with_app(alice)
    typed = app.code() if kind == "code" else codes[0]
    barrier, answers = threading.Barrier(4), []

    def send() -> None:
        try:
            barrier.wait()
            answers.append(second_factor.accept(alice, typed))
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([answer for answer in answers if answer]) == 1
