from typing import ClassVar, Self, TypeVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from workspace import request_ids
from workspace.models.books import Edition


class JobState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    # Of uploads only: the worker is done for now, and the owner has to say how it goes on.
    CHECKED = "checked", _("Checked")
    COMPLETE = "complete", _("Complete")
    CANCELLED = "cancelled", _("Cancelled")
    FAILED = "failed", _("Failed")
    REFUSED = "refused", _("Refused")
    # Of downloads only: it was complete, and the time of its file is over.
    EXPIRED = "expired", _("Expired")


UNFINISHED = (JobState.WAITING, JobState.RUNNING)

Work = TypeVar("Work", bound="LeasedWork", covariant=True)


class LeasedWork(models.Model):
    """Work that goes on after the answer. The row is the truth; a message to the workers only says: look.

    A worker owns the work as long as `attempt` is the number that it was given when it claimed the row, and it writes
    only while that holds. `cursor` moves in the same transaction as the rows of a batch, so that work which is taken
    over goes on where the last whole batch ended.
    """

    # The Celery task that is told the id of a row to look at.
    TASK: ClassVar[str]
    # The fields that name a file in the default storage; such a file goes with its row at the latest.
    FILE_FIELDS: ClassVar[tuple[str, ...]] = ()
    # Whether it writes what it finds in the book into a file: such work must not outlive the erasing of traces.
    READS_BOOK: ClassVar[bool] = False

    edition = models.ForeignKey(Edition, models.CASCADE, related_name="%(class)ss")
    requested_by = models.ForeignKey("addressbook.User", models.SET_NULL, null=True, related_name="+")
    requester = models.CharField(max_length=150)
    requested_from = models.GenericIPAddressField(null=True)

    state = models.CharField(max_length=9, choices=JobState, default=JobState.WAITING)
    attempt = models.PositiveIntegerField(default=0)
    # Attempts since the last batch that was kept: work that gets on may outlive any number of restarts.
    fruitless_attempts = models.PositiveSmallIntegerField(default=0)
    # When a message about it last went to the workers; None when that failed or is still to happen.
    announced_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    cancel_requested = models.BooleanField(default=False)
    cursor = models.BigIntegerField(null=True)
    rows_done = models.PositiveIntegerField(default=0)
    rows_total = models.PositiveIntegerField(default=0)
    outcome = models.JSONField(default=dict)
    # Where what it changes is kept, so that it can be undone.
    act = models.ForeignKey("addressbook.Act", models.SET_NULL, null=True, related_name="%(class)ss")

    # The request that caused it: its log lines carry the same id.
    request_id = models.CharField(max_length=request_ids.MOST_CHARACTERS, default=request_ids.current, blank=True)
    created_at = models.DateTimeField()
    # Since when it waits, or waited last, for a worker.
    waiting_since = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    dismissed_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "addressbook"
        abstract = True

    @property
    def files(self) -> list[str]:
        """The names of its files in the default storage."""
        return [name for field in self.FILE_FIELDS if (name := getattr(self, field))]

    def forget_contents(self) -> None:
        """Blank what came out of the book or a file, for who only has to be told how it ended; does not save."""
        for field in self.FILE_FIELDS:
            setattr(self, field, "")


def finished_when_over(name: str, *, resting: tuple[JobState, ...] = ()) -> models.CheckConstraint:
    """State and time agree: work has a time of its end exactly when it is neither unfinished nor at rest."""
    open_states = UNFINISHED + resting
    return models.CheckConstraint(
        condition=Q(state__in=open_states, finished_at__isnull=True)
        | (~Q(state__in=open_states) & Q(finished_at__isnull=False)),
        name=name,
    )


def leased_while_running(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=(Q(state=JobState.RUNNING, lease_until__isnull=False))
        | (~Q(state=JobState.RUNNING) & Q(lease_until__isnull=True)),
        name=name,
    )


class WorkQuerySet(models.QuerySet[Work]):
    def unfinished(self) -> Self:
        return self.filter(state__in=UNFINISHED)

    def shown_to(self, user_id: int) -> Self:
        """What the page of `user_id` shows: all that is unfinished, and their own results until put away."""
        return self.filter(Q(state__in=UNFINISHED) | Q(requested_by_id=user_id, dismissed_at__isnull=True))


class JobQuerySet(WorkQuerySet["Job"]):
    """Nothing of its own."""


class Job(LeasedWork):
    """A bulk act on a selection or on a whole group, or the undo of an act."""

    class Kind(models.TextChoices):
        DELETE_ADDRESSES = "delete_addresses", _("Delete addresses")
        EDIT_GROUPS = "edit_groups", _("Edit group")
        REMOVE_FROM_GROUP = "remove_from_group", _("Remove from group")
        EMPTY_GROUP = "empty_group", _("Empty group")
        DELETE_GROUP = "delete_group", _("Delete group")
        # The addresses that were registered after a reset, into the contents from before it.
        MERGE_EDITIONS = "merge_editions", _("Merge addresses")
        ERASE_TRACES = "erase_traces", _("Delete permanently, including backups")
        UNDO = "undo", _("Undo")

    TASK = "addressbook.tasks.run_job"

    kind = models.CharField(max_length=20, choices=Kind)
    # What to do and to which rows; its shape belongs to the service of the kind.
    parameters = models.JSONField()

    objects = JobQuerySet.as_manager()

    class Meta:
        app_label = "addressbook"
        constraints = [finished_when_over("job_finished_when_over"), leased_while_running("job_leased_while_running")]
        # Serves the sweeper, and the unfinished jobs of a page.
        indexes = [models.Index(fields=["edition", "state"], name="job_by_edition_and_state")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk} ({self.state})"

    def forget_contents(self) -> None:
        # The search of a selection may be an address.
        super().forget_contents()
        self.parameters = {}


class Erasure(LeasedWork):
    """The erasing of a closed edition, in small steps. It goes with the edition, at its end; the history tells of it.

    From its first moment on the edition cannot be restored. `cursor` is the highest id of an address erased so far.
    """

    TASK = "addressbook.tasks.run_erasure"

    class Meta:
        app_label = "addressbook"
        constraints = [
            finished_when_over("erasure_finished_when_over"),
            leased_while_running("erasure_leased_while_running"),
            models.UniqueConstraint(fields=["edition"], name="erasure_once_per_edition"),
        ]

    def __str__(self) -> str:
        return f"erasure {self.pk} ({self.state})"
