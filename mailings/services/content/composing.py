"""From a draft to what is sent: one way for the preview, the test mail and every part.

The service fills the placeholders in, in the subject as plain text and in the body as HTML, from one map of parameters.
A value such as `A&B` needs two spellings then. So the marks of the subject are sent under names of their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Final

from mailings.services.content import placeholders
from mailings.services.content.layout import Footer, laid_out, with_footer

# What a subject's placeholder is called in the request; a longer tail where the body has such a name itself.
_SUBJECT_TAIL: Final = "_s"
# Characters that would begin another header line, or another line at all.
_LINE_BREAKS: Final = dict.fromkeys(map(ord, "\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029"), " ")


class MissingValueError(Exception):
    """There is no value for placeholders that the mail has: `names`. Such a mail must not leave."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(f"{len(names)} placeholders without a value")
        self.names = names


@dataclass(frozen=True, slots=True)
class Content:
    """What a draft says. `values` stand for everybody; `fallbacks` where neither these nor a recipient has a value."""

    subject: str
    body: str
    is_simple: bool = True
    footer: Footer | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    fallbacks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Composed:
    """A mail before its placeholders are filled in: `title` and `body` as they go to the service."""

    title: str
    body: str
    names: tuple[str, ...]
    subject_names: Mapping[str, str]
    values: Mapping[str, str]
    fallbacks: Mapping[str, str]

    def values_for(self, own: Mapping[str, str]) -> dict[str, str]:
        """The value of every placeholder for a recipient who has the values `own`; empty ones count as none.

        Raises MissingValueError.
        """
        chosen = {name: own.get(name) or self.values.get(name) or self.fallbacks.get(name) for name in self.names}
        if missing := [name for name, value in chosen.items() if not value]:
            raise MissingValueError(missing)
        return {name: value for name, value in chosen.items() if value}

    def parameters_for(self, own: Mapping[str, str]) -> dict[str, str]:
        """The parameters of a recipient, as the service takes them. Raises MissingValueError."""
        values = self.values_for(own)
        in_subject = {sent: _one_line(values[name]) for name, sent in self.subject_names.items()}
        in_body = {name: _as_html(value) for name, value in values.items() if name in self._body_names}
        return in_body | in_subject

    @property
    def _body_names(self) -> frozenset[str]:
        return frozenset(placeholders.names_in(self.body))


@dataclass(frozen=True, slots=True)
class Rendered:
    """A mail as one recipient gets it, but for what the service adds to advertising."""

    subject: str
    body: str


def compose(content: Content) -> Composed:
    subject = content.subject.translate(_LINE_BREAKS).strip()
    body = laid_out(content.body, content.footer) if content.is_simple else with_footer(content.body, content.footer)
    names = placeholders.names_in(subject, body)
    subject_names = _names_for_subject(placeholders.names_in(subject), taken=set(names))
    return Composed(
        title=placeholders.renamed(subject, subject_names),
        body=body,
        names=tuple(names),
        subject_names=subject_names,
        values=content.values,
        fallbacks=content.fallbacks,
    )


def render(composed: Composed, own: Mapping[str, str]) -> Rendered:
    """The mail of a recipient who has the values `own`. Raises MissingValueError."""
    parameters = composed.parameters_for(own)
    return Rendered(
        subject=placeholders.filled(composed.title, parameters), body=placeholders.filled(composed.body, parameters)
    )


def _names_for_subject(names: list[str], *, taken: set[str]) -> dict[str, str]:
    sent = {}
    for name in names:
        other = name + _SUBJECT_TAIL
        while other in taken:
            other += _SUBJECT_TAIL
        taken.add(other)
        sent[name] = other
    return sent


def _as_html(value: str) -> str:
    # A value must not introduce a placeholder, in case the service replaces placeholders more than once.
    return escape(value).replace("${", "&#36;{").replace("\n", "<br>")


def _one_line(value: str) -> str:
    return value.translate(_LINE_BREAKS)
