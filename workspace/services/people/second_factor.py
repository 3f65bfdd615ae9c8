"""Codes of an app beside the password (TOTP, RFC 6238), and recovery codes for when the app is lost.

The arithmetic is that of the library cryptography. Ours is what must not go wrong around it: the secret is sealed, a
code is accepted once, guesses are slowed (`accounts.code_given`), recovery codes are hashed like passwords.
"""

import secrets as random
import time
from base64 import b32encode
from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from io import BytesIO
from typing import Final

import segno
from cryptography.hazmat.primitives.constant_time import bytes_eq
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from workspace import actions, limits
from workspace.models import Authenticator, RecoveryCode, User
from workspace.services.history.audit import Actor, record, record_by_operator
from workspace.services.people import sealing

# Without those that are read for one another, or heard as a word.
ALPHABET: Final = "23456789abcdefghjkmnpqrstuvwxyz"


class Means(StrEnum):
    """The proof that came beside the password."""

    CODE = "code"
    RECOVERY_CODE = "recovery_code"


class AlreadyOnError(Exception):
    """The app was confirmed already; another one can be set up after it is turned off."""


class NotBegunError(Exception):
    """Nothing to confirm: it was not begun, or too long ago."""


class WrongCodeError(Exception):
    """The code is not that of the app."""


def is_on(user: User) -> bool:
    return Authenticator.objects.filter(user=user, confirmed_at__isnull=False).exists()


def recovery_codes_left(user: User) -> int:
    return RecoveryCode.objects.filter(user=user).count()


def begin(user: User) -> None:
    """Make the secret that app and server will share, unless there is one that waits to be confirmed.

    Raises AlreadyOnError, and those of `secrets.seal`.
    """
    with transaction.atomic():
        _lock(user)
        row = Authenticator.objects.filter(user=user).first()
        if row is not None and row.confirmed_at is not None:
            raise AlreadyOnError
        if row is None:
            secret = random.token_bytes(limits.CODE_SECRET_BYTES)
            Authenticator.objects.create(user=user, sealed_secret=sealing.seal(secret.hex()))


@sensitive_variables()
def secret_to_type(user: User) -> str:
    """The secret for an app that cannot see, in groups of four. Raises NotBegunError."""
    text = b32encode(_secret(_unconfirmed(user))).decode()
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


@sensitive_variables()
def picture(user: User, *, issuer: str) -> bytes:
    """The secret as a QR code (SVG) for the app, which will call it by the issuer and the username.

    Raises NotBegunError.
    """
    uri = _totp(_secret(_unconfirmed(user))).get_provisioning_uri(user.get_username(), issuer)
    file = BytesIO()
    # Black on white whatever the page looks like: a camera must read it.
    segno.make(uri, error="m", micro=False).save(file, kind="svg", scale=6, border=4, light="#fff", svgclass=None)
    return file.getvalue()


@sensitive_variables()
def confirm(*, code: str, by: Actor) -> list[str]:
    """Turn it on, once the app has shown that it has the secret; the recovery codes, which nobody can be told again.

    Raises NotBegunError or WrongCodeError.
    """
    row = _unconfirmed(by.user)
    step = _step_of(_secret(row), _typed(code), after=row.last_step)
    if step is None:
        raise WrongCodeError
    codes = _new_codes()
    hashed = [make_password(code) for code in codes]  # slow on purpose, so before the transaction
    with transaction.atomic():
        unconfirmed = Authenticator.objects.filter(pk=row.pk, confirmed_at__isnull=True, last_step__lt=step)
        if not unconfirmed.update(confirmed_at=timezone.now(), last_step=step):
            raise NotBegunError
        _replace_codes(by.user, hashed)
        record(by=by, action=actions.TURN_ON_TWO_FACTOR, book=None)
    return codes


def new_recovery_codes(*, by: Actor) -> list[str]:
    """Void the recovery codes and make new ones. Raises NotBegunError when it is off."""
    codes = _new_codes()
    hashed = [make_password(code) for code in codes]
    with transaction.atomic():
        _lock(by.user)
        if not is_on(by.user):
            raise NotBegunError
        _replace_codes(by.user, hashed)
        record(by=by, action=actions.NEW_RECOVERY_CODES, book=None)
    return codes


def turn_off(*, by: Actor) -> bool:
    """Forget the app and the recovery codes; whether it was on."""
    with transaction.atomic():
        was_on = forget(by.user)
        if was_on:
            record(by=by, action=actions.TURN_OFF_TWO_FACTOR, book=None)
    return was_on


