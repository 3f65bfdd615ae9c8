from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mailings import limits
from workspace.models import AddressBook

ADDRESS_CHARACTERS = 254


class Sender(models.Model):
    """An address, with a name, that a book may send from."""

    book = models.ForeignKey(AddressBook, models.CASCADE, related_name="senders")
    address = models.CharField(max_length=ADDRESS_CHARACTERS)
    key = models.CharField(max_length=ADDRESS_CHARACTERS)
    name = models.CharField(max_length=limits.SENDER_NAME_BYTES, blank=True)
    is_default = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["book", "key"], name="sender_once_per_book"),
            models.UniqueConstraint(fields=["book"], condition=Q(is_default=True), name="sender_default_once_per_book"),
        ]

    def __str__(self) -> str:
        return self.address


class MailRules(models.Model):
    """What a book's settings say about sending. A book without a row has the defaults below."""

    class SendingRole(models.TextChoices):
        MANAGERS = "managers", _("Managers and admins")
        ADMINS = "admins", _("Admins only")

    book = models.OneToOneField(AddressBook, models.CASCADE, related_name="mail_rules")
    # A form that was opened before somebody else's change is noticed by this.
    version = models.PositiveIntegerField(default=1)

    # The facts that advertising must state, and the text of refusal where the service's own is not wanted.
    company = models.CharField(max_length=100, blank=True)
    contact_email = models.CharField(max_length=ADDRESS_CHARACTERS, blank=True)
    telephone = models.CharField(max_length=30, blank=True)
    postal_address = models.CharField(max_length=200, blank=True)
    refusal_text = models.TextField(blank=True)

    sending_role = models.CharField(max_length=8, choices=SendingRole, default=SendingRole.MANAGERS)
    # From how many recipients on a second person has to confirm; None: never.
    second_person_from = models.PositiveIntegerField(null=True)
    monthly_quota = models.PositiveIntegerField(default=limits.MONTHLY_QUOTA_RECIPIENTS)
    blocked_hours = models.PositiveIntegerField(default=limits.BLOCKED_HOURS)
    retention_months = models.PositiveSmallIntegerField(default=limits.RETENTION_MONTHS)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(retention_months__gte=1, retention_months__lte=limits.RETENTION_MONTHS_MOST),
                name="mail_rules_retention_in_range",
            )
        ]

    def __str__(self) -> str:
        return f"rules of {self.book_id}"

    @property
    def has_footer(self) -> bool:
        """Whether all facts are there that the law asks of advertising."""
        return all((self.company, self.contact_email, self.telephone, self.postal_address))
