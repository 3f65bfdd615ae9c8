"""What the screen says of an undo: what it changes, what it leaves and why, and why there is none."""

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from addressbook.services.undo import Reason
from addressbook.services.undo.steps import Outcome, Remaining
from workspace import limits
from workspace.models.actions import DETAILS
from workspace.numbers import number
from workspace.views.history import history_sentences


def changes(counts: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """Label and number of what an undo changes, without what it does not."""
    return tuple((str(DETAILS[name].label), counts[name]) for name in Outcome if counts.get(name))


def left(counts: Mapping[str, int]) -> list[str]:
    """A sentence for everything that an undo leaves as it is, with the reason."""
    return history_sentences.notes({name: counts[name] for name in Remaining if name in counts})


def outcome(counts: Mapping[str, int]) -> str:
    """What an undo has changed, in a line."""
    parts = [f"{label}: {number(count)}" for label, count in changes(counts)]
    return pgettext("between two in a list", ", ").join(parts) or _("nothing was left to be undone")


def refusal(why: Reason) -> str:
    match why:
        case Reason.GONE:
            return _("There is nothing to undo here.")
        case Reason.OTHER_EDITION:
            return _("This was done before the address book was reset. It can be undone once the reset is.")
        case Reason.GOES_ON:
            return _("This is still going on. Cancel it, or wait until it is done.")
        case Reason.UNDONE:
            return _("This has been undone already. Nothing was changed.")
        case Reason.EXPIRED:
            days = {"days": limits.UNDO_KEPT_DAYS}
            return _("This can no longer be undone: that is possible for %(days)s days.") % days
        case Reason.BUSY:
            return _("Another act is still going on in this address book. Wait until it is done, and try again.")


def undo_running() -> str:
    return _("An undo is going on in this address book. Wait until it is done, and try again. Nothing was changed.")
