"""What the screen says of an undo: what it changes, what it leaves and why, and why there is none."""

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from addressbook import limits
from addressbook.services.undo import Why
from addressbook.services.undo.steps import Did, Left
from workspace.views.pages.sentences import number


def changes(counts: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """Label and number of what an undo changes, without what it does not."""
    labels = {
        Did.ADDRESSES_BACK: _("Addresses that come back"),
        Did.ADDRESSES_OUT: _("Addresses that go again"),
        Did.MEMBERSHIPS_BACK: _("Back into groups"),
        Did.MEMBERSHIPS_OUT: _("Out of groups again"),
        Did.GROUPS_BACK: _("Groups that come back"),
        Did.GROUPS_OUT: _("Groups that go again"),
    }
    return tuple((label, counts[name]) for name, label in labels.items() if counts.get(name))


def left(counts: Mapping[str, int]) -> list[str]:
    """A sentence for everything that an undo leaves as it is, with the reason."""
    return [_left(name, counts[name]) % {"count": number(counts[name])} for name in Left if counts.get(name)]


def _left(name: Left, count: int) -> str:
    match name:
        case Left.REGISTERED_AGAIN:
            return ngettext(
                "%(count)s address has been registered again since and stays as it is now.",
                "%(count)s addresses have been registered again since and stay as they are now.",
                count,
            )
        case Left.IN_OTHER_GROUPS:
            return ngettext(
                "%(count)s address has been put into other groups since and stays in the book.",
                "%(count)s addresses have been put into other groups since and stay in the book.",
                count,
            )
        case Left.ADDRESS_GONE:
            return ngettext(
                "%(count)s place in a group stays empty: its address was deleted since.",
                "%(count)s places in groups stay empty: their addresses were deleted since.",
                count,
            )
        case Left.GROUP_GONE:
            return ngettext(
                "%(count)s place in a group does not come back: the group is gone.",
                "%(count)s places in groups do not come back: the groups are gone.",
                count,
            )
        case Left.GROUP_NAME_TAKEN:
            return ngettext(
                "%(count)s group does not come back: another group has its name now.",
                "%(count)s groups do not come back: other groups have their names now.",
                count,
            )
        case Left.TOO_MANY_GROUPS:
            return ngettext(
                "%(count)s group does not come back: the book has no room for more groups.",
                "%(count)s groups do not come back: the book has no room for more groups.",
                count,
            )
        case Left.GROUP_IN_USE:
            return ngettext(
                "%(count)s group stays: it is used for something else by now.",
                "%(count)s groups stay: they are used for something else by now.",
                count,
            )


def outcome(counts: Mapping[str, int]) -> str:
    """What an undo has changed, in a line."""
    parts = [f"{label}: {number(count)}" for label, count in changes(counts)]
    return pgettext("between two in a list", ", ").join(parts) or _("nothing was left to be undone")


def refusal(why: Why) -> str:
    match why:
        case Why.GONE:
            return _("There is nothing to undo here.")
        case Why.OTHER_EDITION:
            return _("This was done before the address book was reset. It can be undone once the reset is.")
        case Why.GOES_ON:
            return _("This is still going on. Cancel it, or wait until it is done.")
        case Why.UNDONE:
            return _("This has been undone already. Nothing was changed.")
        case Why.EXPIRED:
            days = {"days": limits.UNDO_KEPT_DAYS}
            return _("This can no longer be undone: that is possible for %(days)s days.") % days
        case Why.BUSY:
            return _("Another act is still going on in this address book. Wait until it is done, and try again.")


def undo_running() -> str:
    return _("An undo is going on in this address book. Wait until it is done, and try again. Nothing was changed.")
