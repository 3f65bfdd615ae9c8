"""Keys for the simulator that nobody has to hand over: both sides work them out from a token that they share."""

import hashlib
import hmac
from typing import Final

from libraries.outbound_mailer.signing import Credentials

PREFIX: Final = "practice-"


def practice_credentials(token: str, name: str) -> Credentials:
    """The keys of the practice account `name` (printable ASCII) at a simulator that was started with `token`.

    Each name is an account of its own. Without the token nobody can work out the secret key.
    """
    return credentials_of(token, PREFIX + name)


def credentials_of(token: str, access_key: str) -> Credentials:
    """The keys that belong to the access key of a practice account."""
    secret_key = hmac.new(token.encode(), access_key.encode(), hashlib.sha256).hexdigest()
    return Credentials(access_key, secret_key)
