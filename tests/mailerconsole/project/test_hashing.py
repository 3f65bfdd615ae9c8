"""Passwords are hashed a few at a time: each takes Argon2 100 MB."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2.low_level import hash_secret
from django.contrib.auth import hashers

from mailerconsole import settings as production
from mailerconsole.hashing import PASSWORDS_HASHED_AT_ONCE, BoundedArgon2PasswordHasher

pytestmark = pytest.mark.engine_independent


class Quick(BoundedArgon2PasswordHasher):
    """The same, with a thousandth of the memory."""

    memory_cost = 64
    time_cost = 1
    parallelism = 1


def test_production_hashes_with_it() -> None:
    assert production.PASSWORD_HASHERS[0] == "mailerconsole.hashing.BoundedArgon2PasswordHasher"


def test_it_is_django_s_hash(settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    old = hashers.make_password("correct horse")
    settings.PASSWORD_HASHERS = ["mailerconsole.hashing.BoundedArgon2PasswordHasher"]
    assert hashers.check_password("correct horse", old)
    assert not hashers.check_password("wrong horse", old)


def test_no_more_at_once_than_fit_into_memory(monkeypatch) -> None:
    at_once, most, guard = set(), [0], threading.Lock()
    together = threading.Event()

    def counted(*args, **options):
        with guard:
            at_once.add(threading.get_ident())
            most[0] = max(most[0], len(at_once))
        together.wait(0.01)
        try:
            return hash_secret(*args, **options)
        finally:
            with guard:
                at_once.discard(threading.get_ident())

    monkeypatch.setattr("argon2.low_level.hash_secret", counted)
    with ThreadPoolExecutor(10) as pool:
        encoded = list(pool.map(lambda number: Quick().encode(f"password {number}", "somesaltsomesalt"), range(10)))
    assert len(set(encoded)) == 10
    assert most[0] == PASSWORDS_HASHED_AT_ONCE
