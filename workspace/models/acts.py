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
    # The code of the line.
    action = models.CharField(max_length=30)
    undoes = models.ForeignKey("self", models.SET_NULL, null=True, related_name="undone_by")
    row_count = models.PositiveIntegerField(default=0)
    record_count = models.PositiveIntegerField(default=0)
    began_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    undo_until = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "addressbook"
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
