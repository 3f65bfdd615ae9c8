"""Work that goes on after the answer. A subclass of LeasedWork is a kind of its own; nothing else lists the kinds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self, TypeVar, cast

from django.apps import apps
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from workspace import request_ids
from workspace.models.acts import Act
from workspace.models.books import AddressBook, Edition


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


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """What the history says of work that is over: a code of an act, and its details (counts and names only)."""

    action: str
    detail: dict[str, Any] = field(default_factory=dict)
    reason: str = ""


class LeasedWork(models.Model):
    """Work that goes on after the answer. The row is the truth; a message to the workers only says: look.

    A worker owns the work as long as `attempt` is the number that it was given when it claimed the row, and it writes
    only while that holds. `cursor` moves in the same transaction as the rows of a batch, so that work which is taken
    over goes on where the last whole batch ended.

    A subclass says by the names below what sets its kind apart (docs/architecture.md).
    """

    # The function that works on a claimed row, by its full name: models do not import services.
    WORKER: ClassVar[str]
    # Whose workers are told of it.
    QUEUE: ClassVar[str]
    # The way from a row to its book, as a look-up.
    BOOK: ClassVar[str]
    # The fields that name a file in the default storage; such a file goes with its row at the latest.
    FILE_FIELDS: ClassVar[tuple[str, ...]] = ()
    # The fields that may hold an address: *erase traces* looks there, and in the files.
    ADDRESS_FIELDS: ClassVar[tuple[str, ...]] = ("outcome",)
    # Whether it writes what it finds in the book into a file: such work must not outlive the erasing of traces.
    READS_BOOK: ClassVar[bool] = False
    # Whether the list may show something else once it is over.
    CHANGES_BOOK: ClassVar[bool] = True
    # The rows that end when their requester may no longer ask for them; None: none, half an act would help nobody.
    ENDS_WITH_ROLE: ClassVar[Q | None] = None
    # The rows that have changed nothing so far; cancelling one of them leaves no line on the page.
    CHANGED_NOTHING: ClassVar[Q] = Q()

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
    def book(self) -> AddressBook:
        found: Any = self
        for name in self.BOOK.split("__"):
            found = getattr(found, name)
        return cast(AddressBook, found)

    @property
    def worker(self) -> str:
        return self.WORKER

    @property
    def line_name(self) -> str:
        """How the page calls its line."""
        return f"{self._meta.model_name}-{self.pk}"

    @property
    def files(self) -> list[str]:
        """The names of its files in the default storage."""
        return [name for field in self.FILE_FIELDS if (name := getattr(self, field))]

    @property
    def may_be_cancelled(self) -> bool:
        return True

    def why_over(self, edition: Edition) -> str:
        """Why it must end now that the book has this edition; "" while it may go on."""
        return ""

    def history_line(self) -> HistoryLine | None:
        """What the history is to say of its end; None where that is not worth a line."""
        return None

    def in_history(self) -> dict[str, Any]:
        """How lines of the history name it."""
        return {str(self._meta.model_name): self.pk}

    @classmethod
    def told_cancelled(cls, detail: Mapping[str, Any]) -> str:
        """What the history says of its having been cancelled, beside that; `detail` is that of `in_history`."""
        return ""

    def forget_contents(self) -> None:
        """Blank what came out of the book or a file, for who only has to be told how it ended; does not save."""
        for name in self.FILE_FIELDS:
            setattr(self, name, "")


class EditionWork(LeasedWork):
    """Work on the contents of an edition; a reset ends it."""

    BOOK = "edition__book"

    edition = models.ForeignKey(Edition, models.CASCADE, related_name="%(class)ss")
    # Where what it changes is kept, so that it can be undone.
    act = models.ForeignKey(Act, models.SET_NULL, null=True, related_name="%(class)ss")

    class Meta:
        app_label = "addressbook"
        abstract = True

    def why_over(self, edition: Edition) -> str:
        return "" if edition.pk == self.edition_id else "reset"


def kinds() -> list[type[LeasedWork]]:
    """The kinds of work that the installed apps bring along."""
    return [model for model in apps.get_models() if issubclass(model, LeasedWork)]


def edition_kinds() -> list[type[EditionWork]]:
    """Those of them that work on an edition."""
    return [model for model in apps.get_models() if issubclass(model, EditionWork)]


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
    def in_book(self, book: AddressBook) -> Self:
        return self.filter(**{self.model.BOOK: book})

    def unfinished(self) -> Self:
        return self.filter(state__in=UNFINISHED)

    def shown_to(self, user_id: int) -> Self:
        """What the page of `user_id` shows: all that is unfinished, and their own results until put away."""
        return self.filter(Q(state__in=UNFINISHED) | Q(requested_by_id=user_id, dismissed_at__isnull=True))
