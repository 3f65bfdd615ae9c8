"""Pasted text, cut into entries: one for each thing that may be an address, and nothing lost on the way."""

import re
from typing import Final
from urllib.parse import unquote

from libraries.email_addresses.characters import ENDS

# Separators are white space of every kind, comma and semicolon, and their East Asian forms: Korean and
# Japanese input methods leave ， ； and 、, and addresses are copied with them. A display name ends at a hard
# one (all but the space).
_COMMAS: Final = ",，、､﹐"
_SEPARATORS: Final = rf"\s;；﹔{_COMMAS}"
_SPACE: Final = r"[^\S\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]"

# Endings that turn `user@naver,com` into one entry with a slip in it instead of two that make no sense.
_ENDINGS: Final = r"com|net|org|info|biz|io|me|tv|cn|tw|vn|sg|kr|jp|(?:co|ne|or|go|ac|re|pe|ed|ad|gr)\.(?:kr|jp)"

# Every alternative either takes what it looked at or gives up before the next quote, bracket or line end,
# and the quantifiers are possessive. So each character is looked at a bounded number of times, whatever the
# text.
_BRACKETED: Final = r"[<＜][^<>＜＞\n\r]*+[>＞]"
_TOKEN: Final = re.compile(
    rf"""
      (?P<slip>[,，](?:{_ENDINGS})(?=["'>＞”’]?(?:[{_SEPARATORS}]|\Z)))
    | (?P<space>{_SPACE}++)
    | (?P<hard>[{_SEPARATORS}]++)
    | (?P<bracketed>{_BRACKETED})
    | (?P<quoted>(?:"(?:[^"\\\n\r]|\\[^\n\r])*+"|'[^'<>\n\r]*+'|“[^“”\n\r]*+”)(?={_SPACE}*+{_BRACKETED}))
    | (?P<word>[^<＜{_SEPARATORS}]++|[<＜])
    """,
    re.VERBOSE | re.IGNORECASE,
)

# The domain of a word that has none of its dots: what stands before `,com`.
_DOTLESS_DOMAIN: Final = re.compile(r"[@＠][^@＠.．。,，]+\Z")
_WRAPPERS: Final = {'"': '"', "'": "'", "“": "”", "‘": "’"}
_HAS_AT: Final = re.compile(r"\S[@＠]\S")
_MAILTO: Final = "mailto:"


def split(text: str) -> list[str]:
    """The entries of a pasted text, in order, ends stripped, blank ones dropped. No address is judged here.

    Entries stand between tabs, spaces, line ends of every kind, commas and semicolons, full-width ones too.
    Read as one entry, the address in it:
    - `Name <a@b.c>`, `"Last, First" <a@b.c>`, `<a@b.c>`, `a@b.c <a@b.c>`, `a@b.c<mailto:a@b.c>`. The name is
      dropped, but only when an address in brackets follows on its line; it reaches back to the last tab,
      comma, semicolon or address.
    - `mailto:a@b.c?subject=x`, and an address in quotes, `"a@b.c"`, as a CSV file has it.
    - `user@naver,com`: the comma is taken for a dot that was mistyped when nothing stands around it, no dot
      stands between the @ and it, and an ending such as `com` or `co.kr` follows, alone. The entry keeps its
      comma, so it is reported as invalid, and `suggest` proposes the repair.

    Nothing else is dropped: a word that is no address is an entry too, so that the user sees it reported.
    Unbalanced quotes and brackets are ordinary characters. The work grows linearly with the text.
    """
    entries: list[str] = []
    name_start = 0  # entries from here on may belong to a display name
    quoted_name = -1  # the entry that was quoted before a bracket, a name even if there is an @ in it
    word_start = -1

    def end_word(position: int) -> None:
        nonlocal word_start
        if word_start >= 0:
            entry = _unwrap(text[word_start:position])
            word_start = -1
            if entry:
                entries.append(entry)

    for token in _TOKEN.finditer(text):
        kind, start = token.lastgroup, token.start()
        if kind == "slip" and not (word_start >= 0 and _DOTLESS_DOMAIN.search(text, word_start, start)):
            # An ordinary comma, with a word after it that happens to be an ending.
            end_word(start)
            name_start = len(entries)
            word_start = start + 1
        elif kind in ("word", "slip"):
            if word_start < 0:
                word_start = start
        elif kind == "space":
            end_word(start)
        elif kind == "hard":
            end_word(start)
            name_start = len(entries)
        elif kind == "quoted":
            end_word(start)
            quoted_name = len(entries)
            entries.append(token[0])
        else:
            end_word(start)
            inner = _bracketed_entries(token[0])
            if len(inner) == 1:
                _drop_name(entries, name_start, quoted_name, inner[0])
            entries.extend(inner or [token[0]])
            if inner:
                name_start = len(entries)
    end_word(len(text))
    return entries


def _bracketed_entries(bracketed: str) -> list[str]:
    """The entries in the brackets, or none where nothing there looks like an address: they are only text."""
    inside = bracketed[1:-1]
    return split(inside) if _HAS_AT.search(inside) else []


def _drop_name(entries: list[str], name_start: int, quoted_name: int, address: str) -> None:
    """Take the display name off the end: a quoted text, words without @, and the address itself again."""
    while len(entries) > name_start:
        last = entries[-1]
        is_name = len(entries) - 1 == quoted_name or ("@" not in last and "＠" not in last)
        if not is_name and last.lower() != address.lower():
            return
        entries.pop()


def _unwrap(word: str) -> str:
    """A word without what only surrounds an address: invisible ends, quotes, `mailto:` and its headers."""
    word = word.strip(ENDS)
    if word and _WRAPPERS.get(word[0]) == word[-1] and _HAS_AT.search(word):
        word = word[1:-1].strip(ENDS)
    if word[: len(_MAILTO)].lower() == _MAILTO and "@" in word:
        return _address_of_mailto(word[len(_MAILTO) :])
    return word


def _address_of_mailto(link: str) -> str:
    """The address in what follows `mailto:` (RFC 6068): before the `?` of the headers, percent signs decoded.

    A `?` before the @ belongs to the address. A percent sign that decodes to no text stays as it is.
    """
    local_part, _, rest = link.partition("@")
    address = f"{local_part}@{rest.partition('?')[0]}"
    try:
        return unquote(address, errors="strict").strip(ENDS)
    except UnicodeDecodeError:
        return address
