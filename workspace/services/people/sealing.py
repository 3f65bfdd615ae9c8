"""What is kept encrypted: sealed with a key that is not in the database, nor in a copy of it.

The keys come from the environment (SECRETS_KEYS) or from a file in the data folder: the first one seals, all of them
open. So a new key goes in front, `rotate` seals everything anew, and then the old one can go.
"""

import hashlib
import os
from pathlib import Path
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from workspace.models import AddressBook, Authenticator, Connection, SealingKey, User
from workspace.secret_key import read_or_create_secret_key
from workspace.services.work import crash_points
from workspace.services.work.changing import lock

HOW_TO_MAKE_A_KEY: Final = 'python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'


class UnusableKeyError(Exception):
    """A key in SECRETS_KEYS, or in the file, is none."""


class KeyLostError(Exception):
    """Sealed with a key that is not here (any more)."""


def ensure_key() -> None:
    """Make the first key of an installation that was given none. Raises KeyLostError when there was one before."""
    if not settings.SECRETS_KEYS and not _file().exists():
        if Connection.objects.exists():
            raise KeyLostError
        read_or_create_secret_key(_file(), generate=_new_key)


def note_key() -> None:
    """Remember which key seals here, unless that is known: later a machine with another is told apart."""
    keys = _keys()
    if keys and not SealingKey.objects.exists():
        SealingKey.objects.get_or_create(fingerprint=_fingerprint(keys[0]))


def is_foreign() -> bool:
    """Whether this machine has not the key of the installation: what it seals the others cannot open."""
    known = set(SealingKey.objects.values_list("fingerprint", flat=True))
    return bool(known) and known.isdisjoint(map(_fingerprint, _keys()))


def _fingerprint(key: str) -> str:
    # 256 random bits cannot be guessed.
    return hashlib.sha256(f"sealing key {key}".encode()).hexdigest()


@sensitive_variables("text")
def seal(text: str) -> str:
    """Raises UnusableKeyError or KeyLostError. Call it under the lock of the book or user (see `rotate`)."""
    ensure_key()
    return _box(_keys()).encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """Raises UnusableKeyError or KeyLostError."""
    keys = _keys()
    if not keys:
        raise KeyLostError
    try:
        return _box(keys).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise KeyLostError from None


def unreadable() -> list[Connection]:
    """The connections that no key opens. Raises UnusableKeyError."""
    keys = _keys()
    rows = Connection.objects.select_related("book").order_by("pk")
    return [row for row in rows if not keys or not _opens(_box(keys), row.sealed_keys)]


def rotate() -> int:
    """Seal everything with the first key, and forget the others; with one key in the file, make a new one first.

    Returns how many were sealed anew. Can be stopped at any time and run again: it goes on with the new key that it
    has made. What is written meanwhile is sealed with the new key, or is found: both happen under the lock of the book,
    or of the user. Raises UnusableKeyError, or KeyLostError (and then every key is kept) for API keys that nothing
    opens; an authenticator that nothing opens stays as it is.
    """
    ensure_key()
    keys = _keys()
    if not settings.SECRETS_KEYS and len(keys) == 1:
        keys = [_new_key(), *keys]
        _write(keys)
    crash_points.reached("key made")
    resealed = sum(_reseal(book, keys) for book in AddressBook.objects.order_by("pk"))
    users = User.objects.filter(authenticator__isnull=False).order_by("pk")
    resealed += sum(_reseal_authenticator(user, keys) for user in users)
    if any(not _opens(_box(keys[:1]), row.sealed_keys) for row in Connection.objects.all()):
        raise KeyLostError
    with transaction.atomic():
        SealingKey.objects.exclude(fingerprint=_fingerprint(keys[0])).delete()
        SealingKey.objects.get_or_create(fingerprint=_fingerprint(keys[0]))
    if not settings.SECRETS_KEYS:
        _write(keys[:1])
    return resealed


def _reseal(book: AddressBook, keys: list[str]) -> bool:
    with transaction.atomic():
        lock(book)
        row = Connection.objects.filter(book=book).first()
        sealed = _sealed_anew(row.sealed_keys, keys) if row else None
        if row is None or sealed is None:
            return False  # counted by the caller where nothing opens it: the others go on
        Connection.objects.filter(pk=row.pk).update(sealed_keys=sealed)
    crash_points.reached("resealed")
    return True


def _reseal_authenticator(user: User, keys: list[str]) -> bool:
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        row = Authenticator.objects.filter(user=user).first()
        sealed = _sealed_anew(row.sealed_secret, keys) if row else None
        if row is None or sealed is None:
            return False
        Authenticator.objects.filter(pk=row.pk).update(sealed_secret=sealed)
    return True


def _sealed_anew(sealed: str, keys: list[str]) -> str | None:
    """Sealed with the first key; None when it is already, or when nothing opens it."""
    if _opens(_box(keys[:1]), sealed):
        return None
    try:
        return _box(keys).rotate(sealed.encode()).decode()
    except InvalidToken:
        return None


def _opens(box: MultiFernet, sealed: str) -> bool:
    try:
        box.decrypt(sealed.encode())
    except InvalidToken:
        return False
    return True


def _file() -> Path:
    path: Path = settings.SECRETS_KEY_FILE
    return path


def _keys() -> list[str]:
    """Read at each use: another process may have rotated them."""
    if settings.SECRETS_KEYS:
        return list(settings.SECRETS_KEYS)
    return _file().read_text().split() if _file().exists() else []


def _box(keys: list[str]) -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError:
        # Not chained: the original may show the key.
        raise UnusableKeyError from None


def _new_key() -> str:
    return Fernet.generate_key().decode()


def _write(keys: list[str]) -> None:
    """Whole or not at all: a key that is half written is lost."""
    draft = _file().with_name(f"{_file().name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write("\n".join(keys) + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(_file())
    folder = os.open(_file().parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
