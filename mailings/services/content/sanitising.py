"""What a preview shows of a mail: nothing that runs, nothing that asks another server unless a person wants pictures.

Mail programs strip the same things. What is sent is not changed: `checking` says what they will strip.
"""

from typing import Final
from urllib.parse import urlsplit

import css_inline
import nh3

_STYLED: Final = {"style", "align", "valign", "width", "height", "bgcolor", "border", "dir", "lang", "title", "role"}
_TAGS: Final = {
    *("center", "font", "div", "span", "p", "br", "hr", "wbr"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd", "blockquote", "pre", "code"),
    *("a", "b", "strong", "i", "em", "u", "s", "del", "ins", "small", "big", "sub", "sup", "mark", "img"),
    *("table", "caption", "colgroup", "col", "thead", "tbody", "tfoot", "tr", "td", "th"),
}
_ATTRIBUTES: Final = {
    "*": _STYLED,
    "a": {"href", "target", "name"},
    "img": {"src", "alt"},
    "table": {"cellpadding", "cellspacing"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "ol": {"start", "type"},
    "font": {"color", "face", "size"},
    "col": {"span"},
    "colgroup": {"span"},
}
_LINKS: Final = {"http", "https", "mailto", "tel"}
_INLINER: Final = css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=False, keep_link_tags=False)


def for_preview(html: str, *, with_pictures: bool) -> str:
    """The mail for a sandboxed frame. Without pictures their alternative texts take their places.

    Rules of `<style>` elements become attributes, as far as they can; the elements themselves go.
    """

    def allowed(tag: str, attribute: str, value: str) -> str | None:
        if tag == "img" and attribute == "src":
            return value if with_pictures and is_picture_address(value) else None
        if attribute == "href":
            return value if scheme_of(value) in _LINKS or value.startswith("#") else None
        if attribute == "style":
            # A background picture would be fetched as an `img` is.
            return None if "url(" in value.lower() or "expression(" in value.lower() or "\\" in value else value
        return value

    return nh3.clean(
        _INLINER.inline(html),
        tags=_TAGS,
        clean_content_tags={"script", "style", "title", "noscript", "template", "iframe", "object", "svg", "math"},
        attributes=_ATTRIBUTES,
        attribute_filter=allowed,
        url_schemes=_LINKS,
        link_rel="noopener noreferrer nofollow",
    )


def is_picture_address(address: str) -> bool:
    return scheme_of(address) == "https"


def scheme_of(address: str) -> str:
    try:
        return urlsplit(address.strip()).scheme.lower()
    except ValueError:
        return ""
