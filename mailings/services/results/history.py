"""The lines of the book's history that tell of one mailing."""

from typing import Final

from mailings import actions
from mailings.models import Mailing
from workspace.models import AuditEvent

_LINES_MOST: Final = 50
_ACTIONS: Final = (
    actions.BEGIN_MAILING,
    actions.CHANGE_MAILING,
    actions.CONFIRM_MAILING,
    actions.RETURN_MAILING,
    actions.APPROVE_MAILING,
    actions.STOP_MAILING,
    actions.PAUSE_MAILING,
    actions.RESUME_MAILING,
    actions.DECIDE_PART,
    actions.SEND_TEST_MAIL,
)


def lines_about(mailing: Mailing) -> list[AuditEvent]:
    """Newest first. The index leads to acts on mailings since this one was begun; the number is looked for in these."""
    lines = AuditEvent.objects.filter(chain=mailing.book_id, action__in=_ACTIONS, at__gte=mailing.created_at)
    return list(lines.filter(detail__mailing=mailing.pk).order_by("-at", "-id")[:_LINES_MOST])
