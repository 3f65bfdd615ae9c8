"""What the history says of a line: a heading, a sentence, and label and value of the rest, in the reader's language."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from addressbook.views.undo import undo_sentences
from workspace.models import Action, AuditEvent, Job, JobState, Role
from workspace.views.history.history_titles import TITLES
from workspace.views.history.named_values import named
from workspace.views.pages.sentences import number

Detail = Mapping[str, Any]

# What the sentence of a line says already.
_SAID: Final[dict[str, tuple[str, ...]]] = {
    Action.ADD_GROUP: ("group",),
    Action.RENAME_GROUP: ("group",),
    Action.DELETE_GROUP: ("group", "selected"),
    Action.EMPTY_GROUP: ("group", "selected"),
    Action.INSERT_ADDRESS: ("registered",),
    Action.UPLOAD_ADDRESSES: ("registered",),
    Action.DELETE_ADDRESS: ("selected",),
    Action.REMOVE_FROM_GROUP: ("group", "removed", "selected"),
    Action.CHANGE_GROUP: ("selected", "added", "removed"),
    Action.REGISTER_UNSUBSCRIBES: ("registered",),
    Action.REMOVE_UNSUBSCRIBES: ("removed",),
    Action.UNDO: ("selected",),
}


# Groups by name, and the count that belongs to them.
_LISTED: Final = {"added_to": "added", "removed_from": "removed"}


def title(action: str) -> str:
    """What kind of act a line tells of."""
    return str(TITLES.get(action) or Action(action).label)


def sentence(line: AuditEvent) -> str:
    """What was done; "" where the title says it all."""
    describe = _SENTENCES.get(line.action)
    return describe(line.detail) if describe else ""


def facts(line: AuditEvent) -> list[tuple[str, str]]:
    """Label and value of the rest of what the line says."""
    found: list[tuple[str, str]] = []
    said = _SAID.get(line.action, ())
    for name, label in _labels().items():
        value = line.detail.get(name)
        if name in said or isinstance(value, bool) or value in (None, "", 0, []):
            continue
        if isinstance(value, int):
            found.append((label, number(value)))
        elif isinstance(value, list):
            found.append((label, _listed(line.detail, name) if name in _LISTED else _change(name, value)))
        else:
            found.append((label, named(name, value)))
    found += [(label, number(count)) for label, count in undo_sentences.changes(line.detail)]
    if line.detail.get("state") in {JobState.CANCELLED, JobState.FAILED}:
        found.append((_("State"), str(JobState(line.detail["state"]).label)))
    return found


def notes(line: AuditEvent) -> list[str]:
    """Sentences beside the facts: what an undo has left, what an erasing has."""
    left = undo_sentences.left(line.detail)
    if line.detail.get("rewritten") is False:
        copies = _(
            "Copies of what was erased may stay in the files of the database until your operators run %(command)s."
        )
        left.append(copies % {"command": "rewrite_database"})
    return left


def _labels() -> dict[str, str]:
    return {
        "group": _("Group"),
        "added_to": _("Added to groups"),
        "removed_from": _("Removed from groups"),
        "name": _("Name"),
        "zone": _("Zone"),
        "region": _("Region"),
        "masking": _("Addresses are shown"),
        "rows": _("Rows"),
        "selected": _("Selected"),
        "registered": _("Registered"),
        "added_to_group": _("Added to groups"),
        "added": _("Added to groups"),
        "removed": _("Removed from groups"),
        "groups_created": _("New groups"),
        "already_there": _("Already there"),
        "doubled": _("Duplicates"),
        "invalid": _("Invalid"),
        "blank": _("Blank"),
        "groups": _("Groups"),
        "addresses": _("Addresses"),
        "host": _("Server"),
        "person": _("User"),
        "scope": _("Scope"),
        "format": _("Format"),
        "path": _("Page"),
        "sender": _("Sender"),
        "mailing": _("Mail number"),
        "copied_from": _("Copied from mail"),
        "part": _("Part"),
        "decision": _("Decision"),
        "recipients": _("Recipients"),
        "planned": _("Recipients"),
        "open": _("Waiting for"),
        "template": _("Template"),
        "category": _("Category"),
        "templates": _("Templates"),
        "file": _("File"),
        "new": _("New at the service"),
        "changed": _("Changed at the service"),
        "gone": _("No longer at the service"),
        "templates_imported": _("Imported"),
        "templates_already_there": _("Already there"),
        "templates_refused": _("Not accepted"),
        "templates_stopped": _("Stopped"),
        "templates_twice": _("Duplicate names"),
    }


def _listed(detail: Detail, name: str) -> str:
    """`Gold, VIP (1,200)`: the groups, and how many places in them were added or removed."""
    count = detail.get(_LISTED[name], 0)
    return f"{pgettext('between two in a list', ', ').join(detail[name])} ({number(count)})"


def _change(name: str, value: list[Any]) -> str:
    return " → ".join(named(name, entry) for entry in value)


def _renamed(detail: Detail) -> str:
    old, new = detail["group"]
    return _("The group “%(old)s” is called “%(new)s” now.") % {"old": old, "new": new}


def _registered(detail: Detail) -> str:
    count = detail.get("registered", 0)
    if detail.get("samples"):
        return ngettext("%(count)s sample address was loaded.", "%(count)s sample addresses were loaded.", count) % {
            "count": number(count)
        }
    return ngettext("%(count)s address was registered.", "%(count)s addresses were registered.", count) % {
        "count": number(count)
    }


def _deleted(detail: Detail) -> str:
    count = detail.get("deleted", 0)
    return ngettext("%(count)s address was deleted.", "%(count)s addresses were deleted.", count) % {
        "count": number(count)
    }


def _removed(detail: Detail) -> str:
    count = detail.get("removed", 0)
    if not detail.get("group"):  # a list, out of all groups
        return ngettext(
            "%(count)s entry in groups was removed.", "%(count)s entries in groups were removed.", count
        ) % {"count": number(count)}
    return ngettext(
        "%(count)s address was taken out of the group “%(group)s”.",
        "%(count)s addresses were taken out of the group “%(group)s”.",
        count,
    ) % {"count": number(count), "group": detail.get("group", "")}


def _edited(detail: Detail) -> str:
    count = detail.get("selected", 0)
    return ngettext(
        "The groups of %(count)s address were changed.", "The groups of %(count)s addresses were changed.", count
    ) % {"count": number(count)}


def _unsubscribed(detail: Detail) -> str:
    count = detail.get("registered", 0)
    return ngettext("%(count)s unsubscribe was registered.", "%(count)s unsubscribes were registered.", count) % {
        "count": number(count)
    }


def _resubscribed(detail: Detail) -> str:
    count = detail.get("removed", 0)
    return ngettext("%(count)s unsubscribe was removed.", "%(count)s unsubscribes were removed.", count) % {
        "count": number(count)
    }


def _blocks(detail: Detail) -> str:
    values = {"asked": number(detail.get("asked", 0)), "blocked": number(detail.get("blocked", 0))}
    return _("Addresses asked for: %(asked)s, of them blocked: %(blocked)s.") % values


def _lines(detail: Detail) -> str:
    count = detail.get("lines", 0)
    return ngettext("%(count)s line was downloaded.", "%(count)s lines were downloaded.", count) % {
        "count": number(count)
    }


def _trimmed(detail: Detail) -> str:
    count = detail.get("lines", 0)
    return ngettext(
        "%(count)s line was removed: its time had come.", "%(count)s lines were removed: their time had come.", count
    ) % {"count": number(count)}


def _undone(detail: Detail) -> str:
    values = {"act": title(detail["undone"]), "person": detail.get("of", ""), "line": detail.get("line") or "–"}
    return _("“%(act)s” by %(person)s was undone (line %(line)s).") % values


def _looked_up(detail: Detail) -> str:
    return _("The address was there.") if detail.get("found") else _("The address was not there.")


def _shown(detail: Detail) -> str:
    count = detail.get("shown", 0)
    return ngettext("%(count)s address was shown in full.", "%(count)s addresses were shown in full.", count) % {
        "count": number(count)
    }


def _cancelled(detail: Detail) -> str:
    if "upload" in detail:
        return _("An upload was cancelled.")
    if "download" in detail:
        return _("The creation of a file was cancelled.")
    return _("“%(act)s” was cancelled.") % {"act": Job.Kind(detail["kind"]).label if "kind" in detail else "–"}


def _role(value: str) -> str:
    return str(Role(value).label)


def _joined(detail: Detail) -> str:
    return _("%(user)s became a member: %(role)s.") % {"user": detail["user"], "role": _role(detail["role"])}


def _withdrawn(detail: Detail) -> str:
    return _("The invitation by %(user)s was withdrawn: %(role)s.") % {
        "user": detail["of"],
        "role": _role(detail["role"]),
    }


def _accepted(detail: Detail) -> str:
    return _("Invited by %(user)s, became a member: %(role)s.") % {"user": detail["of"], "role": _role(detail["role"])}


def _refused(detail: Detail) -> str:
    if "role" not in detail:
        return _("The password that was asked for again was wrong.")
    sentence = _("The role %(role)s is not enough for this page.") % {"role": _role(detail["role"])}
    if detail.get("is_last"):
        sentence += " " + _("Further refusals within the hour are not listed.")
    return sentence


def _changed_role(detail: Detail) -> str:
    before, after = map(_role, detail["role"])
    return _("The role of %(user)s: %(before)s → %(after)s.") % {
        "user": detail["user"],
        "before": before,
        "after": after,
    }


_SENTENCES: Final[dict[str, Callable[[Detail], str]]] = {
    Action.ADD_GROUP: lambda detail: _("The group “%(group)s” was created.") % detail,
    Action.RENAME_GROUP: _renamed,
    Action.DELETE_GROUP: lambda detail: _("The group “%(group)s” was deleted. Its addresses stayed.") % detail,
    Action.EMPTY_GROUP: lambda detail: _("The group “%(group)s” was emptied. Its addresses stayed.") % detail,
    Action.INSERT_ADDRESS: _registered,
    Action.UPLOAD_ADDRESSES: _registered,
    Action.DELETE_ADDRESS: _deleted,
    Action.REMOVE_FROM_GROUP: _removed,
    Action.CHANGE_GROUP: _edited,
    Action.CANCEL_JOB: _cancelled,
    Action.ADD_MEMBER: _joined,
    Action.CHANGE_MEMBER: _changed_role,
    Action.REMOVE_MEMBER: lambda detail: _("%(user)s is no longer a member.") % detail,
    Action.LOOK_UP_ADDRESS: _looked_up,
    Action.SHOW_ADDRESS: _shown,
    Action.REGISTER_UNSUBSCRIBES: _unsubscribed,
    Action.REMOVE_UNSUBSCRIBES: _resubscribed,
    Action.LOOK_UP_BLOCKS: _blocks,
    Action.UNDO: _undone,
    Action.FETCH_HISTORY: _lines,
    Action.TRIM_HISTORY: _trimmed,
    Action.INVITE_MEMBER: lambda detail: _("A link was made: %(role)s.") % {"role": _role(detail["role"])},
    Action.WITHDRAW_INVITATION: _withdrawn,
    Action.ACCEPT_INVITATION: _accepted,
    Action.ACCESS_REFUSED: _refused,
}
