"""The preview runs nothing, and fetches nothing unless pictures are wanted; and says as text what the mail says."""

import pytest

from mailings.services.content.plain_text import text_of
from mailings.services.content.sanitising import for_preview

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '<a href="java\tscript:alert(1)">x</a>',
    "<svg onload=alert(1)><script>1</script></svg>",
    '<iframe src="https://example.com/"></iframe>',
    '<form action="https://example.com/"><input name=a></form>',
    '<p style="background-image:url(https://example.com/a.png)">x</p>',
    '<p style="background:u\\72l(https://example.com/a.png)">x</p>',
    '<style>p{background:url(https://example.com/a.png)} @import "https://example.com/a.css";</style><p>x</p>',
    '<link rel="stylesheet" href="https://example.com/a.css">',
    '<table background="https://example.com/a.png"><tr><td>x</td></tr></table>',
    '<meta http-equiv="refresh" content="0;url=https://example.com/">',
    '<base href="https://example.com/"><img src="a.png">',
    '<video src="https://example.com/a.mp4" poster="https://example.com/a.png"></video>',
    '<img srcset="https://example.com/a.png 2x">',
    "<p><![CDATA[<script>1</script>]]><!--<script>1</script>-->",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>',
]


@pytest.mark.parametrize("html", HOSTILE)
@pytest.mark.parametrize("with_pictures", [False, True])
def test_nothing_runs_and_nothing_is_fetched(html: str, with_pictures: bool) -> None:
    shown = for_preview(html, with_pictures=with_pictures).lower()

    assert not [text for text in ("<script", "onerror", "onload", "javascript", "<iframe", "<form") if text in shown]
    assert not [text for text in ("url(", "@import", "<link", "<meta", "<base", "<video", "srcset") if text in shown]
    assert "background=" not in shown


def test_pictures_are_shown_when_they_are_wanted() -> None:
    html = '<img src="https://example.com/a.png" alt="A"><img src="http://example.com/b.png"><img src="data:x">'

    assert for_preview(html, with_pictures=False) == '<img alt="A"><img><img>'
    assert for_preview(html, with_pictures=True) == '<img src="https://example.com/a.png" alt="A"><img><img>'


def test_rules_of_style_elements_are_shown() -> None:
    shown = for_preview("<style>.a { color: #c00000 }</style><p class=a>x</p>", with_pictures=False)

    assert 'style="color: #c00000;"' in shown


def test_a_mail_as_text() -> None:
    html = (
        "<html><head><title>t</title><style>p{}</style></head><body><h1>Head</h1><p>One<br>two &amp; three</p>"
        '<ul><li>a</li><li>b</li></ul><p><a href="https://example.com/">Shop</a> <img alt="Logo"></p></body></html>'
    )
    assert text_of(html) == "Head\n\nOne\ntwo & three\n\n- a\n- b\n\nShop (https://example.com/) Logo"
