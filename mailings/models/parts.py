from django.db import models
from django.db.models import Q
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


class Decision(models.TextChoices):
    """What a person decides on a part of unknown outcome, or one that was refused."""

    SEND = "send", _("Send this part")
    LEAVE_OUT = "leave_out", _("Leave it out")


class MailingRun(models.Model):
    """Who works on a confirmed mailing, and when somebody has to look at it again.

    The same lease as that of the sync: a worker owns the mailing while `attempt` is the number that it was given.
    """

    mailing = models.OneToOneField(Mailing, models.CASCADE, related_name="run")
    attempt = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    # None: there is nothing to do until a person acts.
    next_at = models.DateTimeField(null=True)
    # Failed calls in a row, for the length of the next pause.
    failures = models.PositiveSmallIntegerField(default=0)
    # About which state whoever sent it was told by e-mail.
    told = models.CharField(max_length=60, blank=True)

    class Meta:
        # Serves the sweep for what is due.
        indexes = [models.Index(fields=["next_at"], condition=Q(next_at__isnull=False), name="mailing_run_due")]

    def __str__(self) -> str:
        return f"run of mailing {self.mailing_id}"


class Part(models.Model):
    """The recipients of one call, and what became of the call.

    `marker` goes with the call as its References header, comes back from the service, and so proves that it was
    accepted. Every call has a new one.
    """

    mailing = models.ForeignKey(Mailing, models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=9, choices=PartState, default=PartState.WAITING)
    # The numbers of its recipients, both included.
    first = models.PositiveIntegerField()
    last = models.PositiveIntegerField()
    # How many of them the call named.
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
