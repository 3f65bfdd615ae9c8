"""A form sent twice has one effect: the second time it gets the answer of the first.

Every form carries a token. A service that holds the lock of its book asks `earlier_outcome` before it does anything
and `remember`s what it did in the same transaction. Two submissions at once meet at the lock, so the second finds the
first. The same token with other contents is another submission: somebody who got no answer, added a line and pressed
OK again wants the line too.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from workspace import limits
from workspace.models import AddressBook, Submission
from workspace.services.history.audit import Actor


@dataclass(frozen=True, slots=True)
class Submitted:
    """A form as it was sent: by whom, with which token, to do what, with which contents (JSON values), and where."""

    by: Actor
    token: UUID
    act: str
    contents: Any
    # Where: a member of two books may send one form to both. None: to no book.
    book: AddressBook | None

    @property
    def _identity(self) -> dict[str, Any]:
        text = json.dumps([self.book.pk if self.book else None, self.contents], sort_keys=True)
        # The contents may hold addresses, which must not be kept here: a digest is enough to tell them apart.
        digest = hashlib.sha256(text.encode()).hexdigest()
        return {"user": self.by.user, "token": self.token, "act": self.act, "digest": digest}

    def earlier_outcome(self) -> dict[str, Any] | None:
        """What this submission brought about when it came first, or None when it has not come yet."""
        row = Submission.objects.filter(**self._identity).first()
        return row.outcome if row else None

    def remember(self, outcome: dict[str, Any]) -> None:
        """Keep `outcome` (JSON values only). Raises IntegrityError when the same submission is remembered already."""
        Submission.objects.create(**self._identity, outcome=outcome)


def forget_old() -> int:
    """Drop what is older than limits.SUBMISSION_MEMORY_HOURS; returns how many. Harmless when two run at once."""
    horizon = timezone.now() - timedelta(hours=limits.SUBMISSION_MEMORY_HOURS)
    deleted, _ = Submission.objects.filter(created_at__lt=horizon).delete()
    return deleted
