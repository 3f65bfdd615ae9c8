from django.db import models

from workspace.models import Edition


class GrowthWeek(models.Model):
    """How large an edition, or a group of it, was at the end of a week, and how it came to that.

    `joined` and `left` are None where nobody counted yet; else address_count = that of the week before + joined - left.
    Who came and went between two counts is in neither.
    """

    edition = models.ForeignKey(Edition, models.CASCADE, related_name="growth", db_index=False)
    # 0: the whole edition. No foreign key, so that deleting a group need not look here.
    group = models.PositiveBigIntegerField(default=0)
    # Its Monday.
    week = models.DateField()
    address_count = models.PositiveIntegerField()
    joined = models.PositiveIntegerField(null=True)
    left = models.PositiveIntegerField(null=True)
    # The highest id of an address, or of a membership, at the last count: what is above it came later.
    through_id = models.BigIntegerField(default=0)

    class Meta:
        # Its index serves the chart of a group.
        constraints = [models.UniqueConstraint(fields=["edition", "group", "week"], name="growth_week_once")]

    def __str__(self) -> str:
        return f"{self.week}: {self.address_count}"
