from django.db import models

from workspace.models.acts import Act


class UndoRecord(models.Model):
    """What one batch of an act changed: written in the transaction of its rows, read by `services.addresses.undo_log`.

    It may hold addresses that are nowhere else any more, so it goes with its edition, with its time, and with *erase
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
