"""Addresses for people who may know that there is somebody, but not who."""

import re
from typing import Final

from libraries.email_addresses import limits

# What may stand before the @ of an address, and that sign in its forms: people who must not write one in the name of a
# file, or do not want machines to read it, write `%40`, `(at)` or `[at]`.
_BEFORE_AT: Final = re.compile(
    r"""([^\s@＠﹫<>()\[\]{}:;,\\"]+?)([@＠﹫]|%40|&\#64;|\s*[(\[{（［]\s*(?:at|골뱅이|アット)\s*[)\]}）］]\s*)""",
    re.IGNORECASE,
)


def masked(email: str) -> str:
    """`ho***@example.com` for `hong@example.com`: the beginning and the domain.

    At least MASKED_CHARACTERS_HIDDEN of what stands before the @ stay hidden, so a short one shows less or nothing; how
    many are hidden is never shown. A text without an @ is hidden as a whole.
    """
    local_part, at, domain = email.rpartition("@")
    if not at:
        return limits.MASK
    return f"{local_part[: _shown(len(local_part))]}{limits.MASK}@{domain}"


def masked_within(text: str) -> str:
    """Any text with everything masked in it that looks like an address."""
    return _BEFORE_AT.sub(lambda found: f"{found[1][: _shown(len(found[1]))]}{limits.MASK}{found[2]}", text)


def _shown(length: int) -> int:
    return max(0, min(limits.MASKED_CHARACTERS_SHOWN, length - limits.MASKED_CHARACTERS_HIDDEN))
