"""What the history says of a line: a heading, a sentence, and label and value of the rest, in the reader's language."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from workspace.models import AuditEvent, JobState
from workspace.models.actions import ACTIONS, DETAILS, NOTES, Detail
from workspace.numbers import number


def title(action: str) -> str:
    """What kind of act a line tells of; the code of one that no app knows any more."""
    return str(ACTIONS[action].heading) if action in ACTIONS else action


def console_name(action: str) -> str:
    """The action by the name that the provider's console gives it."""
    return ACTIONS[action].name if action in ACTIONS else action


def sentence(line: AuditEvent) -> str:
    """What was done; "" where the title says it all."""
    action = ACTIONS.get(line.action)
    return action.sentence(line.detail) if action and action.sentence else ""


def facts(line: AuditEvent) -> list[tuple[str, str]]:
    """Label and value of the rest of what the line says."""
    action = ACTIONS.get(line.action)
    said = action.said if action else ()
    found = [
        (str(detail.label), _value(detail, line.detail[name], line.detail))
        for name, detail in DETAILS.items()
        if name not in said and _is_told(line.detail.get(name))
    ]
    if line.detail.get("state") in {JobState.CANCELLED, JobState.FAILED}:
        found.append((_("State"), str(JobState(line.detail["state"]).label)))
    return found


def notes(details: Mapping[str, Any]) -> list[str]:
    """Sentences beside the facts: what an undo has left, what an erasing has."""
    told = []
    for name, tell in NOTES.items():
        value = details.get(name)
        if isinstance(value, bool):
            told.append(tell(value))
        elif value:
            told.append(tell(value) % {"count": number(value)})
    return [text for text in told if text]


def _is_told(value: Any) -> bool:
    return not isinstance(value, bool) and value not in (None, "", 0, [])


def _value(detail: Detail, value: Any, details: Mapping[str, Any]) -> str:
    if isinstance(value, int):
        return number(value)
    if isinstance(value, list) and detail.counted_by:
        # `Gold, VIP (1,200)`: the groups, and how many places in them were added or removed.
        names = pgettext("between two in a list", ", ").join(value)
        return f"{names} ({number(details.get(detail.counted_by, 0))})"
    if isinstance(value, list):
        return " → ".join(detail.named(entry) for entry in value)
    return detail.named(value)
