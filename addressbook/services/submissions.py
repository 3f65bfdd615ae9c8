"""A form sent twice has one effect: the second time it gets the answer of the first.

Every form carries a token. A service that holds the lock of its book asks `earlier_outcome` before it does anything
and `remember`s what it did in the same transaction. Two submissions at once meet at the lock, so the second finds the
first.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from addressbook import limits
from addressbook.models import Submission
from addressbook.services.audit import Actor


def earlier_outcome(token: UUID, *, by: Actor) -> dict[str, Any] | None:
    """What this submission of this person brought about when it came first, or None when it has not come yet."""
    row = Submission.objects.filter(token=token, user=by.user).first()
    return row.outcome if row else None


def remember(token: UUID, outcome: dict[str, Any], *, by: Actor) -> None:
    """Keep `outcome` (JSON values only). Raises IntegrityError for a token that was used for anything else."""
    Submission.objects.create(token=token, user=by.user, outcome=outcome)


def forget_old() -> int:
    """Drop what is older than limits.SUBMISSION_MEMORY_HOURS; returns how many. Harmless when two run at once."""
    horizon = timezone.now() - timedelta(hours=limits.SUBMISSION_MEMORY_HOURS)
    deleted, _ = Submission.objects.filter(created_at__lt=horizon).delete()
    return deleted
