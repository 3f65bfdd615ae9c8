"""The user guide of docs/user-guide, as pages of the product, in the language of the user."""

import re
from pathlib import Path
from typing import Final

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

_DOCS: Final = Path(settings.BASE_DIR) / "docs"
_INLINE: Final = (
    (re.compile(r"\*\*(.+?)\*\*"), r"<strong>\1</strong>"),
    (re.compile(r"\*(.+?)\*"), r"<em>\1</em>"),
    (re.compile(r"`(.+?)`"), r"<code>\1</code>"),
    # Links lead to files beside this one, which are no pages here.
    (re.compile(r"\[([^\]]+)\]\([^)]+\)"), r"\1"),
)


@require_GET
@login_required
def user_guide(request: HttpRequest) -> HttpResponse:
    text = (_DOCS / "user-guide" / f"{get_language() or 'en'}.md").read_text()
    return render(request, "guide.html", {"guide": _as_html(text)})


def _as_html(text: str) -> SafeString:
    """Headings, paragraphs, lists and tables: what the guide is written with. Our own text, escaped all the same."""
    blocks = re.split(r"\n{2,}", text.strip())
    # The title is the page's own, and what follows it leads to the other languages.
    return SafeString("\n".join(_block(block) for block in blocks[2:]))


def _block(block: str) -> str:
    if block.startswith("!["):
        return ""  # a picture of the screen that the user has before them
    if block.startswith("#"):
        marks, _, title = block.partition(" ")
        return f"<h{len(marks)}>{_inline(title)}</h{len(marks)}>"
    if block.startswith("- "):
        items = re.split(r"\n(?=- )", block)
        return "<ul>" + "".join(f"<li>{_inline(item[2:])}</li>" for item in items) + "</ul>"
    if block.startswith("|"):
        return _table(block.splitlines())
    return f"<p>{_inline(block)}</p>"


def _table(lines: list[str]) -> str:
    rows = [[_inline(cell.strip()) for cell in line.strip("|").split("|")] for line in lines]
    head = "".join(f'<th scope="col">{cell}</th>' for cell in rows[0])
    # The second line only separates.
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows[2:])
    return f'<table class="data"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _inline(text: str) -> str:
    html = str(escape(" ".join(text.split())))
    for pattern, replacement in _INLINE:
        html = pattern.sub(replacement, html)
    return html
