"""What goes on with a book's templates: a call of unknown outcome, the refresh, an import."""

from django.db import models
from django.db.models import Q

from mailings.models.templates import TEMPLATE_NAME_CHARACTERS, Category, Template
from workspace.models import AddressBook


class TemplateCall(models.Model):
    """A call that changes a template or a category at the service: there before it, gone with its outcome.

    So a second one about the same thing waits, and after a call without an answer the next one looks first.
    """

    class Kind(models.TextChoices):
        REGISTER = "register"
        CHANGE = "change"
        CREATE_CATEGORY = "create_category"
        DELETE_CATEGORY = "delete_category"

    book = models.ForeignKey(AddressBook, models.CASCADE, related_name="template_calls")
    kind = models.CharField(max_length=15, choices=Kind)
    template = models.ForeignKey(Template, models.CASCADE, null=True, related_name="+")
    # The category that is deleted, or the one in which something is made.
    category = models.ForeignKey(Category, models.CASCADE, null=True, related_name="+")
    name = models.CharField(max_length=TEMPLATE_NAME_CHARACTERS, blank=True)
    # Of the content that was sent; empty: nothing was sent yet.
    content_sha256 = models.CharField(max_length=64, blank=True)
    lease_until = models.DateTimeField()
    asked_by = models.CharField(max_length=150)
    asked_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["template"], condition=Q(template__isnull=False), name="template_call_once"
            ),
        ]

    def __str__(self) -> str:
        return f"call {self.pk} ({self.kind})"


class Leased(models.Model):
    """Work of one worker at a time, which owns it while `attempt` is the number that it was given."""

    attempt = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    # None: there is nothing to do.
    next_at = models.DateTimeField(null=True)
    # Failed calls in a row, for the length of the next pause, and why the last one failed.
    failures = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=60, blank=True)

    class Meta:
        abstract = True


class TemplateRefresh(Leased):
    """Who reads a book's templates from the service, and how far that is. One row a book."""

    book = models.OneToOneField(AddressBook, models.CASCADE, related_name="template_refresh")
    asked_by = models.ForeignKey("addressbook.User", models.SET_NULL, null=True, related_name="+")
    # The tree is read before the contents.
    tree_wanted = models.BooleanField(default=False)
    tree_read_at = models.DateTimeField(null=True)
    # What the last refresh has found: templates that are new, changed or gone at the service.
    found = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["next_at"], condition=Q(next_at__isnull=False), name="template_refresh_due")]

    def __str__(self) -> str:
        return f"refresh of the templates of book {self.book_id}"


class TemplateImport(Leased):
    """Templates out of a file, which become templates of the book one by one."""

    book = models.ForeignKey(AddressBook, models.CASCADE, related_name="template_imports")
    name = models.CharField(max_length=100)
    # Paths of the categories of the file, outer ones first; empty ones are made as well.
    categories = models.JSONField(default=list)
    requested_by = models.ForeignKey("addressbook.User", models.SET_NULL, null=True, related_name="+")
    requester = models.CharField(max_length=150)
    requested_from = models.GenericIPAddressField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    stopped_by = models.CharField(max_length=150, blank=True)
    finished_at = models.DateTimeField(null=True)
    dismissed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["next_at"], condition=Q(next_at__isnull=False), name="template_import_due")]

    def __str__(self) -> str:
        return f"import {self.pk} of templates"


class TemplateEntry(models.Model):
    """A template of a file: what it says, and what became of it. Its content goes once it is a template."""

    class State(models.TextChoices):
        WAITING = "waiting"
        IMPORTED = "imported"
        # A template of this name and content is in the category.
        ALREADY_THERE = "already_there"
        REFUSED = "refused"
        STOPPED = "stopped"

    of = models.ForeignKey(TemplateImport, models.CASCADE, related_name="entries", db_index=False)
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=TEMPLATE_NAME_CHARACTERS)
    state = models.CharField(max_length=13, choices=State, default=State.WAITING)
    # The path of its category, and the fields of the template.
    content = models.JSONField(default=dict)
    # Why it was refused: codes with what their sentences need.
    problems = models.JSONField(default=list)
    # Another template of this name was in the category, or in the file, already.
    is_twice = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["of", "number"], name="template_entry_once")]

    def __str__(self) -> str:
        return f"entry {self.number} of import {self.of_id}"
