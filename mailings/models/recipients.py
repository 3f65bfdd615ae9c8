from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mailings.models.mailings import Mailing
from mailings.models.senders import ADDRESS_CHARACTERS


class RecipientSource(models.Model):
    """One line of a draft's recipients: groups, a pinned selection, typed addresses, a file, an earlier mailing."""

    class Kind(models.TextChoices):
        GROUPS = "groups", _("Groups")
        SELECTION = "selection", _("Selection")
        TYPED = "typed", _("Addresses")
        FILE = "file", _("File")
        RESULTS = "results", _("Results")

    # None: its rows are still being written, and no draft counts them.
    mailing = models.ForeignKey(Mailing, models.CASCADE, null=True, related_name="sources")
    kind = models.CharField(max_length=9, choices=Kind)
    # Which groups, which selection, or what the file holds; its shape belongs to the service of the kind.
    parameters = models.JSONField(default=dict)
    # A file that is read once more keeps its place among the lines.
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["created_at", "pk"]

    def __str__(self) -> str:
        return f"source {self.pk} ({self.kind})"


class RecipientFile(models.Model):
    """A file of recipients: it waits to be read, was refused, or was read and stays a while to be read in another way.

    A worker owns it while `attempt` is the number that it was given.
    """

    mailing = models.ForeignKey(Mailing, models.CASCADE, related_name="files")
    # The source whose rows are being written, or were.
    source = models.OneToOneField(RecipientSource, models.SET_NULL, null=True, related_name="file")
    name = models.CharField(max_length=100)
    stored_file = models.CharField(max_length=100, blank=True)
    # What a person decided of `spreadsheets.Choice`; an absent part is found.
    choice = models.JSONField(default=dict)
    attempt = models.PositiveIntegerField(default=0)
    # Attempts since a person last decided anything.
    tries = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    # Why it was refused: a code, what its sentence needs, and the layout where there is one.
    refusal = models.JSONField(default=dict)
    is_read = models.BooleanField(default=False)
    # Whether its addresses are registered in the address book too, on whose behalf and from where.
    registers = models.BooleanField(default=False)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    added_from = models.GenericIPAddressField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"recipient file {self.pk}"


class SourceRow(models.Model):
    """An address out of a typed or a file source, with its values. Groups and selections have none of these."""

    source = models.ForeignKey(RecipientSource, models.CASCADE, related_name="rows", db_index=False)
    number = models.PositiveIntegerField()
    email = models.CharField(max_length=ADDRESS_CHARACTERS)
    key = models.CharField(max_length=ADDRESS_CHARACTERS)
    name = models.CharField(max_length=100, blank=True)
    values = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "key"], name="source_row_once"),
            models.UniqueConstraint(fields=["source", "number"], name="source_row_number_once"),
        ]

    def __str__(self) -> str:
        return f"row {self.number} of source {self.source_id}"


class LeftOutEntry(models.Model):
    """An entry of a typed or a file source that makes no recipient: doubled within the source, or refused."""

    source = models.ForeignKey(RecipientSource, models.CASCADE, related_name="left_out", db_index=False)
    # Its row in the file, or its place among what was typed.
    number = models.PositiveIntegerField()
    # As it was written, cut where it is longer than any address.
    text = models.CharField(max_length=ADDRESS_CHARACTERS)
    # Blank where it is no address.
    key = models.CharField(max_length=ADDRESS_CHARACTERS, blank=True)
    is_doubled = models.BooleanField()
    # Why it was refused; blank for one that is doubled.
    code = models.CharField(max_length=40, blank=True)
    character = models.CharField(max_length=10, blank=True)
    # All cells of a refused row, to be given back with the reason.
    cells = models.JSONField(null=True)

    class Meta:
        # Serves the pages of doubled and of invalid entries, and the file of refused rows.
        indexes = [models.Index(fields=["source", "is_doubled", "id"], name="left_out_by_source")]

    def __str__(self) -> str:
        return f"entry {self.number} of source {self.source_id}, left out"


class RecipientState(models.TextChoices):
    # Also while the service delivers it: its part says so.
    OPEN = "open", _("Open")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")
    UNSUBSCRIBED = "unsubscribed", _("Unsubscribed")
    BLOCKED = "blocked", _("Blocked")
    LEFT_OUT = "left_out", _("Left out")
    CANCELLED = "cancelled", _("Cancelled")
    UNKNOWN = "unknown", _("Unknown")


class RecipientQuerySet(models.QuerySet["Recipient"]):
    def open(self) -> Self:
        return self.filter(state=RecipientState.OPEN)


