from datetime import date, datetime, time
from typing import Final, Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mailings import limits
from mailings.models.editors import Editor
from mailings.models.senders import ADDRESS_CHARACTERS, Sender
from mailings.models.templates import Template
from workspace.models import AddressBook


class MailKind(models.TextChoices):
    GENERAL = "general", _("General mail")
    ADVERTISING = "advertising", _("Advertising mail")


class MailingState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    # The recipients become rows.
    FREEZING = "freezing", _("Preparing")
    AWAITING = "awaiting", _("Awaiting confirmation")
    HELD = "held", _("Held")
    SCHEDULED = "scheduled", _("Scheduled")
    # Its time passed while nothing ran, and a person has to decide.
    MISSED = "missed", _("Missed")
    SENDING = "sending", _("Sending")
    PAUSED = "paused", _("Paused")
    # Nothing is left to call, and of at least one part nobody knows whether it was accepted.
    UNKNOWN = "unknown", _("Outcome unknown")
    # Every part was accepted; the service is still delivering.
    ACCEPTED = "accepted", _("Being delivered")
    SENT = "sent", _("Sent")
    STOPPED = "stopped", _("Stopped")
    CANCELLED = "cancelled", _("Cancelled")


# What may still go to the service, or is being worked on there.
UNDER_WAY: Final = (
    MailingState.FREEZING,
    MailingState.HELD,
    MailingState.SENDING,
    MailingState.PAUSED,
    MailingState.UNKNOWN,
    MailingState.ACCEPTED,
)
# The counters that a mailing's recipients add up to, by the name of the column.
COUNTERS: Final = ("sent", "failed", "unsubscribed", "blocked", "left_out", "cancelled", "unknown", "open")


def bounds_of(first: date | None, last: date | None) -> tuple[datetime | None, datetime | None]:
    """The first and the last moment of two days, in the time zone of the installation."""
    return (
        None if first is None else timezone.make_aware(datetime.combine(first, time.min)),
        None if last is None else timezone.make_aware(datetime.combine(last, time.max)),
    )


class MailingQuerySet(models.QuerySet["Mailing"]):
    def drafts(self) -> Self:
        return self.filter(state=MailingState.DRAFT)

    def confirmed(self) -> Self:
        return self.exclude(state=MailingState.DRAFT)

    def created_between(self, first: date | None, last: date | None) -> Self:
        """Both days included; None: without a bound."""
        since, until = bounds_of(first, last)
        rows = self
        if since is not None:
            rows = rows.filter(created_at__gte=since)
        if until is not None:
            rows = rows.filter(created_at__lte=until)
        return rows

    def without_content(self) -> Self:
        """For lists: a body can be half a megabyte."""
        return self.defer("body", "common_values", "fallbacks")


