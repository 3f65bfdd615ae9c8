"""Acts that can be undone: when one begins, and when it is over."""

from datetime import timedelta

from django.utils import timezone

from workspace import limits
from workspace.models import Act, Edition


def begin(edition: Edition, action: str, *, undoes: Act | None = None) -> Act:
    """A new act, in the caller's transaction. It goes on until `close`."""
    return Act.objects.create(edition=edition, action=action, undoes=undoes, began_at=timezone.now())


def close(act: Act) -> Act | None:
    """End the act: from now on it can be undone. None when it has changed nothing; then it is forgotten."""
    if not act.record_count:
        act.delete()
        return None
    act.done_at = timezone.now()
    act.undo_until = act.done_at + timedelta(days=limits.UNDO_KEPT_DAYS)
    act.save(update_fields=["done_at", "undo_until"])
    return act
