"""What a list of mailings or recipients is asked for."""

from datetime import date

from django.http import QueryDict

from mailings.models import MailingState, MailKind
from mailings.services.results.listing import Filters, Place, Sort, Tool

# What a URL of the list of mailings may hold, without the place.
LIST_PARAMETERS = ("from", "to", "state", "kind", "sender", "template", "search", "tool", "sort")
_SUBJECT_CHARACTERS = 100
# Before the id of a request from elsewhere.
_OUTSIDE = "x"


def filters_from(data: QueryDict) -> Filters:
    """What is not understood does not filter."""
    state, kind = data.get("state", ""), data.get("kind", "")
    return Filters(
        state=state if state in MailingState.values else "",
        kind=kind if kind in MailKind.values else "",
        sender=data.get("sender", "")[:12],
        template=number_from(data.get("template", "")),
        subject=data.get("search", "").strip()[:_SUBJECT_CHARACTERS],
        since=_day(data.get("from", "")),
        until=_day(data.get("to", "")),
        tool=data.get("tool", "") if data.get("tool", "") in Tool.values else "",
    )


def sort_from(data: QueryDict) -> Sort:
    sort = data.get("sort", "")
    return Sort(sort) if sort in Sort.values else Sort.NEWEST


def place_from(data: QueryDict) -> Place | None:
    for name in ("after", "before"):
        text = data.get(name, "")
        if (number := number_from(text.removeprefix(_OUTSIDE))) is not None:
            return Place(number, is_outside=text.startswith(_OUTSIDE), is_before=name == "before")
    return None


def text_of(place: Place) -> str:
    """As `place_from` reads it."""
    return f"{_OUTSIDE if place.is_outside else ''}{place.pk}"


def number_from(text: str) -> int | None:
    return int(text[:18]) if text.isascii() and text.isdigit() else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
