from typing import Final, NamedTuple, Self

from django.db import models
from django.db.models import Q

from addressbook import limits
from workspace.models.books import Edition

# In place of a group's id: the addresses that are in none.
UNGROUPED: Final = 0


class TreeGroup(NamedTuple):
    """What a tree or a choice shows of a group. A book may have a thousand, and a model takes ten times as long."""

    pk: int
    name: str
    address_count: int


class GroupQuerySet(models.QuerySet["Group"]):
    def in_tree_order(self) -> Self:
        return self.order_by("name", "id")

    def as_tree(self) -> list[TreeGroup]:
        return [TreeGroup(*row) for row in self.in_tree_order().values_list("pk", "name", "address_count")]


class Group(models.Model):
    """A recipient group. `address_count` equals the number of its memberships at the end of every transaction."""

    edition = models.ForeignKey(Edition, models.CASCADE, related_name="groups", db_index=False)
    name = models.CharField(max_length=limits.GROUP_NAME_CHARACTERS)
    address_count = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    # To be sent (again) under its present name: the group, and its memberships up to this id; None: nothing of it. Sent
    # of them are those of addresses up to `resend_after` (see models.sync).
    resend_through = models.BigIntegerField(null=True)
    resend_after = models.BigIntegerField(default=-1)

    objects = GroupQuerySet.as_manager()

    class Meta:
        constraints = [
            # Its index also serves the tree: the groups of an edition by name.
            models.UniqueConstraint(fields=["edition", "name"], name="group_name_once_per_edition"),
        ]
        # Serves the sync, which looks for one after each act: there are none of them most of the time.
        indexes = [models.Index(fields=["edition"], condition=Q(resend_through__isnull=False), name="group_to_resend")]

    def __str__(self) -> str:
        return self.name
