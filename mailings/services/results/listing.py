"""The list of mailings: filtered, sorted, a page at a time, as quick on the last page as on the first."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mailings.models import Mailing, OutsideRequest, Template
from mailings.models.mailings import MailingQuerySet, bounds_of
from mailings.services.results import outside
from workspace.models import AddressBook

MAILINGS_A_PAGE: Final = 30

Row = Mailing | OutsideRequest


class Sort(models.TextChoices):
    NEWEST = "newest", _("Newest first")
    OLDEST = "oldest", _("Oldest first")
    RECIPIENTS = "recipients", _("Most recipients first")
    FAILED = "failed", _("Most failures first")
    SUBJECT = "subject", _("By subject")


# Column, and whether from high to low. Each has an index but the subject, of which a draft's may be too long for one.
_COLUMNS: Final = {
    Sort.NEWEST: ("created_at", True),
    Sort.OLDEST: ("created_at", False),
    Sort.RECIPIENTS: ("planned", True),
    Sort.FAILED: ("failed", True),
    Sort.SUBJECT: ("subject", False),
}


class Tool(models.TextChoices):
    """What a mail was requested with; the service's own words but for ours."""

    HERE = "here", _("This console")
    CONSOLE = "CONSOLE", _("NAVER’s console")
    API = "API", _("Another program (API)")


@dataclass(frozen=True, slots=True)
class Filters:
    """Which mailings: "" and None stand for all. `sender` is a `sender_id`, since an address must not be in a URL."""

    state: str = ""
    kind: str = ""
    sender: str = ""
    template: int | None = None
    subject: str = ""
    since: date | None = None
    until: date | None = None
    tool: str = ""

    @property
    def is_of_ours(self) -> bool:
        """Whether it asks for what the service's list does not say of requests from elsewhere."""
        return bool(self.state or self.kind or self.template or self.subject)


@dataclass(frozen=True, slots=True)
class Place:
    """After or before the row with this id, in the order of the list."""

    pk: int
    is_outside: bool = False
    is_before: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """`previous` and `following`: where the pages beside this one begin; None where there is none."""

    rows: list[Row]
    previous: Place | None
    following: Place | None


@dataclass(frozen=True, slots=True)
class _Source:
    """Rows and the column that they are sorted by. Of the same value, those of the higher rank are the newer."""

    rows: models.QuerySet[Any]
    column: str
    rank: int

    def key(self, row: Row) -> tuple[Any, int, int]:
        return getattr(row, self.column), self.rank, row.pk

    def beyond(self, key: tuple[Any, int, int], *, down: bool) -> models.QuerySet[Any]:
        """Two conditions, since a database finds the beginning of a range by the first only."""
        value, rank, pk = key
        side = "lt" if down else "gt"
        if self.rank != rank:
            is_included = (self.rank < rank) == down
            return self.rows.filter(**{f"{self.column}__{side}{'e' if is_included else ''}": value})
        among = self.rows.filter(**{f"{self.column}__{side}e": value})
        return among.filter(Q(**{f"{self.column}__{side}": value}) | Q(**{f"pk__{side}": pk}))


def page_of(
    book: AddressBook, filters: Filters, sort: Sort, *, place: Place | None = None, with_drafts: bool, size: int = 0
) -> Page:
    """Mailings and, in the orders of time, requests from elsewhere. The first page where the row of `place` is gone."""
    size = size or MAILINGS_A_PAGE
    column, is_descending = _COLUMNS[sort]
    sources = list(_sources(book, filters, sort, with_drafts=with_drafts))
    reference = _reference(book, place, column) if place else None
    is_backwards = place is not None and reference is not None and place.is_before
    down = is_descending != is_backwards
    sign = "-" if down else ""
    found: list[tuple[tuple[Any, int, int], Row]] = []
    for source in sources:
        rows = source.beyond(reference, down=down) if reference else source.rows
        some = rows.order_by(f"{sign}{source.column}", f"{sign}pk")[: size + 1]
        found += [(source.key(row), row) for row in some]
    found.sort(key=lambda pair: pair[0], reverse=down)
    shown = [row for _key, row in found[:size]]
    has_more = len(found) > size
    if is_backwards:
        shown.reverse()
    if not shown:
        return Page([], None, None)
    has_previous = has_more if is_backwards else reference is not None
    has_following = has_more or is_backwards
    return Page(
        shown,
        _place(shown[0], is_before=True) if has_previous else None,
        _place(shown[-1]) if has_following else None,
    )


def _sources(book: AddressBook, filters: Filters, sort: Sort, *, with_drafts: bool) -> Iterator[_Source]:
    column, _is_descending = _COLUMNS[sort]
    if filters.tool in ("", Tool.HERE):
        rows = _filtered(book, filters)
        yield _Source(rows if with_drafts else rows.confirmed(), column, rank=1)
    is_elsewhere = filters.tool in (Tool.CONSOLE, Tool.API)
    if filters.is_of_ours or filters.tool == Tool.HERE or column != "created_at":
        return
    outside_rows = outside.of_book(book)
    if is_elsewhere:
        outside_rows = outside_rows.filter(tool=filters.tool)
    if filters.sender:
        outside_rows = outside_rows.filter(sender_address__in=_addresses(book, filters.sender))
    first, last = bounds_of(filters.since, filters.until)
    if first is not None:
        outside_rows = outside_rows.filter(requested_at__gte=first)
    if last is not None:
        outside_rows = outside_rows.filter(requested_at__lte=last)
    yield _Source(outside_rows, "requested_at", rank=0)


def _reference(book: AddressBook, place: Place, column: str) -> tuple[Any, int, int] | None:
    if place.is_outside:
        outside_row = OutsideRequest.objects.filter(book=book, pk=place.pk).first()
        return (outside_row.requested_at, 0, place.pk) if outside_row else None
    row = Mailing.objects.filter(book=book, pk=place.pk).values_list(column, flat=True).first()
    return (row, 1, place.pk) if row is not None else None


def _place(row: Row, *, is_before: bool = False) -> Place:
    return Place(row.pk, is_outside=isinstance(row, OutsideRequest), is_before=is_before)


def sender_id(address: str) -> str:
    return hashlib.sha256(address.encode()).hexdigest()[:12]


def senders_of(book: AddressBook) -> list[str]:
    """The addresses that mails of the book were sent from, here or elsewhere."""
    own = Mailing.objects.filter(book=book).order_by().values_list("sender_address", flat=True).distinct()
    others = OutsideRequest.objects.filter(book=book).order_by().values_list("sender_address", flat=True).distinct()
    return sorted({*own, *others} - {""})


def templates_of(book: AddressBook) -> list[tuple[int, str]]:
    """Id and name of the templates that mailings of the book began from."""
    used = Mailing.objects.filter(book=book, template__isnull=False).order_by().values("template").distinct()
    return list(Template.objects.filter(pk__in=used).order_by("name").values_list("pk", "name"))


def _filtered(book: AddressBook, filters: Filters) -> MailingQuerySet:
    wanted: dict[str, Any] = {
        "state": filters.state,
        "kind": filters.kind,
        "template": filters.template,
        "subject__icontains": filters.subject,
    }
    given = {name: value for name, value in wanted.items() if value}
    rows = Mailing.objects.without_content().filter(book=book, **given)
    if filters.sender:
        rows = rows.filter(sender_address__in=_addresses(book, filters.sender))
    return rows.created_between(filters.since, filters.until)


def _addresses(book: AddressBook, sender: str) -> list[str]:
    return [address for address in senders_of(book) if sender_id(address) == sender]
