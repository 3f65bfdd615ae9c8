from typing import Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from workspace.models.books import AddressBook, BookMember, Role


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self) -> Self:
        """Those that can still be accepted, by the clock of the database: their inviter must be admin now."""
        admins = BookMember.objects.filter(book=OuterRef("book"), user=OuterRef("invited_by"), role=Role.ADMIN)
        return self.filter(
            Exists(admins),
            used_at__isnull=True,
            withdrawn_at__isnull=True,
            expires_at__gt=Now(),
            invited_by__is_active=True,
        )


class Invitation(models.Model):
    """A one-time offer of a role in a book; its code is the key.

    Only a hash of the code is kept: who reads this table can accept nothing.
    """

    book = models.ForeignKey(AddressBook, models.CASCADE, related_name="invitations")
    role = models.CharField(max_length=7, choices=Role)
    code_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey("User", models.CASCADE, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    used_by = models.ForeignKey("User", models.SET_NULL, null=True, related_name="+")

    objects = InvitationQuerySet.as_manager()

    class Meta:
        app_label = "addressbook"
        constraints = [
            models.CheckConstraint(condition=Q(role__in=Role.values), name="invitation_role_known"),
            models.CheckConstraint(
                condition=Q(used_at__isnull=True) | Q(withdrawn_at__isnull=True), name="invitation_ended_once"
            ),
        ]

    def __str__(self) -> str:
        return f"invitation {self.pk} ({self.role})"
