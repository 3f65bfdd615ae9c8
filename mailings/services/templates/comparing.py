"""What the service's tree says beside our rows, and what becomes of these."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone

from libraries.outbound_mailer import types
from libraries.outbound_mailer.templates import ROOT_CATEGORY
from mailings.models import Category, Template, TemplateCall
from mailings.models.templates import TEMPLATE_NAME_CHARACTERS
from workspace.models import AddressBook


def apply(book: AddressBook, nodes: Iterable[types.TemplateNode], *, read_at: datetime) -> Counter[str]:
    """Make our tree the service's, under the lock of the book: how many templates are new, changed and gone there.

    `nodes` come parents first and were read at `read_at`; what was saved since then stays as it is. Nothing of ours is
    lost: what the service has no more stays here, out of use.
    """
    nodes = list(nodes)
    found: Counter[str] = Counter()
    places = _apply_categories(book, [node for node in nodes if node.is_category], read_at)
    known = {row.sid: row for row in Template.objects.without_content().filter(book=book, sid__isnull=False)}
    called = set(_calls_under_way(book).exclude(template=None).values_list("template", flat=True))
    new = []
    for node in nodes:
        if node.is_category:
            continue
        row = known.pop(node.sid, None)
        if row is None:
            new.append(_row_of(book, node, places))
        elif row.pk not in called and not _is_newer(row, read_at):
            found["changed"] += _bring_up_to_date(row, node, places)
    # A call about to make it may be under way: that finds this row by its number.
    Template.objects.bulk_create(new)
    found["new"] = len(new)
    for row in known.values():
        if row.pk not in called and not _is_newer(row, read_at):
            forget(row)
            found["gone"] += 1
    _drop_empty_categories(book, read_at)
    _settle_old_calls(book)
    return found


def forget(template: Template) -> None:
    """The service has it no more. It stays here, out of use; without a content there is nothing to keep."""
    if not template.is_read:
        template.delete()
        return
    template.sid, template.read_sha256, template.is_in_use, template.needs_reading = None, "", False, False
    template.version += 1
    template.save(update_fields=["sid", "read_sha256", "is_in_use", "needs_reading", "version"])


def _apply_categories(book: AddressBook, nodes: list[types.TemplateNode], read_at: datetime) -> dict[int, int | None]:
    """Our id of each category of the service, and of the root."""
    rows = list(Category.objects.filter(book=book))
    known = {row.sid: row for row in rows if row.sid is not None}
    own = {(row.parent_id, row.name): row for row in rows if row.sid is None}
    places: dict[int, int | None] = {ROOT_CATEGORY: None}
    for node in nodes:
        parent_id = places.get(node.parent_sid)
        name = node.name[:TEMPLATE_NAME_CHARACTERS]
        row = known.get(node.sid) or own.pop((parent_id, name), None) or Category(book=book)
        if row.pk is None or row.sid != node.sid or not _is_newer(row, read_at):
            row.sid, row.parent_id, row.name, row.read_at = node.sid, parent_id, name, read_at
            row.save()
        places[node.sid] = row.pk
    gone = Category.objects.filter(pk__among=[row.pk for sid, row in known.items() if sid not in places])
    gone.filter(Q(read_at__isnull=True) | Q(read_at__lt=read_at)).update(sid=None)
    return places


def _row_of(book: AddressBook, node: types.TemplateNode, places: dict[int, int | None]) -> Template:
    return Template(
        book=book,
        sid=node.sid,
        category_id=places.get(node.parent_sid),
        name=node.name[:TEMPLATE_NAME_CHARACTERS],
        is_in_use=node.is_use,
        needs_reading=True,
    )


def _bring_up_to_date(row: Template, node: types.TemplateNode, places: dict[int, int | None]) -> bool:
    """Whether anything is other than we knew."""
    name, category_id = node.name[:TEMPLATE_NAME_CHARACTERS], places.get(node.parent_sid)
    if (row.name, row.category_id, row.is_in_use) == (name, category_id, node.is_use):
        return False
    # A new name came with a content that may be new.
    row.needs_reading = row.needs_reading or row.name != name
    row.category_id, row.is_in_use = category_id, node.is_use
    row.save(update_fields=["category", "is_in_use", "needs_reading"])
    return row.name == name


def _is_newer(row: Template | Category, read_at: datetime) -> bool:
    return row.read_at is not None and row.read_at >= read_at


def _drop_empty_categories(book: AddressBook, read_at: datetime) -> None:
    """Those that the service has deleted; what holds something of ours stays."""
    while True:
        empty = Category.objects.filter(book=book, sid__isnull=True, read_at__lt=read_at)
        if not empty.filter(templates=None, children=None).delete()[0]:
            return


def _calls_under_way(book: AddressBook) -> QuerySet[TemplateCall]:
    return TemplateCall.objects.filter(book=book, lease_until__gt=timezone.now())


def _settle_old_calls(book: AddressBook) -> None:
    """Of a call without an answer this tree has told what became of it; a content is read again."""
    old = TemplateCall.objects.filter(book=book, lease_until__lte=timezone.now())
    unsettled = list(old.exclude(template=None).values_list("template", flat=True))
    Template.objects.filter(pk__among=unsettled).update(needs_reading=True)
    old.delete()
