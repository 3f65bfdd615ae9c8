from django.db import models
from django.db.models import Q

from mailings.models.senders import ADDRESS_CHARACTERS
from workspace.models import AddressBook


class OutsideRequest(models.Model):
    """A request that the book's account made elsewhere, in NAVER's console or by a program, as the service listed it.

    Kept as long as the service keeps it.
    """

    book = models.ForeignKey(AddressBook, models.CASCADE, related_name="outside_requests", db_index=False)
    request_id = models.CharField(max_length=40)
    # The service's words: CONSOLE or API.
    tool = models.CharField(max_length=20, blank=True)
    # The service's code.
    status = models.CharField(max_length=10)
    sender_address = models.CharField(max_length=ADDRESS_CHARACTERS, blank=True)
    sender_name = models.CharField(max_length=100, blank=True)
    template_name = models.CharField(max_length=200, blank=True)
    requested_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    reserved_for = models.DateTimeField(null=True)
    recipient_count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["book", "request_id"], name="outside_request_once")]
        # Serves the list of mailings, newest first.
        indexes = [models.Index(fields=["book", "-requested_at", "-id"], name="outside_request_newest")]

    def __str__(self) -> str:
        return f"request {self.request_id} from elsewhere"


class OutsideReading(models.Model):
    """When the service's own list of requests is read for a book, and how far it was."""

    book = models.OneToOneField(AddressBook, models.CASCADE, related_name="outside_reading")
    # A claim moves it ahead, so that a worker that dies is followed by another.
    next_at = models.DateTimeField(null=True)
    read_through = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=60, blank=True)

    class Meta:
        # Serves the sweep for what is due.
        indexes = [models.Index(fields=["next_at"], condition=Q(next_at__isnull=False), name="outside_reading_due")]

    def __str__(self) -> str:
        return f"reading of requests for book {self.book_id}"
