"""A mail as text: for the preview of it, and to see whether it says anything besides pictures."""

import re
from html.parser import HTMLParser
from typing import Final

_BLOCKS: Final = {"p", "div", "tr", "table", "ul", "ol", "blockquote", "pre", "dl", "section", "article", "header"}
_HEADINGS: Final = {"h1", "h2", "h3", "h4", "h5", "h6"}
_UNSEEN: Final = {"script", "style", "title", "head", "template", "noscript"}


def text_of(html: str) -> str:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._unseen = 0
        self._links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in _UNSEEN:
            self._unseen += 1
        elif tag == "br":
            self._parts.append("\n")
        elif tag == "li":
            self._parts.append("\n- ")
        elif tag == "hr":
            self._parts.append("\n\n---\n\n")
        elif tag == "img":
            self._parts.append(f" {given.get('alt') or ''} ")
        elif tag == "a":
            self._links.append(given.get("href") or "")
        elif tag in ("td", "th"):
            self._parts.append(" ")
        elif tag in _BLOCKS or tag in _HEADINGS:
            self._parts.append("\n\n" if tag in _HEADINGS or tag == "p" else "\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif tag == "a" and self._links:
            address = self._links.pop()
            if address and not address.startswith("#"):
                self._parts.append(f" ({address})")
        elif tag in _BLOCKS or tag in _HEADINGS:
            self._parts.append("\n\n" if tag in _HEADINGS or tag == "p" else "\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self._parts.append(re.sub(r"[ \t\r\n\f]+", " ", data))

    def text(self) -> str:
        lines = [re.sub(r" +", " ", line).strip(" ") for line in "".join(self._parts).split("\n")]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
