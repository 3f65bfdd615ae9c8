from collections.abc import Mapping
from typing import Any, Final

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from workspace.models.work import (
    EditionWork,
    HistoryLine,
    JobState,
    WorkQuerySet,
    finished_when_over,
    leased_while_running,
)


class JobQuerySet(WorkQuerySet["Job"]):
    """Nothing of its own."""


class Job(EditionWork):
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

    WORKER = "addressbook.services.addresses.bulk.run"
    QUEUE = "changes"
    ADDRESS_FIELDS = ("outcome", "parameters")
    CHANGED_NOTHING = Q(state=JobState.CANCELLED, rows_done=0)

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

    @property
    def worker(self) -> str:
        return _WORKERS.get(self.kind, self.WORKER)

    @property
    def may_be_cancelled(self) -> bool:
        return self.kind != self.Kind.ERASE_TRACES  # half forgotten is not forgotten

    @property
    def action(self) -> str:
        """The code of its line in the history."""
        return _ACTIONS.get(self.kind, self.kind)

    def history_line(self) -> HistoryLine:
        names = self.parameters.get("names", {})
        return HistoryLine(self.action, {"selected": self.rows_total, "state": self.state, **self.outcome, **names})

    def in_history(self) -> dict[str, Any]:
        return {**super().in_history(), "kind": self.kind}

    @classmethod
    def told_cancelled(cls, detail: Mapping[str, Any]) -> str:
        act = cls.Kind(detail["kind"]).label if "kind" in detail else "–"
        return gettext("“%(act)s” was cancelled.") % {"act": act}

    def forget_contents(self) -> None:
        # The search of a selection may be an address.
        super().forget_contents()
        self.parameters = {}


# Where not all jobs have the same worker, and where the history has another name for the act.
_WORKERS: Final[dict[str, str]] = {
    Job.Kind.UNDO: "addressbook.services.undo.run",
    Job.Kind.MERGE_EDITIONS: "addressbook.services.reset.merging.run",
    Job.Kind.ERASE_TRACES: "addressbook.services.reset.forget_person.run",
}
_ACTIONS: Final[dict[str, str]] = {
    Job.Kind.DELETE_ADDRESSES: "delete_address",
    Job.Kind.EDIT_GROUPS: "change_group",
    Job.Kind.MERGE_EDITIONS: "merge_addresses",
}


class ErasureQuerySet(WorkQuerySet["Erasure"]):
    """Nothing of its own."""


class Erasure(EditionWork):
    """The erasing of a closed edition, in small steps. It goes with the edition, at its end; the history tells of it.

    From its first moment on the edition cannot be restored. `cursor` is the highest id of an address erased so far.
    """

    WORKER = "addressbook.services.reset.erasing.run"
    QUEUE = "changes"

    objects = ErasureQuerySet.as_manager()

    class Meta:
        app_label = "addressbook"
        constraints = [
            finished_when_over("erasure_finished_when_over"),
            leased_while_running("erasure_leased_while_running"),
            models.UniqueConstraint(fields=["edition"], name="erasure_once_per_edition"),
        ]

    def __str__(self) -> str:
        return f"erasure {self.pk} ({self.state})"

    def history_line(self) -> HistoryLine | None:
        if self.state != JobState.COMPLETE:
            return None
        detail = {"edition": self.edition.number, "addresses": self.rows_done, **self.outcome}
        return HistoryLine("erase_edition", detail)
