"""Argon2 for passwords, a few at a time: each takes 100 MB, and a web server hashes for everybody who asks."""

import threading
from typing import Any, Final

from django.contrib.auth.hashers import Argon2PasswordHasher

# Django's `memory_cost` in bytes; a test compares them.
ARGON2_BYTES: Final = 100 * 1024 * 1024

# Passwords that a process hashes at a time: each takes Argon2 100 MB for a third of a second.
PASSWORDS_HASHED_AT_ONCE: Final = 2

_TURNS: Final = threading.BoundedSemaphore(PASSWORDS_HASHED_AT_ONCE)


class BoundedArgon2PasswordHasher(Argon2PasswordHasher):
    """Django's, hash for hash; who comes while others are at it waits for a turn, some tenths of a second each."""

    def encode(self, password: str, salt: str) -> Any:
        with _TURNS:
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        with _TURNS:
            return super().verify(password, encoded)
