from django.db import models
from django.db.models import Q

from workspace.models.books import Edition


class Act(models.Model):
    """What one line of the history changed in an edition, as far as it can be undone.

    The line names it by its id. While `done_at` is None the act goes on; from then on it can be undone until
    `undo_until`, when its records go. `undone_at` is set exactly while what it changed is undone: an undo is an act of
    its own, and when that is undone in its turn, this one holds again.
    """

    edition = models.ForeignKey(Edition, models.CASCADE, related_name="acts")
    # One of `Action`.
    action = models.CharField(max_length=30)
    undoes = models.ForeignKey("self", models.SET_NULL, null=True, related_name="undone_by")
    row_count = models.PositiveIntegerField(default=0)
    record_count = models.PositiveIntegerField(default=0)
    began_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    undo_until = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(done_at__isnull=True, undo_until__isnull=True)
                | Q(done_at__isnull=False, undo_until__isnull=False),
                name="act_undoable_once_done",
            ),
        ]
        # Serves the sweep of what can no longer be undone.
        indexes = [models.Index(fields=["undo_until"], name="act_by_undo_until")]

    def __str__(self) -> str:
        return f"{self.action} {self.pk}"


class UndoRecord(models.Model):
    """What one batch of an act changed: written in the transaction of its rows, read by `services.journal`.

    It may hold addresses that are nowhere else any more, so it dies with its edition, with its time, and with *erase
    traces*; `holds_addresses` says which records those need to look at.
    """

    act = models.ForeignKey(Act, models.CASCADE, related_name="records", db_index=False)
    number = models.PositiveIntegerField()
    row_count = models.PositiveIntegerField()
    holds_addresses = models.BooleanField()
    payload = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["act", "number"], name="undo_record_once")]

    def __str__(self) -> str:
        return f"{self.act_id} #{self.number}"
