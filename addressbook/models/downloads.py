from collections.abc import Mapping
from typing import Any, Self

from django.db import models
from django.db.models import Case, Q, Value, When
from django.db.models.functions import Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from addressbook import limits
from addressbook.models.groups import Group
from libraries.email_addresses import limits as email_limits
from workspace import limits as workspace_limits
from workspace.models.work import (
    UNFINISHED,
    EditionWork,
    HistoryLine,
    JobState,
    WorkQuerySet,
    finished_when_over,
    leased_while_running,
)


class DownloadQuerySet(WorkQuerySet["Download"]):
    def kept(self) -> Self:
        """Those that have a file, or will have one."""
        return self.filter(state__in=(*UNFINISHED, JobState.COMPLETE))

    def shown_to(self, user_id: int) -> Self:
        """Those of their own until fetched, put away or over."""
        is_over = Q(state=JobState.EXPIRED) | Q(expires_at__isnull=False, expires_at__lte=Now())
        return super().shown_to(user_id).exclude(is_over)

    def judged(self) -> Self:
        """With `is_over`: whether the time of the file is over, by the clock of the database."""
        over = Q(state=JobState.EXPIRED) | Q(expires_at__lte=Now())
        judgement = Case(When(over, then=Value(True)), default=Value(False), output_field=models.BooleanField())
        return self.annotate(is_over=judgement)

    def reading(self) -> Self:
        """Those that have pinned their moment and are still reading it (services.downloads.snapshot)."""
        return self.filter(state=JobState.RUNNING, taken_at__isnull=False)


class Download(EditionWork):
    """A file of addresses that somebody asked for: made by a worker, offered for a week, then gone but for this row.

    The file is named by us and stands in the default storage; an empty name says that there is none (any more).
    """

    class Scope(models.TextChoices):
        BOOK = "book", _("All addresses")
        GROUP = "group", _("Group")
        SEARCH = "search", _("Search")
        CHOSEN = "chosen", _("Selected addresses")
        # Not of the address book: `services.downloads.writers`.
        MAIL = "mail", _("Recipients of a mail")
        MAILS = "mails", _("Mailing list")
        PERSON = "person", _("Mails to one address")
        UNSUBSCRIBED = "optout", _("Unsubscribe mail list")

    class Format(models.TextChoices):
        XLSX = "xlsx", _("Excel (.xlsx)")
        CSV = "csv", _("CSV (.csv)")
        CONSOLE = "console", _("For bulk registration in the console (.zip)")

    WORKER = "addressbook.services.downloads.make"
    QUEUE = "downloads"
    FILE_FIELDS = ("stored_file",)
    ADDRESS_FIELDS = ("outcome", "query")
    READS_BOOK = True
    CHANGES_BOOK = False
    ENDS_WITH_ROLE = Q(state__in=UNFINISHED)

    scope = models.CharField(max_length=6, choices=Scope)
    format = models.CharField(max_length=7, choices=Format)
    # Within which group; the name is what it was called then, and outlives it.
    group = models.ForeignKey(Group, models.SET_NULL, null=True, related_name="+")
    group_name = models.CharField(max_length=limits.GROUP_NAME_CHARACTERS, blank=True)
    # What was searched for may be somebody's address: dropped when the file is made, or nobody tries again.
    query = models.CharField(max_length=limits.SEARCH_CHARACTERS, blank=True)
    # The ids of the addresses that were ticked.
    address_ids = models.JSONField(default=list)
    # What else its writer has to know. No address: that belongs into `query`.
    parameters = models.JSONField(default=dict)
    reason = models.CharField(max_length=workspace_limits.REASON_CHARACTERS, blank=True)
    # Of whoever asked: headings and names inside the file.
    language = models.CharField(max_length=10)

    # The moment that the file shows.
    taken_at = models.DateTimeField(null=True)

    stored_file = models.CharField(max_length=100, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    row_count = models.PositiveIntegerField(default=0)
    expires_at = models.DateTimeField(null=True)

    objects = DownloadQuerySet.as_manager()

    class Meta:
        constraints = [
            finished_when_over("download_finished_when_over"),
            leased_while_running("download_leased_while_running"),
            models.CheckConstraint(
                condition=(Q(state="complete") & ~Q(stored_file="") & Q(expires_at__isnull=False))
                | (~Q(state="complete") & Q(stored_file="")),
                name="download_file_while_complete",
            ),
            models.CheckConstraint(
                condition=Q(scope__in=["book", "group", "search", "chosen", "mail", "mails", "person", "optout"]),
                name="download_scope_known",
            ),
            models.CheckConstraint(condition=Q(format__in=["xlsx", "csv", "console"]), name="download_format_known"),
        ]
        # Serves the sweeper, the downloads of a book, and those that are reading.
        indexes = [models.Index(fields=["edition", "state"], name="download_by_edition_and_state")]

    def __str__(self) -> str:
        return f"download {self.pk} ({self.format}, {self.state})"

    def history_line(self) -> HistoryLine:
        detail = {"download": self.pk, "state": self.state, "rows": self.row_count, "size": self.size, **self.outcome}
        return HistoryLine("make_download", detail, self.reason)

    @classmethod
    def told_cancelled(cls, detail: Mapping[str, Any]) -> str:
        return gettext("The creation of a file was cancelled.")

    def forget_contents(self) -> None:
        super().forget_contents()
        self.group, self.query, self.address_ids = None, "", []
        if self.state == JobState.COMPLETE:
            self.state = JobState.EXPIRED

    @property
    def is_working(self) -> bool:
        return self.state in UNFINISHED


class DepartedAddress(models.Model):
    """An address that was deleted while a download was reading its book, kept until no download needs it any more."""

    edition = models.ForeignKey("Edition", models.CASCADE, related_name="+", db_index=False)
    address = models.BigIntegerField()
    email = models.CharField(max_length=email_limits.ADDRESS_LENGTH_CHARACTERS)
    key = models.CharField(max_length=email_limits.ADDRESS_LENGTH_CHARACTERS)
    registered_at = models.DateTimeField()

    class Meta:
        # Serves the pages of a download, which go by address.
        indexes = [models.Index(fields=["edition", "address"], name="departed_address")]

    def __str__(self) -> str:
        return str(self.address)


class DepartedMembership(models.Model):
    """The same of an address that was taken out of a group; the ids are those of rows that are gone."""

    edition = models.ForeignKey("Edition", models.CASCADE, related_name="+", db_index=False)
    membership = models.BigIntegerField()
    address = models.BigIntegerField()
    group = models.BigIntegerField()

    class Meta:
        # Serve the pages of a download: of a whole book, and of one group.
        indexes = [
            models.Index(fields=["edition", "address"], name="departed_membership"),
            models.Index(fields=["edition", "group", "address"], name="departed_from_group"),
        ]

    def __str__(self) -> str:
        return f"{self.address} from {self.group}"