class Recipient(models.Model):
    """Who gets a mailing: a row of the confirmed list, and what became of it.

    Its part is the one whose numbers hold its own.
    """

    mailing = models.ForeignKey(Mailing, models.CASCADE, related_name="recipients", db_index=False)
    number = models.PositiveIntegerField()
    email = models.CharField(max_length=ADDRESS_CHARACTERS)
    key = models.CharField(max_length=ADDRESS_CHARACTERS)
    name = models.CharField(max_length=100, blank=True)
    values = models.JSONField(null=True)
    state = models.CharField(max_length=12, choices=RecipientState, default=RecipientState.OPEN)
    # The service's code and words, or our reason for leaving somebody out.
    result_code = models.CharField(max_length=60, blank=True)
    result_message = models.TextField(blank=True)
    result_at = models.DateTimeField(null=True)

    objects = RecipientQuerySet.as_manager()

    class Meta:
        constraints = [
            # Its index serves the table of recipients, and the cutting into parts.
            models.UniqueConstraint(fields=["mailing", "number"], name="recipient_number_once"),
            models.UniqueConstraint(fields=["mailing", "key"], name="recipient_once_per_mailing"),
        ]
        indexes = [
            models.Index(fields=["mailing", "state", "number"], name="recipient_by_state"),
            # Serves the counts of the reasons why people were not reached, who are few.
            models.Index(
                fields=["mailing", "state", "result_code"],
                condition=~Q(state__in=["open", "sent"]),
                name="recipient_not_reached",
            ),
            # Serves the search for every mail to an address.
            models.Index(fields=["key", "-mailing"], name="recipient_by_key"),
        ]

    def __str__(self) -> str:
        return f"recipient {self.number} of {self.mailing_id}"


class SuppressionQuerySet(models.QuerySet["Suppression"]):
    def unsubscribed(self) -> Self:
        """Who refuses advertising now."""
        return self.filter(kind=Suppression.Kind.UNSUBSCRIBED, until__isnull=True)

    def untold(self) -> Self:
        """What the service has to be told still: refusals, and refusals that were removed."""
        return self.filter(kind=Suppression.Kind.UNSUBSCRIBED, told_at__isnull=True).exclude(
            result_code=Suppression.REFUSED
        )


class Suppression(models.Model):
    """An address that a book does not send to: advertising to the unsubscribed, anything to the blocked.

    It belongs to the book and is found by the key of the address, so that no reset and no registration undoes it.
    """

    class Kind(models.TextChoices):
        UNSUBSCRIBED = "unsubscribed", _("Unsubscribed")
        BLOCKED = "blocked", _("Blocked")

    # In the place of a result's code: the service does not take this address for one.
    REFUSED = "refused"

    class Source(models.TextChoices):
        TYPED = "typed", _("Typed")
        FILE = "file", _("File")
        LIST = "list", _("Read from the service")
        RESULT = "result", _("Result of a mailing")
        LOOKED_UP = "looked_up", _("Looked up")

    book = models.ForeignKey("addressbook.AddressBook", models.CASCADE, related_name="suppressions", db_index=False)
    kind = models.CharField(max_length=12, choices=Kind)
    email = models.CharField(max_length=ADDRESS_CHARACTERS)
    key = models.CharField(max_length=ADDRESS_CHARACTERS)
    source = models.CharField(max_length=9, choices=Source)
    # Y where an admin registered it, N where the recipient did; None where nobody said.
    by_admin = models.BooleanField(null=True)
    added_by = models.CharField(max_length=150, blank=True)
    # The file that it came with. As that of an address: not checked, for files go and refusals stay.
    origin = models.ForeignKey(
        "addressbook.Upload", models.DO_NOTHING, null=True, related_name="+", db_index=False, db_constraint=False
    )
    result_code = models.CharField(max_length=60, blank=True)
    mailing = models.ForeignKey(Mailing, models.SET_NULL, null=True, related_name="suppressions")
    since = models.DateTimeField()
    # None: until somebody removes it. A removed unsubscribe stays, with the moment, until the service was told.
    until = models.DateTimeField(null=True)
    # Since when the service knows of it as it is. None: it has to be told of an unsubscribe, and need not of a block.
    told_at = models.DateTimeField(null=True)
    # When the last reading of the service's list began that found it there.
    read_at = models.DateTimeField(null=True)

    # The name of `origin`, where a page shows it and the file is not forgotten.
    file_name = ""

    objects = SuppressionQuerySet.as_manager()

    class Meta:
        constraints = [
            # Its index serves the exclusion of recipients.
            models.UniqueConstraint(fields=["book", "kind", "key"], name="suppression_once"),
            models.CheckConstraint(condition=Q(kind__in=["unsubscribed", "blocked"]), name="suppression_kind_known"),
        ]
        # Serves the table, newest first.
        indexes = [
            models.Index(fields=["book", "kind", "-since", "-id"], name="suppression_newest_first"),
            # Serves the taking back of what a list registered.
            models.Index(fields=["origin"], condition=Q(origin__isnull=False), name="suppression_by_origin"),
            # Serves whoever tells the service.
            models.Index(fields=["book", "id"], condition=Q(told_at__isnull=True), name="suppression_untold"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
