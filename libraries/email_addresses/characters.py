"""The characters that mean something in an address, for reading as for refusing one."""

import re
import unicodedata
from typing import Final

# RFC 5322 section 3.2.3: what may stand between the dots of an unquoted local part, written for the inside
# of a [...] class.
ATOM_TEXT: Final = r"A-Za-z0-9!#$%&'*+/=?^_`{|}~\-"

# Stripped at the ends of an address and never inside: white space, and the zero-width and direction marks
# that pasted text carries along unseen.
ENDS: Final = (
    " \t\n\v\f\r\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
    "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)

# The full-width twins of visible ASCII, and the ideographic full stop in both its widths: what a Korean or
# Japanese input method leaves when it was not switched to Latin letters.
FULL_WIDTH: Final = re.compile("[\uff01-\uff5e\u3002\uff61]")

_INVISIBLE_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def has_full_width_form(text: str) -> bool:
    """Whether the text has a full-width twin of an ASCII character, or an ideographic full stop."""
    return FULL_WIDTH.search(text) is not None


def is_invisible(character: str) -> bool:
    """Whether a character is a control, a format mark, a lone surrogate, private, unassigned or a line break.

    None of them belongs in an address, and some of them cannot be stored or written to a file at all.
    """
    return unicodedata.category(character) in _INVISIBLE_CATEGORIES


def is_mark(character: str) -> bool:
    """Whether a character is a combining mark, which would change the character before it."""
    return unicodedata.category(character).startswith("M")


def displayed(character: str) -> str:
    """The character itself where a page can show it alone, else its code (`U+200B`): always valid UTF-8."""
    if character.isprintable() and not is_mark(character):
        return character
    return f"U+{ord(character):04X}"
