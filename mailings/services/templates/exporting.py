"""The templates of a book, or of one category, as a file that an import takes."""

from collections.abc import Iterator

from django.db import transaction
from django.db.models import Q, QuerySet

from mailings import actions
from mailings.models import Category, Template
from mailings.services.rules import require_role
from mailings.services.templates import documents
from mailings.services.templates.texts import TemplateText, text_of
from mailings.services.templates.tree import find_category, path_of
from mailings.services.templates.writing import UnreadTemplateError
from workspace.models import AddressBook, Role
from workspace.services.books import books
from workspace.services.history.audit import Actor, record

_AT_ONCE = 50


def export(*, book: AddressBook, category_id: int | None, by: Actor) -> Iterator[str]:
    """The document, piece by piece. Raises UnreadTemplateError, CategoryGoneError or NotAllowedError."""
    with transaction.atomic():
        books.lock(book)
        require_role(book, by, Role.VIEWER)
        paths = _paths(book, category_id)
        rows = Template.objects.filter(book=book)
        if category_id is not None:
            rows = rows.filter(category__among=list(paths))
        if rows.filter(Q(read_sha256="", sid__isnull=False) | Q(needs_reading=True)).exists():
            raise UnreadTemplateError
        places = {pk: (paths.get(category or 0, []), name, pk) for pk, category, name in _named(rows)}
        ids = sorted(places, key=places.__getitem__)
        record(by=by, action=actions.EXPORT_TEMPLATES, book=book, detail={"templates": len(ids)})
    return documents.written(sorted(paths.values()), _templates(ids, paths))


def _named(rows: QuerySet[Template]) -> list[tuple[int, int | None, str]]:
    return list(rows.values_list("pk", "category", "name"))


def _paths(book: AddressBook, category_id: int | None) -> dict[int, list[str]]:
    """The path of each category, by its id; below this one, or all."""
    rows = {row.pk: row for row in Category.objects.filter(book=book)}
    for row in rows.values():
        row.parent = rows.get(row.parent_id) if row.parent_id is not None else None
    paths = {pk: path_of(row) for pk, row in rows.items()}
    if category_id is not None:
        find_category(book, category_id)
        paths = {pk: path for pk, path in paths.items() if any(one.pk == category_id for one in path)}
    return {pk: [one.name for one in path] for pk, path in paths.items()}


def _templates(ids: list[int], paths: dict[int, list[str]]) -> Iterator[tuple[list[str], TemplateText, bool]]:
    for start in range(0, len(ids), _AT_ONCE):
        rows = Template.objects.in_bulk(ids[start : start + _AT_ONCE])
        for pk in ids[start : start + _AT_ONCE]:
            if (row := rows.get(pk)) is not None:
                yield paths.get(row.category_id or 0, []), text_of(row), row.is_in_use
