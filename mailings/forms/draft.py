"""What was sent of a draft. It judges shape, not meaning: nothing that somebody typed may be lost."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import QueryDict
from django.utils import timezone

from mailings import limits
from mailings.models import Editor, MailKind
from mailings.services.content import placeholders
from mailings.services.drafts import DraftContent
from workspace.forms.fields import LARGEST_ID

# What PostgreSQL has no way to hold.
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
VALUE_PREFIX: Final = "value-"
FALLBACK_PREFIX: Final = "fallback-"


@dataclass(frozen=True, slots=True)
class SentDraft:
    """A draft as it was sent, and the version that it was based on; None where that is missing."""

    content: DraftContent
    seen_version: int | None
    # The page showed a field for each of these; another set means that the list has to be drawn again.
    shown_names: tuple[str, ...]
    has_bad_time: bool


def read_draft(data: QueryDict) -> SentDraft:
    sends_later = data.get("when") == "later"
    send_at = _moment(data.get("send_at", "")) if sends_later else None
    content = DraftContent(
        kind=MailKind.ADVERTISING if data.get("kind") == MailKind.ADVERTISING else MailKind.GENERAL,
        sender_id=read_id(data.get("sender", "")),
        subject=storable_text(data.get("subject", "")),
        body=storable_text(data.get("body", "")).replace("\r\n", "\n")
        if data.get("editor") == Editor.SIMPLE
        else storable_text(data.get("body", "")),
        editor=Editor.SIMPLE if data.get("editor") == Editor.SIMPLE else Editor.HTML,
        common_values=read_values(data, VALUE_PREFIX),
        fallbacks=read_values(data, FALLBACK_PREFIX),
        send_at=send_at,
    )
    names = tuple(name.removeprefix(VALUE_PREFIX) for name in data if name.startswith(VALUE_PREFIX))
    return SentDraft(content, read_id(data.get("version", "")), names, sends_later and send_at is None)


def read_id(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and int(text) <= LARGEST_ID else None


def storable_text(text: str) -> str:
    return _UNSTORABLE.sub("", text)


def read_values(data: QueryDict, prefix: str) -> dict[str, str]:
    """Only what is filled in: an empty value counts as none."""
    found = {}
    for field in data:
        name = field.removeprefix(prefix)
        value = storable_text(data.get(field, ""))[: limits.VALUE_CHARACTERS]
        if field.startswith(prefix) and placeholders.is_name(name) and value:
            found[name] = value
    return found


def _moment(text: str) -> datetime | None:
    """Of a `datetime-local` field, in the time zone of the installation."""
    try:
        naive = datetime.strptime(text[:16], "%Y-%m-%dT%H:%M")  # noqa: DTZ007 - the zone is added below
    except ValueError:
        return None
    return timezone.make_aware(naive, ZoneInfo(settings.TIME_ZONE))
