"""Acts on an address book: a row each, for the history."""

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from addressbook.models import Download
from workspace.models.actions import ACTIONS, DETAILS, NOTES, Action, Detail, Details
from workspace.numbers import number


def _renamed(detail: Details) -> str:
    old, new = detail["group"]
    return gettext("The group “%(old)s” is called “%(new)s” now.") % {"old": old, "new": new}


def _registered(detail: Details) -> str:
    count = detail.get("registered", 0)
    if detail.get("samples"):
        sentence = ngettext("%(count)s sample address was loaded.", "%(count)s sample addresses were loaded.", count)
    else:
        sentence = ngettext("%(count)s address was registered.", "%(count)s addresses were registered.", count)
    return sentence % {"count": number(count)}


def _deleted(detail: Details) -> str:
    count = detail.get("deleted", 0)
    sentence = ngettext("%(count)s address was deleted.", "%(count)s addresses were deleted.", count)
    return sentence % {"count": number(count)}


def _removed(detail: Details) -> str:
    count = detail.get("removed", 0)
    if not detail.get("group"):  # a list, out of all groups
        sentence = ngettext(
            "%(count)s entry in groups was removed.", "%(count)s entries in groups were removed.", count
        )
        return sentence % {"count": number(count)}
    return ngettext(
        "%(count)s address was taken out of the group “%(group)s”.",
        "%(count)s addresses were taken out of the group “%(group)s”.",
        count,
    ) % {"count": number(count), "group": detail.get("group", "")}


def _edited(detail: Details) -> str:
    count = detail.get("selected", 0)
    return ngettext(
        "The groups of %(count)s address were changed.", "The groups of %(count)s addresses were changed.", count
    ) % {"count": number(count)}


def _undone(detail: Details) -> str:
    act = ACTIONS.get(detail["undone"])
    values = {"act": act.heading if act else detail["undone"], "person": detail.get("of", "")}
    return gettext("“%(act)s” by %(person)s was undone (line %(line)s).") % {
        **values,
        "line": detail.get("line") or "–",
    }


def _looked_up(detail: Details) -> str:
    return gettext("The address was there.") if detail.get("found") else gettext("The address was not there.")


def _shown(detail: Details) -> str:
    count = detail.get("shown", 0)
    sentence = ngettext("%(count)s address was shown in full.", "%(count)s addresses were shown in full.", count)
    return sentence % {"count": number(count)}


ADD_GROUP = Action(
    "add_group",
    "Add recipient group",
    _("Create group"),
    lambda detail: gettext("The group “%(group)s” was created.") % detail,
    said=("group",),
)
RENAME_GROUP = Action("rename_group", "Update recipient group", _("Rename group"), _renamed, said=("group",))
DELETE_GROUP = Action(
    "delete_group",
    "Delete recipient group",
    _("Delete group"),
    lambda detail: gettext("The group “%(group)s” was deleted. Its addresses stayed.") % detail,
    said=("group", "selected"),
)
EMPTY_GROUP = Action(
    "empty_group",
    "Delete address all from recipient group",
    _("Empty group"),
    lambda detail: gettext("The group “%(group)s” was emptied. Its addresses stayed.") % detail,
    said=("group", "selected"),
)
INSERT_ADDRESS = Action("insert_address", "Insert Address", _("Register address"), _registered, said=("registered",))
UPLOAD_ADDRESSES = Action(
    "upload_addresses",
    "Add recipient list via Excel file upload",
    _("Bulk registration"),
    _registered,
    said=("registered",),
)
FETCH_REFUSED = Action("fetch_refused", "Download refused rows", _("Download invalid rows"))
REQUEST_DOWNLOAD = Action("request_download", "Request file creation", _("Request file creation"))
MAKE_DOWNLOAD = Action("make_download", "Create download file", _("Create download file"))
FETCH_DOWNLOAD = Action("fetch_download", "Download address book", _("Download address book"))
DELETE_ADDRESS = Action("delete_address", "Delete address", _("Delete addresses"), _deleted, said=("selected",))
REMOVE_FROM_GROUP = Action(
    "remove_from_group",
    "Delete address from recipient group",
    _("Remove from group"),
    _removed,
    said=("group", "removed", "selected"),
)
CHANGE_GROUP = Action(
    "change_group", "Change recipient group", _("Edit group"), _edited, said=("selected", "added", "removed")
)
RESET_BOOK = Action("reset_book", "Initialize address book", _("Reset"))
UNDO_RESET = Action("undo_reset", "Undo reset of address book", _("Undo reset"))
MERGE_ADDRESSES = Action(
    "merge_addresses", "Merge addresses after undo of reset", _("Merge addresses after the undo of a reset")
)
ERASE_COPY = Action("erase_copy", "Erase recovery copy at once", _("Erase the recovery copy"))
ERASE_EDITION = Action("erase_edition", "Erase contents of address book", _("Erase the contents of before a reset"))
ERASE_TRACES = Action("erase_traces", "Delete addresses permanently", _("Delete addresses permanently"))
LOOK_UP_ADDRESS = Action("look_up_address", "Look up masked address", _("Look up an address"), _looked_up)
SHOW_ADDRESS = Action("show_address", "Show masked address", _("Show addresses in full"), _shown)
TURN_SYNC_ON = Action("turn_sync_on", "Turn sync on", _("Turn sync on"))
TURN_SYNC_OFF = Action("turn_sync_off", "Turn sync off", _("Turn sync off"))
CHOOSE_EXISTING = Action(
    "choose_existing",
    "Choose what becomes of the remote contents",
    _("Choose what becomes of the remote contents"),
)
PAUSE_SYNC = Action("pause_sync", "Pause sync", _("Pause sync"))
RESUME_SYNC = Action("resume_sync", "Resume sync", _("Resume sync"))
SEND_AGAIN = Action("send_again", "Sync everything again", _("Sync everything again"))
REBUILD_REMOTE = Action(
    "rebuild_remote",
    "Replace the service’s copy of the address book",
    _("Replace the service’s copy of the address book"),
)
UNDO = Action("undo", "Undo", _("Undo"), _undone, said=("selected",))

