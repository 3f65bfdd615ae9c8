from django.db import models
from django.utils.translation import gettext_lazy as _

from mailings.models.mailings import Mailing


class PartState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    # Committed before the call. A part that is found so after a crash is unknown.
    CALLING = "calling", _("Calling")
    ACCEPTED = "accepted", _("Accepted")
    # Refused by the service itself; its recipients are unsent.
    REFUSED = "refused", _("Refused")
    # No answer that settles it. Only a person has it called again.
    UNKNOWN = "unknown", _("Unknown")
    DONE = "done", _("Done")
    CANCELLED = "cancelled", _("Cancelled")


class Part(models.Model):
    """The recipients of one call, and what became of the call.

    `marker` goes with the call as its References header, comes back from the service, and so proves that it was
    accepted. Every call has a new one.
    """

    mailing = models.ForeignKey(Mailing, models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=9, choices=PartState, default=PartState.WAITING)
    # The numbers of its recipients: those of the mailing from `first` to `last` that carry this part.
    first = models.PositiveIntegerField()
    last = models.PositiveIntegerField()
    recipient_count = models.PositiveIntegerField(default=0)
    marker = models.CharField(max_length=100, null=True, unique=True)  # noqa: DJ001 - unique only among those given
    attempts = models.PositiveSmallIntegerField(default=0)
    request_id = models.CharField(max_length=40, blank=True)
    # What the service answered to a refusal or a fault: status, code and words, and the id for its support.
    answer = models.JSONField(default=dict)
    called_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True)
    # How often an unknown outcome was looked for, or the status of a request was asked.
    looks = models.PositiveSmallIntegerField(default=0)
    next_look_at = models.DateTimeField(null=True)
    # How far results were read: pages of failures that are kept.
    cursor = models.PositiveIntegerField(default=0)
    status = models.JSONField(default=dict)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mailing", "number"], name="part_number_once")]
        indexes = [
            # Serves the worker of a mailing, and the sweep for what is due to be looked at.
            models.Index(fields=["mailing", "state", "number"], name="part_by_state"),
            models.Index(fields=["state", "next_look_at"], name="part_due"),
        ]

    def __str__(self) -> str:
        return f"part {self.number} of mailing {self.mailing_id} ({self.state})"
