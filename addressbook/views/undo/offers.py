"""The undo, offered beside the lines of the history that tell of an act."""

from collections.abc import Mapping, Sequence

from addressbook.services import undo
from workspace.models import Act, AuditEvent
from workspace.views.history.offers import Offered
from workspace.views.pages.access import Access


def undo_offers(access: Access, events: Sequence[AuditEvent]) -> Mapping[int, Offered]:
    acts = {event.act_id: event.pk for event in events if event.act_id is not None}
    offers = {
        acts[act_id]: Offered("history_undo.html", act)
        for act_id, act in undo.undoable_acts(access.edition, acts.keys()).items()
    }
    undone = Act.objects.filter(pk__in=acts, undone_at__isnull=False).values_list("pk", flat=True)
    return {**{acts[act_id]: Offered("history_undone.html", None) for act_id in undone}, **offers}
