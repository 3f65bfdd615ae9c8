from django.db import models
from django.db.models import Q

from mailings import limits
from mailings.models.senders import ADDRESS_CHARACTERS
from workspace.models import AddressBook

TEMPLATE_NAME_CHARACTERS = 100


class Category(models.Model):
    """A folder of templates. `sid` is the service's number; None where templates are kept here only."""

    book = models.ForeignKey(AddressBook, models.CASCADE, related_name="template_categories")
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children")
    sid = models.BigIntegerField(null=True)
    name = models.CharField(max_length=TEMPLATE_NAME_CHARACTERS)
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["book", "sid"], name="category_once_per_book")]

    def __str__(self) -> str:
        return self.name


class Template(models.Model):
    """A mail to begin drafts from. On a v1 connection the service holds it, and this row is what was read last."""

    book = models.ForeignKey(AddressBook, models.CASCADE, related_name="templates")
    category = models.ForeignKey(Category, models.PROTECT, null=True, related_name="templates")
    sid = models.BigIntegerField(null=True)
    name = models.CharField(max_length=TEMPLATE_NAME_CHARACTERS)
    description = models.CharField(max_length=300, blank=True)
    subject = models.TextField(blank=True)
    body = models.TextField(blank=True)
    sender_address = models.CharField(max_length=ADDRESS_CHARACTERS, blank=True)
    sender_name = models.CharField(max_length=limits.SENDER_NAME_BYTES, blank=True)
    is_in_use = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1)
    # Of what the service said last, to see whether somebody changed it there.
    read_sha256 = models.CharField(max_length=64, blank=True)
    read_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["book", "sid"], name="template_once_per_book")]
        # Serves the tree, and the drop-down of a draft.
        indexes = [models.Index(fields=["book", "name"], condition=Q(is_in_use=True), name="template_in_use")]

    def __str__(self) -> str:
        return self.name
