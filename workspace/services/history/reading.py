"""Reading a book's history: by person, kind and time, a page at a time, newest first."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from workspace import actions, limits
from workspace.models import Act, AddressBook, AuditEvent
from workspace.services.history.audit import Actor, record


@dataclass(frozen=True, slots=True)
class Filters:
    """Person, kind, group, from (included) and to (excluded); None or "" means all."""

    username: str = ""
    action: str = ""
    group: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines, newest first. `before` leads to the next page: the id of the last line here, if older ones follow."""

    lines: list[AuditEvent]
    before: int | None


def lines_of(book: AddressBook, filters: Filters) -> QuerySet[AuditEvent]:
    """The lines of a book's history that the filters let through, newest first."""
    lines = AuditEvent.objects.filter(chain=book.pk).order_by("-at", "-id")
    if filters.username:
        lines = lines.filter(username=filters.username)
    if filters.action:
        lines = lines.filter(action=filters.action)
    if filters.group:
        # A rename tells of two names.
        named = Q(detail__group=filters.group) | Q(detail__group__0=filters.group) | Q(detail__group__1=filters.group)
        lines = lines.filter(named)
    if filters.since:
        lines = lines.filter(at__gte=filters.since)
    if filters.until:
        lines = lines.filter(at__lt=filters.until)
    return lines


def page_of(book: AddressBook, filters: Filters, *, before: int | None = None, size: int) -> Page:
    """The first lines, or those that follow the line with the id `before`; none when that is not there any more.

    As fast on the last page as on the first: the place is found by the index, not by counting.
    """
    lines = lines_of(book, filters)
    if before is not None:
        last = AuditEvent.objects.filter(chain=book.pk, pk=before).first()
        if last is None:
            return Page([], None)
        lines = lines.filter(at__lte=last.at).filter(Q(at__lt=last.at) | Q(pk__lt=last.pk))
    found = list(lines[: size + 1])
    return Page(found[:size], found[size - 1].pk if len(found) > size else None)


def all_lines(book: AddressBook, filters: Filters) -> Iterator[AuditEvent]:
    """All that the filters let through, newest first; read in pages, so that no writer waits for a long read."""
    before = None
    while True:
        page = page_of(book, filters, before=before, size=limits.HISTORY_READ_LINES)
        yield from page.lines
        if page.before is None:
            return
        before = page.before


def line_of(book: AddressBook, act: Act) -> AuditEvent | None:
    """The line that tells of an act; None before it is written."""
    # Written when the act was done, within moments: the index leads there, where ids of acts have none.
    near = AuditEvent.objects.filter(chain=book.pk, action=act.action, at__gte=act.began_at)
    return near.filter(act_id=act.pk).order_by("at", "id").first()


def people_in(book: AddressBook) -> list[str]:
    """The names in the history: one jump through the index for each, whatever the number of lines."""
    names: list[str] = []
    lines = AuditEvent.objects.filter(chain=book.pk).order_by("username")
    while len(names) < limits.PEOPLE_IN_HISTORY_FILTER:
        following = lines.filter(username__gt=names[-1]) if names else lines
        name = following.values_list("username", flat=True).first()
        if name is None:
            break
        names.append(name)
    return names


def record_fetch(*, book: AddressBook, filters: Filters, by: Actor) -> int:
    """Put into the history that it was downloaded; returns how many lines."""
    count = lines_of(book, filters).count()
    detail: dict[str, object] = {"lines": count}
    if filters.username:
        detail["person"] = filters.username
    if filters.action:
        detail["kind"] = filters.action
    for name in ("since", "until"):
        if moment := getattr(filters, name):
            detail[name] = moment.isoformat()
    record(by=by, action=actions.FETCH_HISTORY, book=book, detail=detail)
    return count
