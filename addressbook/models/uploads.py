from collections.abc import Mapping
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from addressbook.models.groups import Group
from workspace import limits
from workspace.models.work import (
    UNFINISHED,
    EditionWork,
    HistoryLine,
    JobState,
    WorkQuerySet,
    finished_when_over,
    leased_while_running,
)


class UploadQuerySet(WorkQuerySet["Upload"]):
    def without_details(self) -> Self:
        """For a list of uploads: what a file holds can be a megabyte a row."""
        return self.defer("check_result", "groups")


class Upload(EditionWork):
    """A file of addresses: received, checked by a worker, and applied by a worker once its owner has said OK.

    Applied means: registered, or, for the purpose LIST, what its owner chose (`action`).

    Between the two phases it rests in the state CHECKED. A check writes the addresses that it accepted into a file of
    their own (`rows_file`), and exactly that file is applied, `cursor` bytes of it so far. Files are named by us and
    stand in the default storage; an empty name says that there is none (any more).
    """

    class Phase(models.TextChoices):
        CHECK = "check", _("Check")
        APPLY = "apply", _("Registration")

    class Purpose(models.TextChoices):
        REGISTER = "register", _("Registration")
        LIST = "list", _("List")

    WORKER = "addressbook.services.uploads.run"
    QUEUE = "changes"
    FILE_FIELDS = ("stored_file", "rows_file", "refused_file")
    ADDRESS_FIELDS = ("outcome", "check_result", "name")
    ENDS_WITH_ROLE = Q(phase="check")
    CHANGED_NOTHING = Q(phase="check")
    # What of a check may be kept for good: it names no address.
    COUNTS = ("rows", "addresses", "new", "already_there", "doubled", "invalid", "blank", "group_count")

    phase = models.CharField(max_length=5, choices=Phase, default=Phase.CHECK)
    purpose = models.CharField(max_length=8, choices=Purpose, default=Purpose.REGISTER)
    # What OK does. Of a list it is "" until its owner has chosen, or what the page that it was sent from proposes.
    action = models.CharField(max_length=30, default="upload_addresses", blank=True)
    reason = models.CharField(max_length=limits.REASON_CHARACTERS, blank=True)
    # What its owner calls the file: nothing but text for the screen.
    name = models.CharField(max_length=255)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    stored_file = models.CharField(max_length=100)
    rows_file = models.CharField(max_length=100, blank=True)
    rows_sha256 = models.CharField(max_length=64, blank=True)
    refused_file = models.CharField(max_length=100, blank=True)

    # Where the rows go that name no group of their own; None: into no group.
    group = models.ForeignKey(Group, models.SET_NULL, null=True, related_name="+")
    # What the user decided of `spreadsheets.Choice`; an absent part is found by the check.
    choice = models.JSONField(default=dict)
    # What the check found (services.uploads.checking.Found), and the groups that the rows file refers to by place.
    check_result = models.JSONField(default=dict)
    groups = models.JSONField(default=list)

    # When the file goes and, where nothing was decided, the upload with it.
    expires_at = models.DateTimeField()

    objects = UploadQuerySet.as_manager()

    class Meta:
        constraints = [
            finished_when_over("upload_finished_when_over", resting=(JobState.CHECKED,)),
            leased_while_running("upload_leased_while_running"),
            models.CheckConstraint(condition=Q(phase__in=["check", "apply"]), name="upload_phase_known"),
        ]
        # Serves the sweeper, and the uploads of a page.
        indexes = [models.Index(fields=["edition", "state"], name="upload_by_edition_and_state")]

    def __str__(self) -> str:
        return f"upload {self.pk} ({self.phase}, {self.state})"

    def history_line(self) -> HistoryLine | None:
        """Without an OK it has done nothing."""
        if self.phase != self.Phase.APPLY:
            return None
        detail: dict[str, Any] = {
            name: self.check_result.get(name, 0) for name in ("rows", "doubled", "invalid", "blank")
        }
        detail |= {"state": self.state, "applied": self.rows_done, **self.outcome}
        if self.is_list:
            detail |= {"selected": self.rows_total, "by_list": True}
        return HistoryLine(self.action, detail, self.reason)

    def in_history(self) -> dict[str, Any]:
        return {**super().in_history(), "phase": self.phase}

    @classmethod
    def told_cancelled(cls, detail: Mapping[str, Any]) -> str:
        return gettext("An upload was cancelled.")

    def forget_listings(self) -> None:
        """Keep of the check nothing but numbers; does not save."""
        self.groups = []
        self.check_result = {name: self.check_result.get(name, 0) for name in self.COUNTS}

    def forget_contents(self) -> None:
        super().forget_contents()
        self.forget_listings()
        self.group = None
        self.name = ""  # it may name a person
        self.choice = {}

    @property
    def is_list(self) -> bool:
        return self.purpose == self.Purpose.LIST

    @property
    def registered_refusals(self) -> bool:
        """Whether it has registered unsubscribes, which can be taken back."""
        is_over = self.finished_at is not None and self.action == "register_unsubscribes"
        return is_over and bool(self.outcome.get("registered"))

    @property
    def is_working(self) -> bool:
        return self.state in UNFINISHED
