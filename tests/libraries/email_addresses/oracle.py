"""email-validator asked directly, and near-addresses to ask it about: what `parse` must agree with."""

import random
import string
import unicodedata
from collections.abc import Iterator

from email_validator import validate_email

from libraries.email_addresses import ENDS

_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def library_key(text: str) -> str | None:
    """The key that follows from email-validator's own result for this very text, or None where it refuses."""
    try:
        result = validate_email(
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
    except ValueError:
        return None
    local_part = unicodedata.normalize("NFC", result.local_part.translate(_LOWER))
    return f"{local_part}@{result.ascii_domain}"


def is_deliberately_refused(text: str) -> bool:
    """Where `parse` is stricter: a full-width twin of ASCII, an ideographic full stop, and what no ending can be."""
    return any("！" <= character <= "～" or character in "。｡" for character in text) or _has_impossible_ending(text)


def _has_impossible_ending(text: str) -> bool:
    """An ending of one letter, or one that has ASCII letters and letters of a script other than Latin."""
    try:
        domain = validate_email(text, check_deliverability=False, strict=True).domain
    except ValueError:
        return False
    ending = domain.split(".")[-1]
    latin = any(map(str.isascii, filter(str.isalpha, ending))) or "LATIN" in unicodedata.name(ending[0], "")
    other = any(not unicodedata.name(letter, "").startswith("LATIN ") for letter in ending if letter.isalpha())
    return (len(ending) == 1 and ending.isascii()) or (latin and other)


def expected_key(text: str) -> str | None:
    """The verdict that is due: the library's on the text without its ends, but for those classes."""
    text = text.strip(ENDS)
    return None if is_deliberately_refused(text) else library_key(text)


_LOCAL_PARTS = [
    *(
        "a",
        "user",
        "first.last",
        "Info",
        "POSTMASTER",
        "user+tag",
        "o'brien",
        "x_y-z",
        "1.2.3",
        "a/b=c",
        "{x}",
    ),
    *("!#$%&'*+-/=?^_`{|}~", "이름", "田中", "ñandú", "n\u0303", "H\u0331", "İ", "i", "straße", "x" * 63),
    *("x" * 64, "x" * 65, '"quoted"', "a..b", ".a", "a.", "a b", "", "한" * 40, "xn--a", "\u212a"),
]
_DOMAINS = [
    *(
        "example.com",
        "EXAMPLE.Org",
        "mail.example.net",
        "a.b.c.example.com",
        "x-y.example.com",
        "1.example.com",
    ),
    *("xn--3e0b707e.example.com", "한국.example.com", "例え.example.com", "bücher.example.org", "xn--0.com"),
    *(
        "faß.example.com",
        "fass.example.com",
        "xn--fa-hia.example.com",
        "XN--BCHER-KVA.example.org",
        "e--x.com",
    ),
    *(
        "example",
        "localhost",
        "x.test",
        "x.local",
        "-a.example.com",
        "a-.example.com",
        "1.2.3.4",
        "[1.2.3.4]",
    ),
    *("example..com", ".example.com", "example.com.", "example.c0m", "example.co1", "", "a_b.example.com"),
    *(
        "אב.example.com",
        "1.אב.example.com",
        "y" * 63 + ".example.com",
        "y" * 64 + ".example.com",
        "ℓ.example.com",
    ),
    *(
        ".".join(["z" * 50] * 4) + ".com",
        "中" * 50 + ".com",
        "xn--fiq" + "a" * 49 + ".com",
        ".".join(["xn--fiq" + "a" * 34] * 2) + ".com",
        "ⓔ.example.com",
    ),
]
_NOISE = (
    string.ascii_letters
    + string.digits
    + "@@@...---___+'\"\\()<>[]:;, \t\n\x00\x07\x7f\x85\xa0\xad"
    + "éßİıſK한글日本\u0301\u0331\u0338\u200b\u200d\u2028\u202e\u3000\ufeff\ufffd\ufffe\ud800\udfff\U0001f600"
    + "＠．，ａＡ１。｡・ー①℀⒈․ﬁ\u037e\u1fef\u06dd٠۰\U000e0001\U0010ffff"
)


def near_addresses(seed: int, count: int) -> Iterator[str]:
    """Texts that are addresses or nearly so, many for the fast path; the same ones for the same seed."""
    random_ = random.Random(seed)
    plain = string.ascii_letters + string.digits + "_+'-"
    edge = string.ascii_letters + string.digits + '.-_@+ !,"'
    for _ in range(count):
        kind = random_.random()
        if kind < 0.5:
            alphabet = plain if kind < 0.2 else edge
            local_part = "".join(random_.choices(alphabet, k=random_.choice((1, 3, 8, 12, 63, 64, 65))))
            domain = random_.choice(_DOMAINS) if kind < 0.35 else "".join(random_.choices("aB1.-x", k=9)) + ".com"
            text = f"{local_part}@{domain}"
        else:
            text = f"{random_.choice(_LOCAL_PARTS)}@{random_.choice(_DOMAINS)}"
        for _ in range(random_.choice((0, 0, 1, 1, 2, 4))):
            position = random_.randrange(len(text) + 1)
            kept = random_.choice((position, position + 1))
            text = text[:position] + random_.choice(_NOISE) + text[kept:]
        yield text
