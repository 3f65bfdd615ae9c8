"""The undo of a reset, offered beside its line in the history."""

from collections.abc import Mapping, Sequence

from addressbook import actions
from addressbook.services.reset import restoring
from workspace.models import AuditEvent
from workspace.views.history.offers import Offered
from workspace.views.pages.access import Access


def restore_offers(access: Access, events: Sequence[AuditEvent]) -> Mapping[int, Offered]:
    """A reset is no act of its edition: its undo is that of the copy."""
    resets = [event for event in events if event.action == actions.RESET_BOOK]
    if not resets or not access.may_manage:
        return {}
    copies = {copy.number for copy in restoring.copies(access.book)}
    numbers = {event.pk: event.detail.get("edition") for event in resets}
    return {pk: Offered("history_restore.html", number) for pk, number in numbers.items() if number in copies}