class Mailing(models.Model):
    """One mail to many: a draft until somebody confirms it, and from then on exactly what was confirmed.

    `planned` is the number of its recipients at the confirmation, and always the sum of the other counters.
    """

    book = models.ForeignKey(AddressBook, models.CASCADE, related_name="mailings")
    state = models.CharField(max_length=9, choices=MailingState, default=MailingState.DRAFT)
    # A test mail is an ordinary request, and is listed as what it is.
    is_test = models.BooleanField(default=False)
    kind = models.CharField(max_length=11, choices=MailKind, default=MailKind.GENERAL)
    # The draft's; what was sent from stands in `sender_address`.
    sender = models.ForeignKey(Sender, models.SET_NULL, null=True, related_name="+")
    subject = models.TextField(blank=True)
    body = models.TextField(blank=True)
    editor = models.CharField(max_length=6, choices=Editor, default=Editor.SIMPLE)
    template = models.ForeignKey(Template, models.SET_NULL, null=True, related_name="mailings")
    copied_from = models.ForeignKey("self", models.SET_NULL, null=True, related_name="copies")
    # Placeholder to value: for everybody, and where a recipient has none.
    common_values = models.JSONField(default=dict)
    fallbacks = models.JSONField(default=dict)
    # None: as soon as it is confirmed.
    send_at = models.DateTimeField(null=True)
    # Counts the saves of a draft: one that was based on an older state is refused.
    version = models.PositiveIntegerField(default=1)

    created_by = models.ForeignKey("addressbook.User", models.SET_NULL, null=True, related_name="+")
    creator = models.CharField(max_length=150)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_by = models.ForeignKey("addressbook.User", models.SET_NULL, null=True, related_name="+")
    updater = models.CharField(max_length=150, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    # What was confirmed.
    sender_address = models.CharField(max_length=ADDRESS_CHARACTERS, blank=True)
    sender_name = models.CharField(max_length=limits.SENDER_NAME_BYTES, blank=True)
    footer = models.JSONField(null=True)
    refusal_text = models.TextField(blank=True)
    content_sha256 = models.CharField(max_length=64, blank=True)
    recipients_sha256 = models.CharField(max_length=64, blank=True)
    confirmed_by = models.ForeignKey("addressbook.User", models.SET_NULL, null=True, related_name="+")
    confirmer = models.CharField(max_length=150, blank=True)
    confirmed_at = models.DateTimeField(null=True)
    approver = models.CharField(max_length=150, blank=True)
    approved_at = models.DateTimeField(null=True)
    held_until = models.DateTimeField(null=True)
    # What became of those who were chosen and are no recipients: counts by reason.
    excluded = models.JSONField(default=dict)
    # Why it is paused, stopped or missed: a code, and what the sentence about it needs.
    reason = models.JSONField(default=dict)

    planned = models.PositiveIntegerField(default=0)
    sent = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    unsubscribed = models.PositiveIntegerField(default=0)
    blocked = models.PositiveIntegerField(default=0)
    left_out = models.PositiveIntegerField(default=0)
    cancelled = models.PositiveIntegerField(default=0)
    unknown = models.PositiveIntegerField(default=0)
    open = models.PositiveIntegerField(default=0)

    began_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)

    objects = MailingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    planned=F("sent")
                    + F("failed")
                    + F("unsubscribed")
                    + F("blocked")
                    + F("left_out")
                    + F("cancelled")
                    + F("unknown")
                    + F("open")
                ),
                name="mailing_counts_add_up",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[MailingState.DRAFT, MailingState.FREEZING]) | Q(confirmed_at__isnull=False),
                name="mailing_confirmed_unless_draft",
            ),
            models.CheckConstraint(condition=Q(kind__in=MailKind.values), name="mailing_kind_known"),
        ]
        indexes = [
            # Serves the list of mailings, newest first, also of one state.
            models.Index(fields=["book", "-created_at", "-id"], name="mailing_newest_first"),
            models.Index(fields=["book", "state", "-created_at", "-id"], name="mailing_by_state"),
            # Serve its other orders and filters.
            models.Index(fields=["book", "-planned", "-id"], name="mailing_by_planned"),
            models.Index(fields=["book", "-failed", "-id"], name="mailing_by_failed"),
            models.Index(fields=["book", "sender_address", "-created_at", "-id"], name="mailing_by_sender"),
            models.Index(fields=["book", "template", "-created_at", "-id"], name="mailing_by_template"),
            # Serves the statistics by itself: no body has to be read past.
            models.Index(
                fields=["book", "began_at", "is_test", "sender_address", "template", *COUNTERS],
                name="mailing_statistics",
            ),
            # Serves the scheduler, which looks for what is due.
            models.Index(fields=["send_at"], condition=Q(state="scheduled"), name="mailing_scheduled"),
        ]

    def __str__(self) -> str:
        return f"mailing {self.pk} ({self.state})"

    @property
    def is_advertising(self) -> bool:
        return self.kind == MailKind.ADVERTISING

    @property
    def is_draft(self) -> bool:
        return self.state == MailingState.DRAFT


class Attachment(models.Model):
    """A file of a mailing, kept here until it is sent. Its stored name is ours; `name` is only text."""

    mailing = models.ForeignKey(Mailing, models.CASCADE, related_name="attachments")
    name = models.CharField(max_length=255)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    stored_file = models.CharField(max_length=100)
    # The service's id of the last upload, which it forgets after a day.
    file_id = models.CharField(max_length=64, blank=True)
    uploaded_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"attachment {self.pk} of {self.mailing_id}"
