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
_AT: Final = re.compile(r"[@＠]")
_HAS_AT: Final = re.compile(r"\S[@＠]\S")
_LINE_END: Final = re.compile(r"[\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+")
_SCHEME: Final = re.compile(r"""\A(?:=HYPERLINK\()?["'“‘(\[=]{0,3}(?:mailto|smtp):""", re.IGNORECASE)

# A domain has neither of these, so what follows them is another piece; before the @ they may belong to an address.
_AFTER_DOMAIN: Final = re.compile(r"([@＠][^@＠/|:｜／\s]++)(?:[/|｜／]++|:::)")

# What surrounds an address in lists, and is no part of one. An apostrophe may begin a local part, but in a list it
# keeps a spreadsheet program from making a link; no real address begins with one.
_OPENING: Final = "\"'“‘”’([<＜（「『【〔《〈•‣·・∙●○◦■□▪▫◆◇▶▷►★☆※✓✔→–—①②③④⑤⑥⑦⑧⑨⑩,;:|"
_CLOSING: Final = "\"'“‘”’)]}>＞）」』】〕》〉.…!?:,;|·"
_OPENED: Final = re.compile(r"[(\[（「『【<＜]")
# `[a@example.com](mailto:a@example.com)`, as chats and wikis copy a link.
_LINKED: Final = re.compile(r"\[([^\[\]@＠]++[@＠][^\[\]@＠]++)\]\([^()]*+\)[.,;:!?]*+")
# `EMAIL;TYPE=INTERNET:a@example.com`, `{"email":"a@example.com"`: no address has a colon. A link is none: `https://`.
_COLON_LABEL: Final = re.compile(r"\A[^@＠:]++:(?!//)(?=[^@＠:]*+[@＠])")
# `홍길동|hong@example.com`, `이메일:hong@example.com`: after letters that are not ASCII these signs end a name.
_LABEL: Final = re.compile(r"\A[^@＠|/:：｜／]*[^\x00-\x7f|/:：｜／@＠][^@＠|/:：｜／]*[|/:：｜／](?=\S*[@＠])")
_IN_PARENTHESES: Final = re.compile(r"[^@＠()（）]*+[(（]([^@＠()（）]++[@＠][^@＠()（）]++)[)）][.,;:!?]*+")


def split(text: str) -> list[str]:
    """The entries of a pasted text, in order, ends stripped, blank ones dropped. No address is judged here.

    Entries stand between tabs, spaces, line ends of every kind, commas and semicolons, full-width ones too, and `/`,
    `|` and `:::` after an address. Read as one entry, the address in it:
    - `Name <a@b.c>`, `Last, First <a@b.c>`, `<a@b.c>`, `a@b.c <a@b.c>`, `a@b.c<mailto:a@b.c>`, `Name(a@b.c)`.
    - `mailto:a@b.c?subject=x`, `"a@b.c"`, `'a@b.c`, `="a@b.c"`, `(a@b.c).`, `•a@b.c`, without the signs around it.
    - `user@naver,com`: the comma is taken for a dot that was mistyped when nothing stands around it, no dot
      stands between the @ and it, and an ending such as `com` or `co.kr` follows, alone. The entry keeps its
      comma, so it is reported as invalid, and `suggest` proposes the repair.

    On a line that has an address, a piece without an @ is no entry: a name, a number, another cell of a spreadsheet.
    Neither is the first line of a pasted spreadsheet without an address, its headings; a later one is one entry.
    On any other line every word is an entry, so that it is reported. The work grows linearly with the text.
    """
    lines = [(line, _line_entries(line)) for line in _LINE_END.split(text) if line.strip(ENDS)]
    has_addresses = [any(map(_HAS_AT.search, entries)) for _, entries in lines]
    is_list_of_addresses = any(has_addresses)
    found: list[str] = []
    for index, (line, entries) in enumerate(lines):
        if has_addresses[index]:
            found.extend(entry for entry in entries if "@" in entry or "＠" in entry)
        elif is_list_of_addresses and "\t" in line.strip(" "):
            found.extend(entries[:1] if index else ())
        else:
            found.extend(entries)
    return found


def split_cell(text: str) -> list[str]:
    """The entries of one cell. One without an address is an entry as a whole, so that it can be reported and mended."""
    entries = [entry for entry in split(text) if _HAS_AT.search(entry)]
    return entries or [text.strip(ENDS)]


def _line_entries(text: str) -> list[str]:
    entries: list[str] = []
    name_start = 0  # entries from here on may belong to a display name
    quoted_name = -1  # the entry that was quoted before a bracket, a name even if there is an @ in it
    word_start = -1

    def end_word(position: int) -> None:
        nonlocal word_start
        if word_start >= 0:
            entries.extend(_pieces(text[word_start:position]))
            word_start = -1

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


def _pieces(word: str) -> list[str]:
    """The word unwrapped; several where `/`, `|` or `:::` follow the domain of an address."""
    if _HAS_AT.search(word) and _AFTER_DOMAIN.search(word):
        parts = [part for part in _AFTER_DOMAIN.sub(r"\1\n", word).split("\n") if _HAS_AT.search(part)]
        return [entry for part in parts if (entry := _unwrap(part))]
    entry = _unwrap(word)
    return [entry] if entry else []


def _bracketed_entries(bracketed: str) -> list[str]:
    """The entries in the brackets, or none where nothing there looks like an address: they are only text."""
    inside = bracketed[1:-1]
    return _line_entries(inside) if _HAS_AT.search(inside) else []


def _drop_name(entries: list[str], name_start: int, quoted_name: int, address: str) -> None:
    """Take the display name off the end: a quoted text, words without @, and the address itself again."""
    while len(entries) > name_start:
        last = entries[-1]
        is_name = len(entries) - 1 == quoted_name or ("@" not in last and "＠" not in last)
        if not is_name and last.lower() != address.lower():
            return
        entries.pop()


def _unwrap(word: str) -> str:
    """A word without what only surrounds an address: invisible ends, quotes, brackets, `mailto:`, punctuation."""
    word = word.strip(ENDS)
    if not word or not _HAS_AT.search(word):
        return word
    link = _SCHEME.search(word)
    if link:
        return _unwrap_ends(_address_of_mailto(word[link.end() :].rstrip(_CLOSING)))
    named = _IN_PARENTHESES.fullmatch(word) or _LINKED.fullmatch(word)
    if named:
        return _unwrap_ends(named[1])
    label = _LABEL.match(word) or _COLON_LABEL.match(word)
    return _unwrap_ends(word[label.end() :] if label else word)


def _unwrap_ends(word: str) -> str:
    if word.startswith('="'):
        word = word[1:]
    word = word.lstrip(_OPENING).lstrip(ENDS)
    opened = _OPENED.search(word)
    # A bracket that is opened within the word is left to `suggest`: what stands before it may belong to the address.
    return word if opened else word.rstrip(_CLOSING).rstrip(ENDS)


def _address_of_mailto(link: str) -> str:
    """The address in what follows `mailto:` (RFC 6068): before the `?` of the headers, percent signs decoded.

    A `?` before the @ belongs to the address. A percent sign that decodes to no text stays as it is.
    """
    at = _AT.search(link)
    headers = link.find("?", at.end()) if at else -1
    address = link[:headers] if headers >= 0 else link
    try:
        return unquote(address, errors="strict").strip(ENDS)
    except UnicodeDecodeError:
        return address
