"""*View content*: a template's mail with values that somebody types, made as a draft's preview is made."""

from collections.abc import Mapping

from mailings.models import Mailing, Template
from mailings.services import previewing
from mailings.services.content.checking import Finding, check_body, check_marks, check_size, check_subject
from mailings.services.content.composing import compose
from mailings.services.content.placeholders import names_in
from mailings.services.previewing import Preview
from mailings.services.recipients.samples import Sample
from mailings.services.sending.content import content_of


def show(template: Template, *, recipient: str, values: Mapping[str, str]) -> Preview:
    return previewing.render_for(_draft(template), Sample(0, recipient, "", dict(values)))


def names_of(template: Template) -> list[str]:
    return names_in(template.subject, template.body)


def findings(template: Template) -> list[Finding]:
    """What the check before sending would find in the content alone."""
    composed = compose(content_of(_draft(template)))
    return [
        *check_subject(template.subject, is_advertising=False),
        *check_marks(template.subject, template.body),
        *check_body(template.body),
        *check_size(
            subject_bytes=len(template.subject.encode()),
            body_bytes=len(composed.body.encode()),
            is_advertising=False,
        ),
    ]


def _draft(template: Template) -> Mailing:
    """Of nobody: it is not stored."""
    return Mailing(book=template.book, subject=template.subject, body=template.body, editor=template.editor)
