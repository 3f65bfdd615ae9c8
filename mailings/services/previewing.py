"""A draft's mail as one recipient gets it: made by the function that makes what is sent."""

from dataclasses import dataclass

from mailings.models import Mailing
from mailings.services.content import placeholders
from mailings.services.content.composing import Composed, compose
from mailings.services.content.layout import UNSUBSCRIBE_MARK
from mailings.services.content.plain_text import text_of
from mailings.services.recipients import samples
from mailings.services.recipients.samples import Sample
from mailings.services.sending.content import content_of
from workspace.models import Edition

# Stands in for the text that the service writes in its own words.
UNSUBSCRIBE_STAND_IN = "수신거부 | Unsubscribe"


@dataclass(frozen=True, slots=True)
class Preview:
    """`missing`: placeholders without a value, which are shown as they were written."""

    sample: Sample
    subject: str
    html: str
    missing: tuple[str, ...]

    @property
    def text(self) -> str:
        return text_of(self.html)


def sample_of(draft: Mailing, edition: Edition, which: str) -> Sample:
    """`which`: a number from 1, `longest` or `emptiest`. Without such a recipient, nobody: the values for everybody."""
    found = None
    if which == "longest":
        found = samples.longest(draft)
    elif which == "emptiest":
        found = samples.emptiest(draft)
    elif which.isascii() and which.isdigit() and 0 < int(which) <= samples.LEAFED_MOST:
        found = samples.nth(draft, edition, int(which))
    return found or samples.nth(draft, edition, 1) or Sample(0, "", "", {})


def render_for(draft: Mailing, sample: Sample) -> Preview:
    """The mail as it is sent to somebody with these values."""
    composed = compose(content_of(draft))
    missing = tuple(name for name in composed.names if not _has_value(composed, sample, name))
    # A placeholder without a value is shown as written; such a mail cannot be sent.
    values = {**sample.values, **{name: placeholders.mark(name) for name in missing}}
    parameters = composed.parameters_for(values)
    subject = placeholders.filled(composed.title, parameters)
    html = placeholders.filled(composed.body, parameters)
    if draft.is_advertising:
        subject = f"(광고) {subject}"
        html = html.replace(UNSUBSCRIBE_MARK, UNSUBSCRIBE_STAND_IN)
    return Preview(sample, subject, html, missing)


def _has_value(composed: Composed, sample: Sample, name: str) -> bool:
    return bool(sample.values.get(name) or composed.values.get(name) or composed.fallbacks.get(name))
