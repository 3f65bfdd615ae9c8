"""What an authenticator app does, after RFC 6238 and apart from the library that the product uses."""

import base64
import hashlib
import hmac
import time
from collections.abc import Callable

import pytest


def code_of(secret: bytes, at: float) -> str:
    """The code that the app shows at that time, in seconds since 1970."""
    digest = hmac.new(secret, (int(at) // 30).to_bytes(8, "big"), hashlib.sha1).digest()
    start = digest[-1] & 0x0F
    return f"{(int.from_bytes(digest[start : start + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06d}"


class App:
    """The app on somebody's phone. `code()` is the one of now; of so many periods later."""

    def __init__(self, secret: bytes) -> None:
        self.secret = secret

    @classmethod
    def typed(cls, text: str) -> "App":
        return cls(base64.b32decode(text.replace(" ", "")))

    def code(self, periods: int = 0) -> str:
        return code_of(self.secret, time.time() + 30 * periods)


@pytest.fixture
def with_app(db: None, tmp_path, settings) -> Callable:
    """Turns two-factor on for a user; returns the app and the recovery codes.

    Confirmed with the code of the period before, so that the one of now can still be used.
    """
    settings.SECRETS_KEY_FILE = tmp_path / "secrets_key"

    def with_app(user):
        from workspace.services.history.audit import Actor
        from workspace.services.people import second_factor

        second_factor.begin(user)
        app = App.typed(second_factor.secret_to_type(user))
        return app, second_factor.confirm(code=app.code(-1), by=Actor(user))

    return with_app
