"""Why a text is not an address. The verdict is not made here: this only explains one that was made."""

import re
import unicodedata
from enum import StrEnum
from typing import Final, NamedTuple

from email_validator import SPECIAL_USE_DOMAIN_NAMES

from libraries.email_addresses import limits
from libraries.email_addresses.characters import ATOM_TEXT, FULL_WIDTH, displayed, is_invisible, is_mark


class Reason(StrEnum):
    """Machine codes; the web layer has a sentence for each in every language."""

    TOO_LONG = "too-long"  # more than 254 characters, or octets in UTF-8 or with the domain in punycode
    CONTROL_CHARACTER = "control-character"  # invisible, unassigned, private, or half of a surrogate pair
    NO_AT = "no-at"
    SEVERAL_AT = "several-at"
    FULL_WIDTH = "full-width"  # `suggest` proposes the normal form
    QUOTED = "quoted"  # "john doe"@example.com
    LOCAL_PART_EMPTY = "local-part-empty"
    LOCAL_PART_TOO_LONG = "local-part-too-long"
    LOCAL_PART_CHARACTER = "local-part-character"
    DOTS = "dots"  # a dot first or last on either side of the @, or two in a row
    DOMAIN_EMPTY = "domain-empty"
    DOMAIN_TOO_LONG = "domain-too-long"  # the whole domain, or one of its labels
    DOMAIN_CHARACTER = "domain-character"
    DOMAIN_HYPHEN = "domain-hyphen"  # at the edge of a label, or third and fourth of a label without xn
    DOMAIN_NO_DOT = "domain-no-dot"
    DOMAIN_NAME = "domain-name"  # ends in a digit, as an IP address does, or has a false xn-- label
    DOMAIN_ENDING = "domain-ending"  # of one letter, or Latin letters with a Korean or Japanese word stuck to them
    SPECIAL_DOMAIN = "special-domain"  # no mail goes to .test, .local, .localhost, .invalid, .onion, .arpa


class Finding(NamedTuple):
    """A reason with the character at fault, ready to be shown (`characters.displayed`), where one is."""

    reason: Reason
    character: str | None = None


_LOCAL_PART_REFUSED: Final = re.compile(rf"[^{ATOM_TEXT}.\x80-\U0010ffff]")
_DOMAIN_REFUSED: Final = re.compile(r"[^A-Za-z0-9.\-\x80-\U0010ffff]")
_SPECIAL_ENDINGS: Final = tuple(f".{name}" for name in SPECIAL_USE_DOMAIN_NAMES)
_RESERVED_HYPHENS: Final = re.compile(r"(?!xn)..--", re.IGNORECASE)


def explain(text: str, composed: str, refusal: ValueError) -> Finding:
    """What is wrong with a text that email-validator refused: what a person would mend first.

    `text` has at most 254 characters and `composed` is its NFC form, which is looked at first because it is
    what the user sees. `refusal` is the library's error; it is only asked where the rules for international
    names decide.
    """
    domain = composed.rpartition("@")[2]
    return _explain_form(composed) or _explain_form(text) or _explain_name(domain, refusal)


def _explain_form(text: str) -> Finding | None:
    invisible = next(filter(is_invisible, text), None)
    if invisible:
        return Finding(Reason.CONTROL_CHARACTER, displayed(invisible))
    full_width = FULL_WIDTH.search(text)
    if "@" not in text and "＠" not in text:
        return Finding(Reason.NO_AT)
    if full_width:
        return Finding(Reason.FULL_WIDTH, full_width[0])
    local_part, _, domain = text.rpartition("@")
    return _explain_local_part(local_part) or _explain_domain(domain)


def _explain_local_part(local_part: str) -> Finding | None:
    if not local_part:
        return Finding(Reason.LOCAL_PART_EMPTY)
    if len(local_part) > 1 and local_part[0] == local_part[-1] == '"':
        return Finding(Reason.QUOTED, '"')
    if "@" in local_part:
        return Finding(Reason.SEVERAL_AT)
    refused = _LOCAL_PART_REFUSED.search(local_part)
    if refused:
        return Finding(Reason.LOCAL_PART_CHARACTER, displayed(refused[0]))
    misplaced = _space_or_leading_mark(local_part)
    if misplaced:
        return Finding(Reason.LOCAL_PART_CHARACTER, displayed(misplaced))
    if _has_misplaced_dot(local_part):
        return Finding(Reason.DOTS)
    if len(local_part) > limits.LOCAL_PART_LENGTH_CHARACTERS:
        return Finding(Reason.LOCAL_PART_TOO_LONG)
    return None


def _explain_domain(domain: str) -> Finding | None:
    if not domain:
        return Finding(Reason.DOMAIN_EMPTY)
    refused = _DOMAIN_REFUSED.search(domain)
    if refused:
        return Finding(Reason.DOMAIN_CHARACTER, displayed(refused[0]))
    misplaced = _space_or_leading_mark(domain)
    if misplaced:
        return Finding(Reason.DOMAIN_CHARACTER, displayed(misplaced))
    if _has_misplaced_dot(domain):
        return Finding(Reason.DOTS)
    labels = domain.split(".")
    if any(label.startswith("-") or label.endswith("-") or _RESERVED_HYPHENS.match(label) for label in labels):
        return Finding(Reason.DOMAIN_HYPHEN)
    if any(len(label) > limits.DOMAIN_LABEL_LENGTH_CHARACTERS for label in labels):
        return Finding(Reason.DOMAIN_TOO_LONG)
    return None


def _explain_name(domain: str, refusal: ValueError) -> Finding:
    """What is wrong with a domain whose characters, dots and hyphens are in order as far as one can see."""
    idna_error = refusal.__cause__
    code = getattr(idna_error, "code", None) or ""
    if code == "label_too_long":
        return Finding(Reason.DOMAIN_TOO_LONG)
    if code.startswith("bidi"):  # the whole name breaks the rule for mixed directions
        return Finding(Reason.DOMAIN_NAME)
    code_point = getattr(idna_error, "codepoint", None)
    if isinstance(code_point, int):
        return Finding(Reason.DOMAIN_CHARACTER, displayed(chr(code_point)))
    disguised = next(filter(_hides_refused_character, domain), None)
    if disguised:
        return Finding(Reason.DOMAIN_CHARACTER, displayed(disguised))
    if "too long" in str(refusal):  # in octets, which only the library counts in every form of the address
        return Finding(Reason.TOO_LONG)
    name = unicodedata.normalize("NFKC", domain).lower()
    if "." not in name:
        return Finding(Reason.DOMAIN_NO_DOT)
    if name.endswith(_SPECIAL_ENDINGS):
        return Finding(Reason.SPECIAL_DOMAIN)
    return Finding(Reason.DOMAIN_NAME)


def _hides_refused_character(character: str) -> bool:
    """Whether a character stands for others that a domain cannot have, as `℀` does for `a/c`."""
    if character.isascii():
        return False
    meant = unicodedata.normalize("NFKC", character)
    return "." in meant or _DOMAIN_REFUSED.search(meant) is not None


def _space_or_leading_mark(part: str) -> str | None:
    """A space of any width, or a combining mark at the start, which would fall on what stands before it."""
    if is_mark(part[0]):
        return part[0]
    return next((character for character in part if character.isspace()), None)


def _has_misplaced_dot(part: str) -> bool:
    return part.startswith(".") or part.endswith(".") or ".." in part
