"""Checks of a mail's content before sending: errors and warnings.

A finding is a code with what a sentence about it needs; the sentences are in `views.compose.check_sentences`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from html.parser import HTMLParser
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from mailings import limits
from mailings.services.content import placeholders
from mailings.services.content.plain_text import text_of
from mailings.services.content.sanitising import scheme_of

# The service writes this mark itself. Other spellings of it are forbidden, because filters would not find them.
ADVERTISING_MARK: Final = "(광고)"
_DISGUISED_MARK: Final = re.compile(r"[(\[{（［【]\s*광\W{0,3}고\s*[)\]}）］】]|^\s*광고\W")
_ACTIVE_TAGS: Final = frozenset(
    {"script", "iframe", "object", "embed", "applet", "form", "input", "select", "textarea"}
)
_LINK_SCHEMES: Final = frozenset({"http", "https", "mailto", "tel"})
# Characters that turn the direction of what follows: a link or a subject can look like another one.
_BIDI: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
_LISTED_MOST: Final = 5


class Place(StrEnum):
    """The part of the draft that a finding is about."""

    SENDER = "sender"
    SUBJECT = "subject"
    RECIPIENTS = "recipients"
    BODY = "body"
    VALUES = "values"
    ATTACHMENTS = "attachments"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Finding:
    """`blocks`: the mail cannot be sent as it is. `detail` holds numbers and texts for the sentence."""

    code: str
    place: Place
    blocks: bool
    detail: dict[str, Any] = field(default_factory=dict)


def check_subject(subject: str, *, is_advertising: bool) -> Iterator[Finding]:
    if not subject.strip():
        yield Finding("subject_missing", Place.SUBJECT, blocks=True)
        return
    if re.search(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]", subject.strip()):
        yield Finding("subject_lines", Place.SUBJECT, blocks=True)
    if _BIDI.search(subject):
        yield Finding("subject_direction", Place.SUBJECT, blocks=True)
    if ADVERTISING_MARK in subject:
        code = "subject_mark_doubled" if is_advertising else "subject_mark_on_general"
        yield Finding(code, Place.SUBJECT, blocks=is_advertising)
    elif _DISGUISED_MARK.search(subject):
        yield Finding("subject_mark_disguised", Place.SUBJECT, blocks=True)
    if len(subject) > limits.SUBJECT_SHOWN_CHARACTERS:
        yield Finding("subject_long", Place.SUBJECT, blocks=False, detail={"characters": len(subject)})
    letters = [character for character in placeholders.MARK.sub("", subject) if character.isalpha()]
    if len(letters) > 5 and all(letter.isupper() for letter in letters):
        yield Finding("subject_capitals", Place.SUBJECT, blocks=False)


def check_marks(subject: str, body: str) -> Iterator[Finding]:
    for place, text in ((Place.SUBJECT, subject), (Place.BODY, body)):
        if unreadable := placeholders.unreadable_in(text):
            yield Finding("mark_unreadable", place, blocks=True, detail={"texts": unreadable[:_LISTED_MOST]})
    names = placeholders.names_in(subject, body)
    if len(names) > limits.PLACEHOLDERS_MOST:
        detail = {"count": len(names), "most": limits.PLACEHOLDERS_MOST}
        yield Finding("marks_too_many", Place.BODY, blocks=True, detail=detail)


def check_body(html: str) -> Iterator[Finding]:
    """The typed body, before layout and footer."""
    seen = _Scan()
    seen.feed(html)
    seen.close()
    words = text_of(html)
    if not words and not seen.pictures:
        yield Finding("body_empty", Place.BODY, blocks=True)
        return
    if not re.search(r"\w", _without_pictures(html)):
        yield Finding("body_only_pictures", Place.BODY, blocks=False)
    if seen.active:
        yield Finding("body_active", Place.BODY, blocks=True, detail={"tags": sorted(seen.active)})
    if seen.handlers:
        yield Finding("body_handlers", Place.BODY, blocks=True, detail={"names": sorted(seen.handlers)[:_LISTED_MOST]})
    if seen.style_sheets:
        yield Finding("body_style_sheets", Place.BODY, blocks=False)
    if _BIDI.search(html):
        yield Finding("body_direction", Place.BODY, blocks=False)
    yield from _check_links(seen.links)
    yield from _check_pictures(seen.pictures)


def check_size(*, subject_bytes: int, body_bytes: int, is_advertising: bool) -> Iterator[Finding]:
    """Both as the recipient with the longest values gets them; the body with layout, footer and text of refusal."""
    most = limits.SUBJECT_BYTES - (limits.ADVERTISING_MARK_BYTES if is_advertising else 0)
    if subject_bytes > most:
        yield Finding("subject_too_long", Place.SUBJECT, blocks=True, detail={"bytes": subject_bytes, "most": most})
    if body_bytes > limits.DRAFT_BODY_BYTES:
        detail = {"bytes": body_bytes, "most": limits.DRAFT_BODY_BYTES}
        yield Finding("body_too_long", Place.BODY, blocks=True, detail=detail)
    elif body_bytes > limits.BODY_SHOWN_WHOLE_BYTES:
        yield Finding("body_cut_off", Place.BODY, blocks=False, detail={"bytes": body_bytes})


def _check_links(links: list[str]) -> Iterator[Finding]:
    wrong: dict[str, list[str]] = {}
    for link in links:
        if code := _link_fault(link):
            wrong.setdefault(code, []).append(link[:80])
    for code, found in wrong.items():
        detail = {"count": len(found), "texts": found[:_LISTED_MOST]}
        yield Finding(code, Place.BODY, blocks=code != "link_unencrypted", detail=detail)


def _link_fault(link: str) -> str:
    link = link.strip()
    if not link or link == "#":
        return "link_empty"
    if link.startswith("#") or placeholders.MARK.match(link):
        return ""
    scheme = scheme_of(re.sub(r"[\x00-\x20]", "", link))
    if scheme not in _LINK_SCHEMES:
        return "link_relative" if not scheme else "link_scheme"
    if scheme in {"http", "https"} and _is_local(link):
        return "link_local"
    return "link_unencrypted" if scheme == "http" else ""


def _check_pictures(pictures: list[tuple[str, str | None]]) -> Iterator[Finding]:
    wrong: dict[str, list[str]] = {}
    for address, alternative in pictures:
        if placeholders.MARK.match(address.strip()):
            continue
        if scheme_of(address) != "https" or _is_local(address):
            wrong.setdefault("picture_address", []).append(address[:80])
        elif alternative is None or not alternative.strip():
            wrong.setdefault("picture_without_text", []).append(address[:80])
    for code, found in wrong.items():
        detail = {"count": len(found), "texts": found[:_LISTED_MOST]}
        yield Finding(code, Place.BODY, blocks=code == "picture_address", detail=detail)


def _is_local(address: str) -> bool:
    """Whether only the sender's own network, or nobody, could open it."""
    try:
        host = (urlsplit(address.strip()).hostname or "").rstrip(".")
    except ValueError:
        return True
    if placeholders.MARK.search(address) and not host:
        return False
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith((".local", ".localhost", ".internal", ".lan"))


def _without_pictures(html: str) -> str:
    return text_of(re.sub(r"<img\b[^>]*>", " ", html, flags=re.IGNORECASE))


class _Scan(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self.pictures: list[tuple[str, str | None]] = []
        self.active: set[str] = set()
        self.handlers: set[str] = set()
        self.style_sheets = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.handlers |= {name for name in given if name.startswith("on")}
        if tag in _ACTIVE_TAGS:
            self.active.add(tag)
        elif tag == "a" and "href" in given:
            self.links.append(given["href"] or "")
        elif tag == "img":
            self.pictures.append((given.get("src") or "", given.get("alt")))
        elif tag == "link" and "stylesheet" in (given.get("rel") or "").lower():
            self.style_sheets = True
