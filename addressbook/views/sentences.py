"""What the screen says of counts and refusals, where a template cannot say it itself."""

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from addressbook import limits
from addressbook.emails import InvalidEmailError, Reason
from addressbook.services.selection import SelectionChangedError


def addresses(count: int) -> str:
    return ngettext("%(count)s address", "%(count)s addresses", count) % {"count": number_format(count)}


def selection_changed(change: SelectionChangedError) -> str:
    """By how much the selected set has moved, and how many it is now."""
    parts = []
    if change.added:
        text = ngettext("%(count)s was added", "%(count)s were added", change.added)
        parts.append(text % {"count": number_format(change.added)})
    if change.removed:
        text = ngettext("%(count)s was removed", "%(count)s were removed", change.removed)
        parts.append(text % {"count": number_format(change.removed)})
    return _("Since you selected them, the addresses have changed: %(changes)s. Now it is %(now)s.") % {
        "changes": ", ".join(parts),
        "now": addresses(change.now.seen_count),
    }


def too_many_groups() -> str:
    limit = number_format(limits.GROUPS_PER_BOOK)
    return _("This address book has %(limit)s groups already, which is as many as it takes.") % {"limit": limit}


def too_many_addresses(count: int) -> str:
    return _(
        "These are %(count)s addresses; at most %(limit)s can be registered at a time. Nothing was registered."
    ) % {
        "count": number_format(count),
        "limit": number_format(limits.TYPED_ADDRESSES_PER_REGISTRATION),
    }


def invalid_reason(error: InvalidEmailError) -> str:
    """Why a text is not an e-mail address, for the person who typed it."""
    sentence = _REASONS[error.reason]()
    return sentence % {"character": error.character} if error.character else sentence
