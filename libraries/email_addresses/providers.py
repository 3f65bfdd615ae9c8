"""Mail providers of Korea, Japan and the world, and what their names become under hurried fingers.

False alarms are worse than misses here: many real domains are one letter from a provider's. So a slip must
be one that fingers make on a keyboard, its first letter must be right, and the lists of what is never
touched come first.
"""

from collections.abc import Iterator
from typing import Final


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# The providers whose names are worth mending: those that most addresses of a Korean or Japanese list are at.
MENDED: Final = _names(
    """
    naver.com hanmail.net daum.net kakao.com nate.com
    yahoo.co.jp docomo.ne.jp ezweb.ne.jp softbank.ne.jp i.softbank.jp
    gmail.com yahoo.com yahoo.co.kr outlook.com hotmail.com icloud.com live.com
    """
)

# Real mail domains that nobody is asked about, the providers above included.
KNOWN: Final = MENDED | _names(
    """
    korea.com korea.kr lycos.co.kr dreamwiz.com empal.com empas.com paran.com chol.com hanafos.com
    freechal.com unitel.co.kr hitel.net netian.com hotmail.co.kr navercorp.com kakaocorp.com au.com
    ymobile.ne.jp uqmobile.jp vodafone.ne.jp disney.ne.jp willcom.com pdx.ne.jp rakumail.jp hotmail.co.jp
    live.jp outlook.jp ymail.ne.jp nifty.com biglobe.ne.jp ocn.ne.jp so-net.ne.jp plala.or.jp goo.jp
    goo.ne.jp excite.co.jp infoseek.jp googlemail.com ymail.com rocketmail.com aol.com me.com mac.com msn.com
    outlook.kr outlook.co.kr live.co.kr live.co.uk hotmail.co.uk hotmail.fr yahoo.co.uk yahoo.fr yahoo.de
    yahoo.co.in gmx.com gmx.net gmx.de web.de mail.com email.com mail.ru yandex.ru yandex.com proton.me
    protonmail.com pm.me fastmail.com zoho.com qq.com 163.com 126.com sina.com foxmail.com
    """
)

# Real domains that the rule below would take for a slip.
_REAL_NEIGHBOURS: Final = _names(
    """
    anver.com gail.com gmil.com kaka.com kakai.com kakak.com kakaoi.com kakap.com kakapo.com kako.com
    nager.com naved.com navet.com yaho.com
    """
)

# The mail servers of these carriers once gave out local parts with a dot before the @ or two in a row, and
# people still have them. Without the dot, the address is somebody else's.
DOT_TOLERANT: Final = frozenset(
    {"docomo.ne.jp", "ezweb.ne.jp", "au.com", "softbank.ne.jp", "vodafone.ne.jp", "ymobile.ne.jp"}
)

# Endings that do not exist (IANA's list of 3 October 2026; a test reads a newer one) and what was meant.
# Never here: .co, .cm, .om, .ne, .et, .jo, .lr and .bet, which exist.
ENDINGS: Final = {
    slip: meant
    for meant, slips in {
        "com": "con cmo ocm comm ccom coom conm comn cpm cim clm vom xom cvom xcom ciom c0m cop comt ckm cmm",
        "net": "nte ent ner nett neet netl netr nwt nrt ney",
        "org": "ogr rog orgg",
        "kr": "kt krr rk kro",
        "jp": "jpp pj",
        "co.kr": "cokr",
        "or.kr": "orkr",
        "ac.kr": "ackr",
        "go.kr": "gokr",
        "co.jp": "cojp",
        "ne.jp": "nejp",
        "or.jp": "orjp",
    }.items()
    for slip in slips.split()
}

_KEYBOARD: Final = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_SHORTEST_LABEL_WITH_ANY_SLIP: Final = 5


def _neighbouring_keys() -> dict[str, str]:
    """For each letter those that a finger hits instead: left, right, above and below it on a keyboard."""
    place = {key: (row, column) for row, keys in enumerate(_KEYBOARD) for column, key in enumerate(keys)}

    def near(key: str, other: str) -> bool:
        (row, column), (other_row, other_column) = place[key], place[other]
        if row == other_row:
            return abs(column - other_column) == 1
        # Each row stands half a key to the right of the one above it.
        upper, lower = (column, other_column) if row < other_row else (other_column, column)
        return abs(row - other_row) == 1 and lower in (upper, upper - 1)

    return {key: "".join(other for other in place if near(key, other)) for key in place}


_NEAR: Final = _neighbouring_keys()


def _slips_of(label: str) -> Iterator[str]:
    """What a label becomes by one slip: letters exchanged, one missing, doubled, or with a near key hit too.

    The first letter stays, except that it may change places with the second. Labels of four letters have too
    many real neighbours (nate, mate, date): only an exchange counts, and not of the first. Shorter ones have
    none.
    """
    is_short = len(label) < _SHORTEST_LABEL_WITH_ANY_SLIP
    if len(label) < _SHORTEST_LABEL_WITH_ANY_SLIP - 1:
        return
    for index in range(1 if is_short else 0, len(label) - 1):
        yield label[:index] + label[index + 1] + label[index] + label[index + 2 :]
    if is_short:
        return
    for index in range(1, len(label)):
        yield label[:index] + label[index + 1 :]
        for near in _NEAR[label[index]]:
            yield label[:index] + near + label[index + 1 :]
    for index, letter in enumerate(label):
        following = label[index + 1 : index + 2]
        for joined in {letter, *_NEAR[letter], *_NEAR.get(following, "")}:
            yield label[: index + 1] + joined + label[index + 1 :]


def _slipped_domains() -> dict[str, str]:
    meant: dict[str, set[str]] = {}
    for provider in MENDED:
        label, dot, ending = provider.partition(".")
        for slip in _slips_of(label):
            meant.setdefault(slip + dot + ending, set()).add(provider)
    never = KNOWN | _REAL_NEIGHBOURS
    return {slip: providers.pop() for slip, providers in meant.items() if len(providers) == 1 and slip not in never}


def _dotless_domains() -> dict[str, str]:
    """`navercom`, and `naver` where no other known domain has that label."""
    run_together = {provider.replace(".", ""): provider for provider in MENDED}
    labels = [label for domain in KNOWN for label in domain.split(".")]
    first_labels = {provider.partition(".")[0]: provider for provider in MENDED}
    cut_short = {label: provider for label, provider in first_labels.items() if labels.count(label) == 1}
    del cut_short["i"]  # i.softbank.jp
    return run_together | cut_short


# About 950 misspelt domains, so that a check is one look-up however many addresses are pasted.
# The endings .co and .cm exist, but gmail under them is always gmail.com.
SLIPPED: Final = _slipped_domains() | {"gmail.co": "gmail.com", "gmail.cm": "gmail.com"}
DOTLESS: Final = _dotless_domains()
