"""Refuses what the API documents as wrong before it is sent, naming the API's field and the limit, never the
value.
"""

import re
from collections.abc import Sequence

from libraries.outbound_mailer import limits
from libraries.outbound_mailer.errors import InvalidRequestError

# The page names these and adds "etc.": those that are known are refused here, the service refuses the others.
_REFUSED_SENDER_DOMAINS = ("naver.com", "navercorp.com", "ncloud.com")
NAME_PATTERN = re.compile(rf"[{limits.GROUP_NAME_ALPHABET}]{{1,{limits.GROUP_NAME_CHARACTERS}}}")
# "E-mail address format" is all that the pages say, so only what no reading of it allows is refused here: white space,
# control characters, and what separates addresses or stands around them.
_PART = r"[^\s@<>,;\x00-\x1f\x7f\ud800-\udfff]+"
_ADDRESS_PATTERN = re.compile(f"{_PART}@{_PART}")
# Half of a pair, which no UTF-8 can carry (a whole pair is one character in Python), and NUL, which no database keeps.
_UNSENDABLE = re.compile(r"[\x00\ud800-\udfff]")
# What ends a line of a mail's head, to any reader; a tab is only white space.
_LINE_BREAK = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029]")


# An access key goes out as a header, which holds no spaces at its ends, no line breaks and nothing beyond ASCII.
_ACCESS_KEY = re.compile(r"[!-~]+")


def check_keys(access_key: str, secret_key: str) -> None:
    """A key pair that requests can be signed and sent with; whether the service knows it, only a call tells."""
    if not isinstance(access_key, str) or not _ACCESS_KEY.fullmatch(access_key):
        raise InvalidRequestError("access_key", "Printable ASCII characters without spaces")
    if re.search(r"\s", check_given("secret_key", secret_key)):
        raise InvalidRequestError("secret_key", "Without spaces and line breaks")


def check_text(field: str, *texts: str | None) -> None:
    """Texts that can be sent at all, which those with a lone surrogate or NUL cannot; None is an absent one."""
    for text in texts:
        if text is None:
            continue
        if not isinstance(text, str):
            raise InvalidRequestError(field, f"Must be a text, not {type(text).__name__}")
        if _UNSENDABLE.search(text):
            raise InvalidRequestError(field, "A character that cannot be sent (NUL or a lone surrogate)")


def check_line(field: str, text: str | None) -> None:
    """A text of one line, such as a subject."""
    check_text(field, text)
    if text is not None and _LINE_BREAK.search(text):
        raise InvalidRequestError(field, "Must be one line, without control characters")


def check_sender(address: str) -> None:
    """An address that mail can be sent from."""
    check_address("senderAddress", address)
    if address.rpartition("@")[2].lower() in _REFUSED_SENDER_DOMAINS:
        refused = ", ".join(_REFUSED_SENDER_DOMAINS)
        raise InvalidRequestError("senderAddress", f"Not from {refused}", limit=refused)


def check_name(field: str, name: str) -> None:
    """A group, template or category name: 1 to 100 characters of the documented alphabet."""
    if not isinstance(name, str) or not NAME_PATTERN.fullmatch(name):
        raise InvalidRequestError(
            field,
            f"1 to {limits.GROUP_NAME_CHARACTERS} characters of Hangul, Latin letters, digits and . _ -",
            limit=limits.GROUP_NAME_CHARACTERS,
        )


def check_address(field: str, address: str) -> None:
    """One e-mail address."""
    is_text = isinstance(address, str)
    if not is_text or len(address) > limits.ADDRESS_LENGTH_CHARACTERS or not _ADDRESS_PATTERN.fullmatch(address):
        raise InvalidRequestError(
            field,
            f"Not an e-mail address of at most {limits.ADDRESS_LENGTH_CHARACTERS} characters",
            limit=limits.ADDRESS_LENGTH_CHARACTERS,
        )


def check_addresses(field: str, addresses: Sequence[str]) -> None:
    """A list of e-mail addresses that must not be empty. The API documents no upper limit for it."""
    check_count(field, size_of(field, addresses), minimum=1)
    for index, address in enumerate(addresses):
        check_address(f"{field}[{index}]", address)


def size_of(field: str, values: object) -> int:
    """How many entries a list has; a text is none, though it could be gone through as well."""
    if isinstance(values, str | bytes) or not isinstance(values, Sequence):
        raise InvalidRequestError(field, f"Must be a list, not {type(values).__name__}")
    return len(values)


def check_count(field: str, count: int, *, minimum: int = 0, maximum: int | None = None) -> None:
    """A number, often of the entries of a list."""
    if type(count) is not int:
        raise InvalidRequestError(field, f"Must be a whole number, not {type(count).__name__}")
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
    check_text(field, value)
    if not value:
        raise InvalidRequestError(field, "Must not be empty", limit=1)
    return value


def check_id(field: str, value: str) -> str:
    """An id for a path. Dots alone would be taken for a step in the path and lead to another resource."""
    if not isinstance(value, str) or not value.strip("."):
        raise InvalidRequestError(field, "Not an id")
    check_text(field, value)
    return value
