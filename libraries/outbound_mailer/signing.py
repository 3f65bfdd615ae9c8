"""Signature version 2 of NAVER Cloud's API gateway (fact sheet section 2)."""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field

TIMESTAMP_HEADER = "x-ncp-apigw-timestamp"
ACCESS_KEY_HEADER = "x-ncp-iam-access-key"
SIGNATURE_HEADER = "x-ncp-apigw-signature-v2"


@dataclass(frozen=True, slots=True)
class Credentials:
    """An API key pair. The secret stays out of the repr, so that it cannot reach a log or a traceback by
    accident.
    """

    access_key: str
    secret_key: str = field(repr=False)


def signature(method: str, request_target: str, timestamp: str, credentials: Credentials) -> str:
    """The signature of one request.

    `request_target` is what stands in the request line, byte for byte: path and query, percent-encoded as
    sent. The gateway neither sorts nor re-encodes it, and the body is not signed. `timestamp` is in
    milliseconds since 1970, as decimal digits, and must be the one sent with the request.
    """
    message = f"{method} {request_target}\n{timestamp}\n{credentials.access_key}"
    digest = hmac.new(credentials.secret_key.encode(), message.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode("ascii")


def signed_headers(method: str, request_target: str, now_seconds: float, credentials: Credentials) -> dict[str, str]:
    """The three authentication headers for a request made at `now_seconds` since 1970."""
    timestamp = str(int(now_seconds * 1000))
    return {
        TIMESTAMP_HEADER: timestamp,
        ACCESS_KEY_HEADER: credentials.access_key,
        SIGNATURE_HEADER: signature(method, request_target, timestamp, credentials),
    }