DETAILS.update(
    added_to=Detail(_("Added to groups"), counted_by="added"),
    removed_from=Detail(_("Removed from groups"), counted_by="removed"),
    rows=Detail(_("Rows")),
    selected=Detail(_("Selected")),
    registered=Detail(_("Registered")),
    added_to_group=Detail(_("Added to groups")),
    added=Detail(_("Added to groups")),
    removed=Detail(_("Removed from groups")),
    groups_created=Detail(_("New groups")),
    already_there=Detail(_("Already there")),
    doubled=Detail(_("Duplicates")),
    invalid=Detail(_("Invalid")),
    blank=Detail(_("Blank")),
    groups=Detail(_("Groups")),
    addresses=Detail(_("Addresses")),
    scope=Detail(_("Scope"), Download.Scope),
    format=Detail(_("Format"), Download.Format),
    # What an undo changes.
    addresses_back=Detail(_("Addresses that come back")),
    addresses_out=Detail(_("Addresses that go again")),
    memberships_back=Detail(_("Back into groups")),
    memberships_out=Detail(_("Out of groups again")),
    groups_back=Detail(_("Groups that come back")),
    groups_out=Detail(_("Groups that go again")),
)


def _rewritten(value: bool) -> str:
    if value:
        return ""
    copies = gettext(
        "Copies of what was erased may stay in the files of the database until your operators run %(command)s."
    )
    return copies % {"command": "rewrite_database"}


NOTES.update(
    rewritten=_rewritten,
    # What an undo leaves as it is, and why.
    left_registered_again=lambda count: ngettext(
        "%(count)s address has been registered again since and stays as it is now.",
        "%(count)s addresses have been registered again since and stay as they are now.",
        count,
    ),
    left_in_other_groups=lambda count: ngettext(
        "%(count)s address has been put into other groups since and stays in the book.",
        "%(count)s addresses have been put into other groups since and stay in the book.",
        count,
    ),
    left_address_gone=lambda count: ngettext(
        "%(count)s place in a group stays empty: its address was deleted since.",
        "%(count)s places in groups stay empty: their addresses were deleted since.",
        count,
    ),
    left_group_gone=lambda count: ngettext(
        "%(count)s place in a group does not come back: the group is gone.",
        "%(count)s places in groups do not come back: the groups are gone.",
        count,
    ),
    left_group_name_taken=lambda count: ngettext(
        "%(count)s group does not come back: another group has its name now.",
        "%(count)s groups do not come back: other groups have their names now.",
        count,
    ),
    left_too_many_groups=lambda count: ngettext(
        "%(count)s group does not come back: the book has no room for more groups.",
        "%(count)s groups do not come back: the book has no room for more groups.",
        count,
    ),
    left_group_in_use=lambda count: ngettext(
        "%(count)s group stays: it is used for something else by now.",
        "%(count)s groups stay: they are used for something else by now.",
        count,
    ),
)
