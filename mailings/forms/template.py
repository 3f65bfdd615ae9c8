"""What was sent of a template. It judges shape, not meaning: nothing that somebody typed may be lost."""

from dataclasses import dataclass
from uuid import UUID

from django.http import QueryDict

from mailings.forms.draft import read_id, storable_text
from mailings.models import Editor
from mailings.services.templates.texts import TemplateText


@dataclass(frozen=True, slots=True)
class SentTemplate:
    """`category_id` None is the root; `seen_version` and `token` are None where they are missing."""

    text: TemplateText
    category_id: int | None
    seen_version: int | None
    token: UUID | None
    allow_twice: bool


def read_template(data: QueryDict) -> SentTemplate:
    is_simple = data.get("editor") == Editor.SIMPLE
    body = storable_text(data.get("body", ""))
    names = ("name", "subject", "sender_address", "sender_name", "description")
    text = TemplateText(
        **{name: storable_text(data.get(name, "")) for name in names},
        body=body.replace("\r\n", "\n") if is_simple else body,
        editor=Editor.SIMPLE if is_simple else Editor.HTML,
    )
    return SentTemplate(
        text=text,
        category_id=read_id(data.get("category", "")),
        seen_version=read_id(data.get("version", "")),
        token=read_token(data),
        allow_twice=data.get("allow_twice") == "1",
    )


def read_token(data: QueryDict) -> UUID | None:
    try:
        return UUID(data.get("token", ""))
    except ValueError:
        return None
