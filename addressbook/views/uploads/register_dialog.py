"""What the popup "Register address" shows, whoever brings it up."""

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from addressbook import limits
from addressbook.models import Group
from addressbook.models.groups import TreeGroup
from addressbook.services.addresses import registration
from addressbook.services.addresses.registration import Forecast
from addressbook.views.uploads import upload_sentences
from libraries.spreadsheets import EXTENSIONS
from workspace import limits as workspace_limits
from workspace.views.pages import sentences
from workspace.views.pages.access import Access

TEMPLATE = "dialogs/register.html"


@dataclass(frozen=True, slots=True)
class InvalidLine:
    text: str
    reason: str
    suggestion: str | None


@dataclass(frozen=True, slots=True)
class Check:
    """What the popup says of the text before OK."""

    entry_count: int
    # None when there are too many: then nothing was judged.
    forecast: Forecast | None = None
    doubled: list[str] = field(default_factory=list)
    invalid: list[InvalidLine] = field(default_factory=list)
    invalid_count: int = 0
    suspicious: list[tuple[str, str]] = field(default_factory=list)
    repair_count: int = 0

    @property
    def is_too_many(self) -> bool:
        return self.entry_count > workspace_limits.TYPED_ADDRESSES_PER_REGISTRATION

    @property
    def invalid_unlisted(self) -> int:
        return self.invalid_count - len(self.invalid)


def register_dialog(access: Access, *, text: str, into: int | None) -> dict[str, Any]:
    choices = Group.objects.filter(edition=access.edition).as_tree()
    group = next((choice for choice in choices if choice.pk == into), None)
    return {
        "text": text,
        "into": group,
        "choices": choices,
        "check": check_text(access, text, group) if text.strip() else None,
        "token": uuid4(),
        "problem": "",
        "file_problem": "",
        "extensions": EXTENSIONS,
        "file_too_large": upload_sentences.file_too_large(),
    }


def check_text(access: Access, text: str, group: Group | TreeGroup | None) -> Check:
    try:
        found = registration.sort(text)
    except registration.TooManyAddressesError as error:
        return Check(entry_count=error.count)
    listed = [
        InvalidLine(entry.text, sentences.invalid_reason(entry.error), entry.suggestion)
        for entry in found.invalid[: limits.INVALID_ENTRIES_LISTED]
    ]
    repairable = sum(entry.suggestion is not None for entry in found.invalid)
    return Check(
        entry_count=found.entry_count,
        doubled=found.doubled,
        forecast=registration.forecast(found, edition=access.edition, group=group),
        invalid=listed,
        invalid_count=len(found.invalid),
        suspicious=found.suspicious[: limits.INVALID_ENTRIES_LISTED],
        repair_count=repairable + len(found.suspicious),
    )
