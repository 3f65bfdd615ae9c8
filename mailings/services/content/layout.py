"""The layout around a body from the simple editor, and the footer of advertising.

The editor keeps no base styles. They are written into `style` attributes here, because many mail programs drop
`<style>` elements. Nothing is loaded from elsewhere.
"""

from dataclasses import dataclass
from html import escape
from typing import Final

import css_inline

# Where the service puts the text of refusal; without it, the text would go to the very end.
UNSUBSCRIBE_MARK: Final = "#{UNSUBSCRIBE_MESSAGE}"

_FONTS: Final = (
    "-apple-system,'Segoe UI',Roboto,'Apple SD Gothic Neo','Malgun Gothic','Hiragino Sans','Yu Gothic UI',"
    "Meiryo,sans-serif"
)
_STYLES: Final = """
h1 { margin: 0 0 16px; font-size: 26px; line-height: 1.3; }
h2 { margin: 24px 0 12px; font-size: 21px; line-height: 1.3; }
h3 { margin: 20px 0 8px; font-size: 18px; line-height: 1.4; }
p { margin: 0 0 16px; }
ul, ol { margin: 0 0 16px; padding-left: 24px; }
li { margin: 0 0 4px; }
blockquote { margin: 0 0 16px; padding-left: 16px; border-left: 3px solid #cbd2d9; color: #52606d; }
hr { margin: 24px 0; border: 0; border-top: 1px solid #cbd2d9; }
"""
_PAGE: Final = (
    '<!DOCTYPE html>\n<html><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><style>{styles}</style></head>\n'
    '<body style="margin:0;padding:0"><table role="presentation" align="center" border="0" cellpadding="0" '
    'cellspacing="0" style="width:100%;max-width:640px;margin:0 auto">\n'
    f'<tr><td style="padding:24px 20px;font-family:{_FONTS};font-size:16px;line-height:1.6;color:#1f2933">'
    "{body}</td></tr>{footer}</table></body></html>\n"
)
_FOOTER_STYLE: Final = (
    f"padding:16px 20px 24px;border-top:1px solid #cbd2d9;font-family:{_FONTS};font-size:12px;line-height:1.6;"
    "color:#52606d"
)
_FOOTER_ROW: Final = '\n<tr><td style="' + _FOOTER_STYLE + '">{lines}</td></tr>'
_FOOTER_ALONE: Final = '<div style="' + _FOOTER_STYLE + '">{lines}</div>'
_INLINER: Final = css_inline.CSSInliner(
    load_remote_stylesheets=False, keep_style_tags=False, keep_link_tags=True, minify_css=False
)


@dataclass(frozen=True, slots=True)
class Footer:
    """The sender's five facts, which Korean law asks of advertising, and the place of the refusal."""

    company: str
    email: str
    telephone: str
    postal_address: str

    def html(self) -> str:
        facts = [self.company, self.postal_address, self.telephone, self.email]
        lines = [escape(" ".join(fact.split())) for fact in facts if fact.strip()]
        return "<br>".join([" · ".join(lines), UNSUBSCRIBE_MARK])


def laid_out(body: str, footer: Footer | None) -> str:
    """A whole document around a body of the simple editor, with all styles in place."""
    row = _FOOTER_ROW.replace("{lines}", footer.html()) if footer else ""
    page = _PAGE.replace("{styles}", _STYLES).replace("{footer}", row).replace("{body}", body)
    return _INLINER.inline(page)


def with_footer(html: str, footer: Footer | None) -> str:
    """Source that was typed, untouched but for the footer, which goes to the end of its body."""
    if footer is None:
        return html
    addition = _FOOTER_ALONE.replace("{lines}", footer.html())
    if UNSUBSCRIBE_MARK in html:
        addition = addition.replace(f"<br>{UNSUBSCRIBE_MARK}", "")
    end = html.lower().rfind("</body")
    return html + addition if end < 0 else html[:end] + addition + html[end:]
