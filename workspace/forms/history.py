"""Which lines of the history are asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

from django import forms
from django.utils import timezone

from workspace.forms.fields import IdField, SentTextField
from workspace.models.actions import ACTIONS
from workspace.services.history import Filters


@dataclass(frozen=True, slots=True)
class Wanted:
    """The filters that were asked for, and a link to the same lines."""

    filters: Filters
    before: int | None
    since: date | None
    until: date | None

    @property
    def link(self) -> str:
        """The filters as a query string, without the place."""
        values = {
            "person": self.filters.username,
            "kind": self.filters.action,
            "group": self.filters.group,
            "from": self.since,
            "to": self.until,
        }
        return urlencode({name: str(value) for name, value in values.items() if value})


class HistoryForm(forms.Form):
    """What cannot be read of it filters nothing. Days are those of the time zone in which times are shown."""

    person = SentTextField(required=False)
    kind = SentTextField(required=False)
    group = SentTextField(required=False)
    before = IdField(required=False)

    def __init__(self, data: Mapping[str, str]) -> None:
        super().__init__(data)
        # Reserved words, so they cannot be written as attributes.
        self.fields["from"] = forms.DateField(required=False)
        self.fields["to"] = forms.DateField(required=False)

    def wanted(self) -> Wanted:
        self.is_valid()
        values = self.cleaned_data
        since, until = values.get("from"), values.get("to")
        filters = Filters(
            # PostgreSQL does not take a NUL.
            username=(values.get("person") or "").replace("\0", "\ufffd"),
            action=kind if (kind := values.get("kind") or "") in ACTIONS else "",
            group=(values.get("group") or "").strip().replace("\0", "\ufffd"),
            since=_midnight(since) if since else None,
            until=_midnight(until + timedelta(days=1)) if until and until < date.max else None,
        )
        return Wanted(filters, values.get("before"), since, until)


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
