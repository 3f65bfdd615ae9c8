"""Likely slips of the finger in an address, and the repair to propose for each. Nothing is changed here."""

import re
import unicodedata
from typing import Final

from libraries.email_addresses import limits, providers
from libraries.email_addresses.characters import ATOM_TEXT, ENDS
from libraries.email_addresses.parsing import EmailAddress, InvalidEmailError, parse

# Full-width ASCII and the small forms of the same signs. The ideographic full stops are dots when among them.
_WIDE: Final = re.compile("[\uff01-\uff5e\ufe50-\ufe6b]")
_IDEOGRAPHIC_STOPS: Final = str.maketrans("。｡", "..")

_DOTS: Final = re.compile(r"\.{2,}")
_AROUND_AT: Final = re.compile(r"[ \xa0\u3000]{0,254}@[@ \xa0\u3000]{0,254}")
# Ends at the first character that a domain cannot have: a particle, a bracket. A comma may be a mistyped dot.
_PLAIN_ADDRESS: Final = re.compile(
    rf"(?<![{ATOM_TEXT}.\s])[{ATOM_TEXT}]++(?:\.[{ATOM_TEXT}]++)*+"
    r"@(?:[A-Za-z0-9-]++\.)++[A-Za-z]{2,63}+(?![A-Za-z0-9@,，.-])"
)
_NAME_IN_FRONT: Final = re.compile(
    rf"(?:[^\x00-\x7f]++(?:[ /|]?(?=[A-Za-z0-9]))|[A-Za-z. ]++[|])(?=[{ATOM_TEXT}.]++@[A-Za-z0-9.-]++\Z)"
)
_OPENING: Final = "<([{\"'“‘「『【（.,;:"
_CLOSING: Final = ">)]}\"'”’」』】）.,;:"


def suggest(text: str) -> str | None:
    """The address that was probably meant, or None when the text is well or no repair is likely.

    The proposal is an address (`parse` takes it) and another one than the text is now. For a text that is no
    address it mends: full-width letters, brackets, quotes and a label (`email:`) around the address, spaces
    beside the @, the @ or a dot doubled, a dot at an end, commas for dots after the @, and Korean or Japanese words
    stuck to it (`hong@naver.com님`, `홍길동(a@b.co)님`). For those and for addresses that look suspicious: endings that
    do not exist (`.con`, `.co.kt`), names one slip away from a known provider's (`gamil.com`, `nave.com`), and a
    name stuck to the front (`홍길동hong@naver.com`, `Kim|kim@example.com`).

    A domain of a known provider is left as it is, and so is every other domain that may be real: a wrong
    proposal is worse than none. Doubled dots before the @ stay at the Japanese carriers that give out such
    addresses.
    """
    text = text.strip(ENDS)
    if not text or len(text) > limits.ADDRESS_LENGTH_CHARACTERS:
        return None
    current = _parsed(text)
    attempt = _mend_domain(_without_name(current.text)) if current else _mend(text)
    if attempt == (current.text if current else text):
        return None
    mended = _parsed(attempt)
    return mended.text if mended else None


def _parsed(text: str) -> EmailAddress | None:
    try:
        return parse(text)
    except InvalidEmailError:
        return None


def _without_name(address: str) -> str:
    """The address without the name that is stuck to its front, where all the rest of it is ASCII."""
    named = _NAME_IN_FRONT.match(address)
    return address[named.end() :] if named else address


def _within(text: str) -> str:
    """The one address of plain ASCII within the text, without the words and brackets around it; else the text."""
    found = _PLAIN_ADDRESS.findall(text)
    return found[0] if len(found) == 1 and text.count("@") == 1 else text


def _mend(text: str) -> str:
    """Undo what is wrong around and within a text that is no address."""
    text = _WIDE.sub(lambda wide: unicodedata.normalize("NFKC", wide[0]), text).translate(_IDEOGRAPHIC_STOPS)
    text = text.lstrip(_OPENING).rstrip(_CLOSING)
    text = _AROUND_AT.sub("@", text)
    if _parsed(text) is None:
        text = _within(text)
    local_part, at, domain = text.rpartition("@")
    if not at:
        return text
    local_part = local_part.rpartition(":")[2].strip(ENDS)
    domain = _DOTS.sub(".", domain.replace(",", ".")).strip(".")
    _, _, mended_domain = _mend_domain(f"a@{domain}").rpartition("@")
    if mended_domain.lower() not in providers.DOT_TOLERANT:
        local_part = _DOTS.sub(".", local_part).strip(".")
    return f"{local_part}@{mended_domain}"


def _mend_domain(text: str) -> str:
    """The text with the domain that was meant, or unchanged where it may be real."""
    local_part, _, typed = text.rpartition("@")
    domain = typed.lower()
    domain = providers.DOTLESS.get(domain, domain)
    name, dot, ending = domain.rpartition(".")
    if name:
        domain = name + dot + providers.ENDINGS.get(ending, ending)
    domain = providers.SLIPPED.get(domain, domain)
    return text if domain == typed.lower() else f"{local_part}@{domain}"
