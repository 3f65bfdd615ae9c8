"""What a template says, and which of it the service takes."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from addressbook.services.addresses.groups import InvalidGroupNameError, clean_name
from libraries.email_addresses import InvalidEmailError
from libraries.outbound_mailer import InvalidRequestError, types
from libraries.outbound_mailer.templates import check_content
from libraries.outbound_mailer.validation import check_line
from mailings import limits
from mailings.models import Editor, Mailing, Template
from mailings.services.senders import RefusedDomainError, parse_sender


@dataclass(frozen=True, slots=True)
class TemplateText:
    name: str
    subject: str
    body: str
    sender_address: str
    sender_name: str = ""
    description: str = ""
    editor: str = Editor.HTML

    @property
    def digest(self) -> str:
        """Of what the service holds: the editor is ours."""
        parts = [self.name, self.subject, self.body, self.sender_address, self.sender_name, self.description]
        return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()

    def sent(self, *, is_in_use: bool) -> types.TemplateContent:
        return types.TemplateContent(
            template_name=self.name,
            title=self.subject,
            body=self.body,
            sender_address=self.sender_address,
            sender_name=self.sender_name or None,
            description=self.description or None,
            is_use=is_in_use,
        )


@dataclass(frozen=True, slots=True)
class Problem:
    """Why the service would not take a text; `place` is the field, `detail` what the sentence of `code` needs."""

    place: str
    code: str
    detail: dict[str, Any] = field(default_factory=dict)


class UnfitTextError(Exception):
    """The text is none that the service takes."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(", ".join(problem.code for problem in problems))
        self.problems = problems


def text_of(template: Template) -> TemplateText:
    names = ("name", "subject", "body", "sender_address", "sender_name", "description", "editor")
    return TemplateText(**{name: getattr(template, name) for name in names})


def text_of_draft(draft: Mailing, name: str) -> TemplateText:
    """What of a draft can be a template."""
    return TemplateText(
        name=name,
        subject=draft.subject,
        body=draft.body,
        sender_address=draft.sender.address if draft.sender else "",
        sender_name=draft.sender.name if draft.sender else "",
        editor=draft.editor,
    )


def text_from_service(answer: types.Template, *, editor: str = Editor.HTML) -> TemplateText:
    return TemplateText(
        name=answer.name,
        subject=answer.title,
        body=answer.body,
        sender_address=answer.sender_address,
        sender_name=answer.sender_name or "",
        description=answer.description or "",
        editor=editor,
    )


def cleaned(text: TemplateText) -> TemplateText:
    """As it is stored and sent. Raises UnfitTextError with everything that is wrong."""
    problems = list(_problems(text))
    if not problems:
        text = _tidied(text)
        # What the rules above do not know, the client refuses before a call.
        try:
            check_content(text.sent(is_in_use=True))
        except InvalidRequestError as error:
            problems = [Problem("name", "refused", {"field": error.field})]
    if problems:
        raise UnfitTextError(problems)
    return text


def _tidied(text: TemplateText) -> TemplateText:
    tidy = {
        "name": clean_name(text.name),
        "subject": text.subject.strip(),
        "sender_address": parse_sender(text.sender_address).text,
        "sender_name": " ".join(text.sender_name.split()),
        "description": " ".join(text.description.split()),
    }
    return TemplateText(**{**asdict(text), **tidy})


def _problems(text: TemplateText) -> Iterator[Problem]:
    yield from name_problems(text.name)
    subject = text.subject.strip()
    if not subject:
        yield Problem("subject", "subject_missing")
    elif not _is_line(subject):
        yield Problem("subject", "subject_lines")
    yield from _size("subject", subject, limits.SUBJECT_BYTES)
    if not text.body.strip():
        yield Problem("body", "body_empty")
    yield from _size("body", text.body, limits.DRAFT_BODY_BYTES)
    try:
        parse_sender(text.sender_address)
    except InvalidEmailError:
        yield Problem("sender_address", "no_address" if text.sender_address.strip() else "sender_missing")
    except RefusedDomainError as error:
        yield Problem("sender_address", "sender_refused", {"domain": error.domain})
    yield from _size("sender_name", " ".join(text.sender_name.split()), limits.SENDER_NAME_BYTES)
    yield from _size("description", " ".join(text.description.split()), limits.TEMPLATE_DESCRIPTION_BYTES)


def name_problems(name: str) -> Iterator[Problem]:
    try:
        clean_name(name)
    except InvalidGroupNameError as error:
        yield Problem("name", "name", {"character": error.character})


def _is_line(text: str) -> bool:
    try:
        check_line("title", text)
    except InvalidRequestError:
        return False
    return True


def _size(name: str, text: str, most: int) -> Iterator[Problem]:
    if (size := len(text.encode(errors="replace"))) > most:
        yield Problem(name, "too_long", {"bytes": size, "most": most})
