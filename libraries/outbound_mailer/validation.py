"""Refuses what the API documents as wrong before it is sent, naming the API's field and the limit, never the
value.
"""

import re
from collections.abc import Sequence

from libraries.outbound_mailer import limits
from libraries.outbound_mailer.errors import InvalidRequestError

NAME_PATTERN = re.compile(rf"[{limits.GROUP_NAME_ALPHABET}]{{1,{limits.GROUP_NAME_CHARACTERS}}}")
# "E-mail address format" is all that the pages say, so only what no reading of it allows is refused here.
_ADDRESS_PATTERN = re.compile(r"[^\s@\x00-\x1f\x7f\ud800-\udfff]+@[^\s@\x00-\x1f\x7f\ud800-\udfff]+")
# Half of a pair, which no UTF-8 can carry; a whole pair is one character in Python.
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")


# An access key goes out as a header, which holds no spaces at its ends, no line breaks and nothing beyond ASCII.
_ACCESS_KEY = re.compile(r"[!-~]+")


def check_keys(access_key: str, secret_key: str) -> None:
    """A key pair that requests can be signed and sent with; whether the service knows it, only a call tells."""
    if not _ACCESS_KEY.fullmatch(access_key):
        raise InvalidRequestError("access_key", "Printable ASCII characters without spaces")
    check_given("secret_key", secret_key)


def check_text(field: str, *texts: str | None) -> None:
    """Texts that can be sent at all, which those with a lone surrogate cannot; None is an absent one."""
    if any(text is not None and _LONE_SURROGATE.search(text) for text in texts):
        raise InvalidRequestError(field, "A character that cannot be encoded (a lone surrogate)")


def check_name(field: str, name: str) -> None:
    """A group, template or category name: 1 to 100 characters of the documented alphabet."""
    if not NAME_PATTERN.fullmatch(name):
        raise InvalidRequestError(
            field,
            f"1 to {limits.GROUP_NAME_CHARACTERS} characters of Hangul, Latin letters, digits and . _ -",
            limit=limits.GROUP_NAME_CHARACTERS,
        )


def check_address(field: str, address: str) -> None:
    """One e-mail address."""
    if len(address) > limits.ADDRESS_LENGTH_CHARACTERS or not _ADDRESS_PATTERN.fullmatch(address):
        raise InvalidRequestError(
            field,
            f"Not an e-mail address of at most {limits.ADDRESS_LENGTH_CHARACTERS} characters",
            limit=limits.ADDRESS_LENGTH_CHARACTERS,
        )


def check_addresses(field: str, addresses: Sequence[str]) -> None:
    """A list of e-mail addresses that must not be empty. The API documents no upper limit for it."""
    check_count(field, len(addresses), minimum=1)
    for index, address in enumerate(addresses):
        check_address(f"{field}[{index}]", address)


def check_count(field: str, count: int, *, minimum: int = 0, maximum: int | None = None) -> None:
    """How many entries a list has."""
    if count < minimum:
        raise InvalidRequestError(field, f"At least {minimum} needed", limit=minimum)
    if maximum is not None and count > maximum:
        raise InvalidRequestError(field, f"At most {maximum:,} allowed, {count:,} given", limit=maximum)


def check_bytes(field: str, text: str | None, maximum: int, *, minimum: int = 0) -> None:
    """The length of a text in UTF-8, which is how the API counts it; None is an absent field."""
    check_text(field, text)
    size = len(text.encode()) if text is not None else minimum
    if size < minimum:
        raise InvalidRequestError(field, "Must not be empty", limit=minimum)
    if size > maximum:
        raise InvalidRequestError(field, f"At most {maximum:,} bytes, {size:,} given", limit=maximum)


def check_given(field: str, value: str | None) -> str:
    """A text that must be there."""
    if not value:
        raise InvalidRequestError(field, "Must not be empty", limit=1)
    check_text(field, value)
    return value


def check_id(field: str, value: str) -> str:
    """An id for a path. Dots alone would be taken for a step in the path and lead to another resource."""
    if not value.strip("."):
        raise InvalidRequestError(field, "Not an id")
    check_text(field, value)
    return value
