"""Acts of people, on books and in the background: a row each, for the history."""

from typing import Final

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from workspace.models import Masking, Region, Role, Zone
from workspace.models.actions import DETAILS, Action, Detail, Details, Text
from workspace.models.work import kinds
from workspace.numbers import number


def _role(value: str) -> str:
    return str(Role(value).label)


def _joined(detail: Details) -> str:
    return gettext("%(user)s became a member: %(role)s.") % {"user": detail["user"], "role": _role(detail["role"])}


def _changed_role(detail: Details) -> str:
    before, after = map(_role, detail["role"])
    values = {"user": detail["user"], "before": before, "after": after}
    return gettext("The role of %(user)s: %(before)s → %(after)s.") % values


def _invited(detail: Details) -> str:
    return gettext("A link was made: %(role)s.") % {"role": _role(detail["role"])}


def _withdrawn(detail: Details) -> str:
    values = {"user": detail["of"], "role": _role(detail["role"])}
    return gettext("The invitation by %(user)s was withdrawn: %(role)s.") % values


def _accepted(detail: Details) -> str:
    values = {"user": detail["of"], "role": _role(detail["role"])}
    return gettext("Invited by %(user)s, became a member: %(role)s.") % values


def _refused(detail: Details) -> str:
    if "role" not in detail:
        return gettext("The password that was asked for again was wrong.")
    sentence = gettext("The role %(role)s is not enough for this page.") % {"role": _role(detail["role"])}
    if detail.get("is_last"):
        sentence += " " + gettext("Further refusals within the hour are not listed.")
    return sentence


def _cancelled(detail: Details) -> str:
    told = (kind.told_cancelled(detail) for kind in kinds() if kind._meta.model_name in detail)
    return next(told, "")


def _lines(detail: Details) -> str:
    count = detail.get("lines", 0)
    sentence = ngettext("%(count)s line was downloaded.", "%(count)s lines were downloaded.", count)
    return sentence % {"count": number(count)}


def _trimmed(detail: Details) -> str:
    count = detail.get("lines", 0)
    return ngettext(
        "%(count)s line was removed: its time had come.", "%(count)s lines were removed: their time had come.", count
    ) % {"count": number(count)}


CREATE_BOOK = Action("create_book", "Create address book", _("New address book"))
ADOPT_BOOK = Action("adopt_book", "Adopt address book", _("Become admin of a book without one"))
MOVE_BOOK = Action("move_book", "Move address book", _("Move from another installation"))
CHANGE_BOOK = Action("change_book", "Change address book settings", _("Change settings"))
CHANGE_KEYS = Action("change_keys", "Change API keys", _("Change API keys"))
REMOVE_KEYS = Action("remove_keys", "Remove API keys", _("Remove API keys"))
ADD_MEMBER = Action("add_member", "Add member", _("Add member"), _joined)
CHANGE_MEMBER = Action("change_member", "Change member", _("Change role"), _changed_role)
REMOVE_MEMBER = Action(
    "remove_member",
    "Remove member",
    _("Remove member"),
    lambda detail: gettext("%(user)s is no longer a member.") % detail,
)
INVITE_MEMBER = Action("invite_member", "Invite member", _("Invite a member"), _invited)
WITHDRAW_INVITATION = Action("withdraw_invitation", "Withdraw invitation", _("Withdraw an invitation"), _withdrawn)
ACCEPT_INVITATION = Action("accept_invitation", "Accept invitation", _("Accept an invitation"), _accepted)
CANCEL_JOB = Action("cancel_job", "Cancel job", _("Cancel"), _cancelled)
FETCH_HISTORY = Action("fetch_history", "Download history", _("Download history"), _lines)
TRIM_HISTORY = Action("trim_history", "Remove old history", _("Remove old history"), _trimmed)
ACCESS_REFUSED = Action("access_refused", "Access refused", _("Access refused"), _refused)


def _personal(code: str, name: str, heading: Text) -> Action:
    return Action(code, name, heading, is_personal=True)


SIGN_IN = _personal("sign_in", "Sign in", _("Sign in"))
SIGN_IN_SLOWED = _personal(
    "sign_in_slowed", "Sign-in slowed after wrong guesses", _("Sign-in slowed after wrong guesses")
)
CHANGE_PASSWORD = _personal("change_password", "Change password", _("Change password"))
END_SESSIONS = _personal("end_sessions", "End all other sessions", _("Sign out everywhere else"))
TURN_ON_TWO_FACTOR = _personal("turn_on_two_factor", "Turn two-factor sign-in on", _("Turn on two-factor sign-in"))
TURN_OFF_TWO_FACTOR = _personal("turn_off_two_factor", "Turn two-factor sign-in off", _("Turn off two-factor sign-in"))
NEW_RECOVERY_CODES = _personal("new_recovery_codes", "Make new recovery codes", _("Make new recovery codes"))

CREATE_USER = _personal("create_user", "Create user", _("New user"))
DEACTIVATE_USER = _personal("deactivate_user", "Deactivate user", _("Deactivate a user"))
ACTIVATE_USER = _personal("activate_user", "Activate user", _("Activate a user"))
MAKE_SUPERUSER = _personal("make_superuser", "Make superuser", _("Make somebody superuser"))
UNMAKE_SUPERUSER = _personal("unmake_superuser", "Make superuser an ordinary user", _("Revoke superuser rights"))
RESET_TWO_FACTOR = _personal(
    "reset_two_factor", "Turn two-factor sign-in of a user off", _("Turn off two-factor sign-in of a user")
)
MAKE_PASSWORD_LINK = _personal("make_password_link", "Make password link", _("Make a link for a new password"))

# What superusers do with the accounts of others.
ON_USERS: Final = frozenset(
    {
        CREATE_USER,
        DEACTIVATE_USER,
        ACTIVATE_USER,
        MAKE_SUPERUSER,
        UNMAKE_SUPERUSER,
        RESET_TWO_FACTOR,
        MAKE_PASSWORD_LINK,
    }
)

DETAILS.update(
    group=Detail(_("Group")),
    name=Detail(_("Name")),
    zone=Detail(_("Zone"), Zone),
    region=Detail(_("Region"), Region),
    masking=Detail(_("Addresses are shown"), Masking),
    host=Detail(_("Server")),
    person=Detail(_("User")),
    path=Detail(_("Page")),
)
