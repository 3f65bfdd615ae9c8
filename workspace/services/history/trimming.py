"""Old lines go when their time has come, from the beginning of a chain, and the chain stays one that can be checked."""

import logging
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from workspace import limits
from workspace.models import AuditChain, AuditEvent
from workspace.services.history import audit
from workspace.services.history.verifying import heads

logger = logging.getLogger(__name__)


def trim() -> int:
    """Remove the lines that are older than limits.HISTORY_KEPT_DAYS; returns how many.

    A month's worth at a time. Each removal is a line of the history: it names the last line that went and its hash, on
    which the check relies. Harmless when two run at once, and cheap when there is nothing to do.
    """
    return sum(_trim_chain(chain_id) for chain_id in list(AuditChain.objects.values_list("pk", flat=True)))


def log_heads() -> None:
    """Write the ends of the chains into the log, out of reach of someone who alters the database."""
    for head in heads():
        logger.info("History head %s", head)


def _trim_chain(chain_id: int) -> int:
    now = timezone.now()
    horizon = now - timedelta(days=limits.HISTORY_KEPT_DAYS)
    removed = 0
    oldest = AuditEvent.objects.filter(chain=chain_id).order_by("number").first()
    if oldest is None or oldest.at > horizon - timedelta(days=limits.HISTORY_TRIMMED_EVERY_DAYS):
        return 0
    while step := _trim_step(chain_id, horizon):
        removed += step
    return removed


def _trim_step(chain_id: int, horizon: datetime) -> int:
    with transaction.atomic():
        chain = AuditChain.objects.select_for_update().get(pk=chain_id)
        lines = AuditEvent.objects.filter(chain=chain_id).order_by("number")
        old = []
        for line in lines.only("number", "at", "hash", "book_name")[: limits.LINES_PER_TRIM]:
            if line.at >= horizon:
                break
            old.append(line)
        if not old:
            return 0
        last = old[-1]
        # The guard in the database allows to delete lines before the chain's beginning.
        chain.first_number, chain.base_hash = last.number + 1, last.hash
        chain.save(update_fields=["first_number", "base_hash"])
        _delete_through(chain_id, last.number)
        detail = {"lines": len(old), "through": last.number, "hash": last.hash, "until": last.at.isoformat()}
        audit.record_trim(chain_id=chain_id, book_name=last.book_name, detail=detail)
    return len(old)


def _delete_through(chain_id: int, number: int) -> None:
    # By hand: the model itself knows no way to delete a line.
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM addressbook_auditevent WHERE chain = %s AND number <= %s", [chain_id, number])
