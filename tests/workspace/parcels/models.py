from typing import Any

from django.db import models
from django.db.models import Q

from workspace.models import AddressBook
from workspace.models.work import UNFINISHED, HistoryLine, LeasedWork, WorkQuerySet


class ParcelQuerySet(WorkQuerySet["Parcel"]):
    """Nothing of its own."""


class Parcel(LeasedWork):
    """Five cards for a book, written two at a time; of no edition."""

    WORKER = "tests.workspace.parcels.packing.run"
    QUEUE = "downloads"
    BOOK = "book"
    FILE_FIELDS = ("stored_file",)
    ADDRESS_FIELDS = ("outcome", "receiver")
    ENDS_WITH_ROLE = Q(state__in=UNFINISHED)
    CHANGED_NOTHING = Q(rows_done=0)

    book = models.ForeignKey(AddressBook, models.CASCADE, related_name="+")
    receiver = models.CharField(max_length=100)
    stored_file = models.CharField(max_length=100, blank=True)

    objects = ParcelQuerySet.as_manager()

    class Meta:
        app_label = "parcels"

    def __str__(self) -> str:
        return f"parcel {self.pk} ({self.state})"

    def history_line(self) -> HistoryLine:
        return HistoryLine("send_parcel", {"parcel": self.pk, "state": self.state, **self.outcome})

    def in_history(self) -> dict[str, Any]:
        return {**super().in_history(), "cards": self.rows_total}

    def forget_contents(self) -> None:
        super().forget_contents()
        self.receiver = ""
