from typing import Self

from django.db import models
from django.db.models import Q

from mailings import limits
from mailings.models.editors import Editor
from mailings.models.senders import ADDRESS_CHARACTERS
from workspace.models import AddressBook

TEMPLATE_NAME_CHARACTERS = 100


class Category(models.Model):
    """A folder of templates. `sid` is the service's number; None where the service does not hold it."""

    book = models.ForeignKey(AddressBook, models.CASCADE, related_name="template_categories")
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children")
    sid = models.BigIntegerField(null=True)
    name = models.CharField(max_length=TEMPLATE_NAME_CHARACTERS)
    # When the service last said so; what is older than a reading of the tree and not in it is gone there.
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["book", "sid"], name="category_once_per_book")]

    def __str__(self) -> str:
        return self.name


class TemplateQuerySet(models.QuerySet["Template"]):
    def in_use(self) -> Self:
        return self.filter(is_in_use=True)

    def search(self, text: str) -> Self:
        """By name and content."""
        return self.filter(
            Q(name__icontains=text)
            | Q(subject__icontains=text)
            | Q(description__icontains=text)
            | Q(body__icontains=text)
        )

    def without_content(self) -> Self:
        """For lists: a body can be half a megabyte."""
        return self.defer("body", "description")


class Template(models.Model):
    """A mail to begin drafts from. On a v1 connection the service holds it, and this row is what was read last."""

    book = models.ForeignKey(AddressBook, models.CASCADE, related_name="templates")
    category = models.ForeignKey(Category, models.PROTECT, null=True, related_name="templates")
    sid = models.BigIntegerField(null=True)
    name = models.CharField(max_length=TEMPLATE_NAME_CHARACTERS)
    description = models.CharField(max_length=limits.TEMPLATE_DESCRIPTION_BYTES, blank=True)
    subject = models.TextField(blank=True)
    body = models.TextField(blank=True)
    # Ours alone: the service keeps the body without it. What others have changed is HTML.
    editor = models.CharField(max_length=6, choices=Editor, default=Editor.HTML)
    sender_address = models.CharField(max_length=ADDRESS_CHARACTERS, blank=True)
    sender_name = models.CharField(max_length=limits.SENDER_NAME_BYTES, blank=True)
    is_in_use = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1)
    # The service has it, or has another content than this row; the next refresh reads it.
    needs_reading = models.BooleanField(default=False)
    # Of what the service said last, to see whether somebody changed it there.
    read_sha256 = models.CharField(max_length=64, blank=True)
    read_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = TemplateQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["book", "sid"], name="template_once_per_book")]
        indexes = [
            # Serves the tree by itself, without the rows: bodies are long.
            models.Index(fields=["book", "is_in_use", "category", "name"], name="template_in_tree"),
            # Serves the refresh.
            models.Index(fields=["book", "id"], condition=Q(needs_reading=True), name="template_unread"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_read(self) -> bool:
        """Whether its content is here. One that the service has just named has none yet."""
        return bool(self.read_sha256) or self.sid is None
