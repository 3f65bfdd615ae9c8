from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from addressbook import limits
from addressbook.services.addresses.groups import GroupNameTakenError, InvalidGroupNameError
from libraries.email_addresses import displayed
from workspace.forms.fields import IdField, SentTextField
from workspace.forms.submission import SubmissionForm


class GroupNameForm(SubmissionForm):
    name = SentTextField(required=False)


class RenameGroupForm(GroupNameForm):
    target = IdField()
    seen_name = SentTextField()


class TargetGroupForm(SubmissionForm):
    """A group that is to be emptied or deleted, with the pinned number of addresses that the user saw in it."""

    target = IdField()
    through = IdField()
    seen = IdField()


def name_problem(error: InvalidGroupNameError | GroupNameTakenError, *, name: str) -> str:
    """The sentence for a name that was refused."""
    if isinstance(error, GroupNameTakenError):
        return _("There is a group “%(name)s” already.") % {"name": error.name}
    if error.character is None:
        return _wrong_length(name)
    if error.character.isspace():
        return _("A group name cannot hold spaces. Use “-” or “_” instead.")
    return _(
        "“%(character)s” is not allowed in a group name. Use Hangul, Latin letters, digits, “.”, “_” and “-” only."
    ) % {"character": displayed(error.character)}


def _wrong_length(name: str) -> str:
    if not name.strip():
        return _("Type a name for the group.")
    return ngettext(
        "A group name has at most %(limit)s character; this one has %(length)s.",
        "A group name has at most %(limit)s characters; this one has %(length)s.",
        limits.GROUP_NAME_CHARACTERS,
    ) % {"limit": limits.GROUP_NAME_CHARACTERS, "length": len(name.strip())}
