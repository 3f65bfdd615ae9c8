"""Lines above the list: work that goes on, and results that the user has not put away."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Exists, QuerySet

from workspace.models import AddressBook, JobState, LeasedWork
from workspace.models.work import UNFINISHED
from workspace.views.pages.access import Access

# From so many finished jobs on, one line says how many: each is 56 px high, and the list is what people came for.
_FINISHED_IN_ONE: Final = 2

# The rows of a kind that this member sees; None where there is nothing to ask for.
Rows = Callable[[Access], "QuerySet[Any] | None"]
# What the template of the line calls `row`, for each of the rows.
Read = Callable[[Access, "QuerySet[Any]"], list[tuple[LeasedWork, Any]]]


@dataclass(frozen=True, slots=True)
class Strip:
    """A line: `row` is what its template shows, `work` the row of the database."""

    template: str
    row: Any
    work: LeasedWork


def _as_they_are(access: Access, rows: QuerySet[Any]) -> list[tuple[LeasedWork, Any]]:
    return [(work, work) for work in rows.order_by("pk")]


@dataclass(frozen=True, slots=True)
class _Kind:
    template: str
    rows: Rows
    read: Read


# In the order in which they are shown.
_KINDS: Final[dict[type[LeasedWork], _Kind]] = {}


def show_work(model: type[LeasedWork], template: str, *, rows: Rows, read: Read = _as_they_are) -> None:
    """Show work of this kind. Apps say so when they are ready."""
    _KINDS[model] = _Kind(template, rows, read)


def is_there(access: Access) -> dict[str, Exists]:
    """For a query of books: by a name for each kind, whether there is any. Usually there is none."""
    asked = {_name(model): kind.rows(access) for model, kind in _KINDS.items()}
    return {name: Exists(rows) for name, rows in asked.items() if rows is not None}


def strips_context(access: Access, there: Collection[str] | None = None) -> dict[str, Any]:
    """What the lines need. `there`: the kinds that were found, where that was asked already."""
    if there is None:
        there = _found(access)
    strips = [
        Strip(kind.template, row, work)
        for model, kind in _KINDS.items()
        if _name(model) in there and (rows := kind.rows(access)) is not None
        for work, row in kind.read(access, rows)
    ]
    # What goes on and what failed is looked for; of what is done it is enough to say how many.
    done = [strip for strip in strips if strip.work.state == JobState.COMPLETE]
    others = sorted((s for s in strips if s not in done), key=lambda strip: strip.work.finished_at is not None)
    if len(done) < _FINISHED_IN_ONE:
        others, done = [*others, *done], []
    return {
        "jobs_unfinished": any(strip.work.state in UNFINISHED for strip in strips),
        "strips": others,
        "done_strips": done,
    }


def _found(access: Access) -> list[str]:
    book = AddressBook.objects.annotate(**is_there(access)).get(pk=access.book.pk)
    return [_name(model) for model in _KINDS if getattr(book, _name(model), False)]


def _name(model: type[LeasedWork]) -> str:
    return f"shows_{model._meta.model_name}"
