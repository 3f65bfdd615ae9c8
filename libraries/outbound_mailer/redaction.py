"""Takes e-mail addresses out of text that somebody else wrote, before it goes into a log or an exception."""

import re

# Between the marks that end a value in JSON, a query or a sentence. Whole words are looked at, one after the
# other: a pattern with the @ in its middle takes quadratic time, and this text comes from outside.
_WORD = re.compile(r"[^\s\"'<>()\[\]{}=&?,;:/]+")


# What cannot be written down everywhere: control characters (PostgreSQL takes no NUL), lone surrogates.
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")


def harmless(text: str) -> str:
    """The text without addresses, fit for any log, database and page."""
    return without_addresses(_UNWRITABLE.sub(" ", text))


def without_addresses(text: str) -> str:
    """The text with every word that holds an @, plain or percent-encoded, replaced by `[address]`."""
    return _WORD.sub(lambda word: "[address]" if "@" in word[0] or "%40" in word[0] else word[0], text)
