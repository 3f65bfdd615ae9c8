from django.db import models
from django.db.models import Q


class Telling(models.Model):
    """Who tells the service of a book's unsubscribes, when next, and what it answered last.

    What it has to be told stands in the ledger itself. The same lease as that of a mailing: one worker at a time, since
    of two calls at once an older one could undo the newer.
    """

    book = models.OneToOneField("addressbook.AddressBook", models.CASCADE, related_name="telling")
    attempt = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    # None: there is nothing to tell.
    next_at = models.DateTimeField(null=True)
    # Failed calls in a row, for the length of the next pause, and why the last one failed.
    failures = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=60, blank=True)
    # The last call that was answered, with its three numbers.
    told_at = models.DateTimeField(null=True)
    asked_count = models.PositiveIntegerField(default=0)
    changed_count = models.PositiveIntegerField(default=0)
    ignored_count = models.PositiveIntegerField(default=0)
    # When the service's own list is to be read (again). None: nobody asked for it, and nothing was told.
    read_due_at = models.DateTimeField(null=True)
    # The reading that is under way, page by page.
    read_began_at = models.DateTimeField(null=True)
    read_page = models.PositiveIntegerField(default=0)
    # When the last whole reading began, and how many addresses it found.
    read_at = models.DateTimeField(null=True)
    read_count = models.PositiveIntegerField(default=0)
    # Whether the service has the operation, which is not among the documented ones; None: not known yet.
    can_read = models.BooleanField(null=True)

    class Meta:
        # They serve the sweep for what is due.
        indexes = [
            models.Index(fields=["next_at"], condition=Q(next_at__isnull=False), name="telling_due"),
            models.Index(fields=["read_due_at"], condition=Q(read_due_at__isnull=False), name="telling_read_due"),
        ]

    def __str__(self) -> str:
        return f"telling of book {self.book_id}"
