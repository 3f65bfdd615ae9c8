"""What the screen says to somebody who has not used it before, one sentence at a time."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from workspace import limits
from workspace.services.people import hints
from workspace.services.people.hints import Hint
from workspace.views.pages.access import Access


@dataclass(frozen=True, slots=True)
class ShownHint:
    name: str
    sentence: str
    # What "No more hints" puts away.
    all_names: tuple[str, ...]


def shown_hint(access: Access) -> ShownHint | None:
    """The next hint for this user; None in an empty book, which says itself what to do."""
    if not access.edition.address_count:
        return None
    suitable = list(Hint) if access.may_edit else [Hint.TREE]
    hint = hints.next_for(access.by.user, suitable)
    if hint is None:
        return None
    return ShownHint(hint.value, _sentence(hint, may_edit=access.may_edit), tuple(hint.value for hint in suitable))


def _sentence(hint: Hint, *, may_edit: bool) -> str:
    match hint:
        case Hint.TREE if may_edit:
            return _("Click a group to see only its addresses. The dots beside it rename, empty or delete it.")
        case Hint.TREE:
            return _("Click a group to see only its addresses.")
        case Hint.SELECTION:
            return _(
                "Tick addresses to delete them, to change their groups or to send mail. "
                "Hold Shift to tick all rows between two."
            )
        case Hint.UNDO:
            sentence = _("Nothing is lost by trying: for %(days)s days “History” can undo what you change here.")
            return sentence % {"days": limits.UNDO_KEPT_DAYS}