def turn_off_by_operator(user: User) -> bool:
    """The same for a user who has lost app and recovery codes."""
    with transaction.atomic():
        was_on = forget(user)
        if was_on:
            detail = {"user": user.get_username()}
            record_by_operator(action=actions.TURN_OFF_TWO_FACTOR, book=None, detail=detail)
    return was_on


@sensitive_variables()
def accept(user: User, code: str) -> Means | None:
    """Use up this code of the app, or this recovery code; None when it is neither, or was used before.

    Of two who send the same code at once one is accepted. Raises KeyLostError for a code of the app when the server
    has lost what its secret is sealed with; recovery codes are accepted all the same.
    """
    typed = _typed(code)
    if len(typed) != limits.CODE_DIGITS:
        return Means.RECOVERY_CODE if _use_recovery_code(user, typed) else None
    row = Authenticator.objects.filter(user=user, confirmed_at__isnull=False).first()
    step = _step_of(_secret(row), typed, after=row.last_step) if row else None
    if row is None or step is None:
        return None
    used = Authenticator.objects.filter(pk=row.pk, last_step__lt=step).update(last_step=step)
    return Means.CODE if used else None


def forget_unconfirmed() -> int:
    """Delete secrets that stayed unconfirmed for a day; returns how many."""
    old = timezone.now() - timedelta(days=1)
    deleted, _ = Authenticator.objects.filter(confirmed_at__isnull=True, created_at__lt=old).delete()
    return deleted


def _lock(user: User) -> None:
    User.objects.select_for_update(no_key=True).get(pk=user.pk)


def _unconfirmed(user: User) -> Authenticator:
    row = Authenticator.objects.filter(user=user, confirmed_at__isnull=True).first()
    if row is None:
        raise NotBegunError
    return row


@sensitive_variables()
def _secret(row: Authenticator) -> bytes:
    return bytes.fromhex(sealing.unseal(row.sealed_secret))


@sensitive_variables()
def _totp(secret: bytes) -> TOTP:
    # SHA-1 as in RFC 6238: what is made of it here is not what was broken, and many apps know no other.
    return TOTP(secret, limits.CODE_DIGITS, SHA1(), limits.CODE_PERIOD_SECONDS)  # noqa: S303


@sensitive_variables()
def _step_of(secret: bytes, code: str, *, after: int) -> int | None:
    """The period that the code belongs to, if it is one of those around now and after the last that was accepted."""
    totp = _totp(secret)
    now = int(time.time()) // limits.CODE_PERIOD_SECONDS
    found = None
    for step in _steps_around(now):
        is_it = bytes_eq(totp.generate(step * limits.CODE_PERIOD_SECONDS), code.encode())
        if is_it and step > after:
            found = step
    return found


def _steps_around(now: int) -> Iterator[int]:
    yield from range(now - limits.CODE_PERIODS_AROUND, now + limits.CODE_PERIODS_AROUND + 1)


def _typed(code: str) -> str:
    """Without the spaces and hyphens that it is shown with; digits of a full-width keyboard as they are meant."""
    from unicodedata import normalize

    plain = normalize("NFKC", code).lower()
    return "".join(character for character in plain if character.isascii() and character.isalnum())


def _new_codes() -> list[str]:
    size = limits.RECOVERY_CODE_CHARACTERS
    return ["".join(random.choice(ALPHABET) for _ in range(size)) for _ in range(limits.RECOVERY_CODES)]


def _replace_codes(user: User, hashed: list[str]) -> None:
    RecoveryCode.objects.filter(user=user).delete()
    RecoveryCode.objects.bulk_create([RecoveryCode(user=user, hashed=text) for text in hashed])


@sensitive_variables()
def _use_recovery_code(user: User, typed: str) -> bool:
    if len(typed) != limits.RECOVERY_CODE_CHARACTERS or not is_on(user):
        return False
    for row in RecoveryCode.objects.filter(user=user):
        if check_password(typed, row.hashed):
            # Of two at once one deletes it.
            deleted, _ = RecoveryCode.objects.filter(pk=row.pk).delete()
            return deleted > 0
    return False


def forget(user: User) -> bool:
    _lock(user)
    RecoveryCode.objects.filter(user=user).delete()
    deleted, _ = Authenticator.objects.filter(user=user, confirmed_at__isnull=False).delete()
    Authenticator.objects.filter(user=user).delete()
    return deleted > 0
