import hashlib
import json
from datetime import UTC
from ipaddress import ip_address
from typing import Any, NoReturn, Protocol

from django.db import models

from workspace import limits


class AuditChain(models.Model):
    """The lines that are chained to each other: those of one book (its id), or those without a book (0).

    A line follows the one before by its number and by a hash over its content and the hash of that one. This row says
    where the chain ends, and, once old lines were removed, where it begins: `first_number` is the first that is kept,
    `base_hash` the hash of the one before.
    """

    WITHOUT_BOOK = 0

    id = models.BigIntegerField(primary_key=True)
    last_number = models.BigIntegerField(default=0)
    last_hash = models.CharField(max_length=64, default="")
    first_number = models.BigIntegerField(default=1)
    base_hash = models.CharField(max_length=64, default="")

    class Meta:
        app_label = "addressbook"

    def __str__(self) -> str:
        return f"history {self.pk}, {self.last_number} lines"


class AuditEvent(models.Model):
    """One line of the history: who did what, when, from where, to how many, and why.

    It outlives the people and books that it speaks of, hence no foreign keys. Nothing changes a line, and nothing
    deletes one before its time. Addresses never stand in it in full.
    """

    chain = models.BigIntegerField()
    number = models.BigIntegerField()
    at = models.DateTimeField()
    user_id = models.BigIntegerField(null=True)
    username = models.CharField(max_length=150)
    ip_address = models.GenericIPAddressField(null=True)
    book_id = models.BigIntegerField(null=True)
    book_name = models.CharField(max_length=limits.BOOK_NAME_CHARACTERS)
    action = models.CharField(max_length=30)
    # The `Act` that it tells of, where that can be undone.
    act_id = models.BigIntegerField(null=True)
    detail = models.JSONField(default=dict)
    reason = models.CharField(max_length=limits.REASON_CHARACTERS, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        app_label = "addressbook"
        constraints = [models.UniqueConstraint(fields=["chain", "number"], name="audit_number_once_per_chain")]
        # They serve the pages of a book's history, newest first: of everything, of one kind, of one person.
        indexes = [
            models.Index(fields=["chain", "-at", "-id"], name="audit_newest_first"),
            models.Index(fields=["chain", "action", "-at", "-id"], name="audit_newest_of_action"),
            models.Index(fields=["chain", "username", "-at", "-id"], name="audit_newest_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.username} {self.action}"

    def save(self, **kwargs: Any) -> None:
        if self.pk is not None:
            raise TypeError("The history is append-only")
        super().save(**kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("The history is append-only")


class Line(Protocol):
    """What a line of the history holds; the model, or a migration's picture of it."""

    chain: Any
    number: Any
    at: Any
    user_id: Any
    username: Any
    ip_address: Any
    book_id: Any
    book_name: Any
    action: Any
    act_id: Any
    detail: Any
    reason: Any


def digest(line: Line, *, previous: str) -> str:
    """The hash of a line that follows the one with the hash `previous` ("": it is the first).

    It must come out the same for as long as lines are kept, whatever database they were read from: so the content is
    brought into one form, and a new form would need a new name in the place of "1".
    """
    content = [
        "1",
        line.chain,
        line.number,
        line.at.astimezone(UTC).isoformat(timespec="microseconds"),
        line.user_id,
        line.username,
        ip_address(line.ip_address).packed.hex() if line.ip_address else None,
        line.book_id,
        line.book_name,
        str(line.action),
        line.act_id,
        line.detail,
        line.reason,
        previous,
    ]
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
