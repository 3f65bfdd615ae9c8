"""What an act on groups and addresses is about, and how far that has moved since it was seen."""

from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from addressbook.models import Group
from addressbook.services.addresses import groups
from addressbook.services.addresses.selection import SelectionChangedError
from workspace.numbers import number
from workspace.views.pages.access import Access
from workspace.views.pages.sentences import addresses


def group_or_404(access: Access, group_id: int) -> Group:
    """A group of the book as it is now; one of another book does not exist."""
    try:
        return groups.find(access.edition, group_id)
    except groups.GroupGoneError as error:
        raise Http404 from error


def group_gone_sentence() -> str:
    return _("The group was deleted meanwhile. Nothing was changed.")


def selection_changed(change: SelectionChangedError) -> str:
    """By how much the selected set has moved, and how many it is now."""
    parts = []
    if change.added:
        text = ngettext("%(count)s was added", "%(count)s were added", change.added)
        parts.append(text % {"count": number(change.added)})
    if change.removed:
        text = ngettext("%(count)s was removed", "%(count)s were removed", change.removed)
        parts.append(text % {"count": number(change.removed)})
    return _("The addresses have changed meanwhile: %(changes)s. Now it is %(now)s.") % {
        "changes": pgettext("between two in a list", ", ").join(parts),
        "now": addresses(change.now.seen_count),
    }
