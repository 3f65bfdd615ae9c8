"""One text, judged: an address with its identity, or the reason why it is none."""

import re
import string
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from email_validator import ValidatedEmail, validate_email

from libraries.email_addresses import limits
from libraries.email_addresses.characters import ATOM_TEXT, ENDS, FULL_WIDTH
from libraries.email_addresses.reasons import Reason, explain

# Possessive throughout, so that a text that does not match is given up in one pass.
_PLAIN_ASCII: Final = re.compile(rf"([{ATOM_TEXT}]++(?:\.[{ATOM_TEXT}]++)*+)@([A-Za-z0-9.-]++)")
_ASCII_LOWER: Final = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


@dataclass(frozen=True, slots=True)
class EmailAddress:
    """`text` is the address as typed: ends stripped, in NFC. It is what is shown, stored and sent.

    `key` is its identity: the local part in NFC with its ASCII letters in lower case, `@`, and the domain in
    punycode and lower case. Two texts are the same address exactly when their keys are equal as bytes. A key
    is at most 254 octets in UTF-8, and where it is itself an address, `parse(key).key == key`.

    No letter outside ASCII changes case and nothing is case-folded, for `ß` is not `ss` and `İ` is not `i`.
    """

    text: str
    key: str


class InvalidEmailError(ValueError):
    """The text is not an address. No more of the text than one character is kept, for errors reach logs.

    `character` is the one at fault, set with CONTROL_CHARACTER, FULL_WIDTH, QUOTED, LOCAL_PART_CHARACTER and
    DOMAIN_CHARACTER, and None with every other reason. It can always be shown: one that is invisible or
    cannot stand alone is given by its code, as in `U+200B`.
    """

    def __init__(self, reason: Reason, character: str | None = None) -> None:
        super().__init__(reason, character)
        self.reason = reason
        self.character = character


def parse(text: str) -> EmailAddress:
    """Read one address. Raises InvalidEmailError, and nothing else, whatever the string.

    The ends are stripped of white space and zero-width characters; more than 254 characters are refused
    before anything else is looked at. What remains is an address when email-validator says so with the
    options of `_validate`.

    Two differences are deliberate. A text with a full-width form (`has_full_width_form`) is refused, where
    email-validator would take some of them, silently turning a full-width domain into another text. And so is a
    domain whose last label no ending can be (`is_no_ending`). `suggest` offers what was probably meant.
    """
    text = text.strip(ENDS)
    if len(text) > limits.ADDRESS_LENGTH_CHARACTERS:
        raise InvalidEmailError(Reason.TOO_LONG)
    # The fast path only ever accepts. Whatever it is not sure of goes the long way.
    plain = _PLAIN_ASCII.fullmatch(text)
    if plain:
        local_part, domain = plain.groups()
        if len(local_part) <= limits.LOCAL_PART_LENGTH_CHARACTERS:
            ascii_domain = _plain_domain(domain)
            if ascii_domain is not None:
                return EmailAddress(text, f"{local_part.lower()}@{ascii_domain}")
    return _parse_carefully(text)


@lru_cache(maxsize=limits.DOMAIN_VERDICTS_CACHED)
def _plain_domain(domain: str) -> str | None:
    """The domain in lower case, or None when it is no domain or its length depends on how it is written.

    A punycode domain is longer in UTF-8 than it looks, so its addresses must be measured one by one.
    """
    try:
        ascii_domain = _validate(f"a@{domain}").ascii_domain
    except ValueError:
        return None
    return None if "xn--" in ascii_domain or is_no_ending(ascii_domain) else ascii_domain


def is_no_ending(domain: str) -> bool:
    """Whether the last label of a domain (not in punycode) is one ASCII letter, or mixes Latin with other scripts.

    No ending of the DNS does. `hong@naver.com님` has a Korean particle stuck to it and would pass for a real domain.
    """
    label = domain.rpartition(".")[2]
    if label.isascii():
        return len(label) == 1
    scripts = {unicodedata.name(letter, "").partition(" ")[0] == "LATIN" for letter in label if letter.isalpha()}
    return len(scripts) > 1


def _parse_carefully(text: str) -> EmailAddress:
    composed = unicodedata.normalize("NFC", text)
    try:
        # The library judges the text and its own normal form, so the NFC form that is kept is an address too.
        validated = _validate(text)
    except ValueError as refusal:
        # The library's own errors are ValueErrors, and so are those of the codecs under it. None of them is
        # chained: they quote the address.
        reason, character = explain(text, composed, refusal)
        raise InvalidEmailError(reason, character) from None
    full_width = FULL_WIDTH.search(composed)
    if full_width:
        raise InvalidEmailError(Reason.FULL_WIDTH, full_width[0])
    if is_no_ending(validated.domain):
        raise InvalidEmailError(Reason.DOMAIN_ENDING)
    # Lower case can bring a letter together with the mark after it (H and a macron below stay two
    # characters, h and the same macron become one), so NFC comes last again.
    local_part = unicodedata.normalize("NFC", validated.local_part.translate(_ASCII_LOWER))
    return EmailAddress(composed, f"{local_part}@{validated.ascii_domain}")


def _validate(text: str) -> ValidatedEmail:
    """Ask email-validator. Every option is named, so that a new default there changes nothing here.

    - International local parts are addresses; whether one can be sent to is the mailer's to say.
    - Quoted local parts and bracketed IP addresses are not: no mailing list has them, few mailers take them.
    - `strict` adds nothing but the limit of 64 characters before the @.
    - Special-use domains (.test, .local ...) and domains without a dot are refused; example.com is not one.
    - The DNS is not asked: a thousand pasted addresses are judged at once, and without a network.
    """
    return validate_email(
        text,
        allow_smtputf8=True,
        allow_empty_local=False,
        allow_quoted_local=False,
        allow_domain_literal=False,
        allow_display_name=False,
        strict=True,
        check_deliverability=False,
        test_environment=False,
        globally_deliverable=True,
    )
