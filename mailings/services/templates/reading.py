"""What the pages show of a book's templates, from our rows alone."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Max

from mailings import limits
from mailings.models import Category, Mailing, Template, TemplateCall, TemplateImport, TemplateRefresh
from mailings.models.templates import TemplateQuerySet
from mailings.services.templates import leasing
from mailings.services.templates.settling import is_kept_here
from mailings.services.templates.tree import path_of
from workspace.models import AddressBook


@dataclass(slots=True)
class Branch:
    """A category of the tree: what is in it, and how many templates are in it and below."""

    pk: int | None
    name: str
    is_open: bool = False
    count: int = 0
    branches: list["Branch"] = field(default_factory=list)
    # Id and name; only of an open category.
    templates: list[tuple[int, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Use:
    """How many mailings were sent from a template, and when the last one."""

    count: int = 0
    last: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Who holds the templates, when they were read, and what goes on with them."""

    is_kept_here: bool
    refresh: TemplateRefresh | None
    is_refreshing: bool
    unread: int
    unsettled: list[TemplateCall]
    imports: list[TemplateImport]

    @property
    def is_moving(self) -> bool:
        return self.is_refreshing or any(one.finished_at is None for one in self.imports)


def tree(book: AddressBook, *, in_use: bool, chosen: Category | None) -> Branch:
    """The root with everything below it. A large tree has the templates of the chosen category alone."""
    root = Branch(None, "")
    rows = list(Category.objects.filter(book=book).order_by("name", "pk").values_list("pk", "parent", "name"))
    branches: dict[int | None, Branch] = {None: root}
    branches |= {pk: Branch(pk, name) for pk, _parent, name in rows}
    parents = {pk: parent for pk, parent, _name in rows}
    for pk, parent, _name in rows:
        branches[parent].branches.append(branches[pk])
    own = Template.objects.filter(book=book, is_in_use=in_use)
    counts = dict(own.values_list("category").annotate(count=Count("pk")).order_by())
    for pk, count in counts.items():
        at = pk
        while at is not None:
            branches[at].count += count
            at = parents[at]
    root.count = sum(counts.values())
    is_whole = root.count <= limits.TEMPLATES_OF_A_WHOLE_TREE
    open_ids = {None, *(branches if is_whole else [one.pk for one in path_of(chosen)])}
    shown = own.order_by("name", "pk")
    if not is_whole:
        shown = shown.filter(category=chosen)
    for pk, name, category in shown.values_list("pk", "name", "category"):
        branches[category].templates.append((pk, name))
    for pk in open_ids:
        branches[pk].is_open = True
    return root


def listed(rows: TemplateQuerySet) -> list[tuple[Template, Use]]:
    """The first limits.TEMPLATES_LISTED of them, with their use."""
    found = list(rows.without_content().select_related("category").order_by("name", "pk")[: limits.TEMPLATES_LISTED])
    uses = uses_of([row.pk for row in found])
    return [(row, uses[row.pk]) for row in found]


def uses_of(ids: list[int]) -> dict[int, Use]:
    sent = Mailing.objects.confirmed().filter(template__among=ids, is_test=False)
    counted = sent.values_list("template").annotate(count=Count("pk"), last=Max("confirmed_at")).order_by()
    uses: dict[int, Use] = defaultdict(Use)
    uses |= {pk: Use(count, last) for pk, count, last in counted}
    return uses


def standing(book: AddressBook) -> Standing:
    refresh = TemplateRefresh.objects.filter(book=book).first()
    rows = Template.objects.filter(book=book)
    return Standing(
        is_kept_here=is_kept_here(book),
        refresh=refresh,
        is_refreshing=refresh is not None and (refresh.next_at is not None or refresh.lease_until is not None),
        unread=rows.filter(needs_reading=True).count(),
        unsettled=[call for call in TemplateCall.objects.filter(book=book) if leasing.is_over(call.lease_until)],
        imports=list(TemplateImport.objects.filter(book=book, dismissed_at=None).order_by("pk")),
    )


def categories_by_path(book: AddressBook) -> list[tuple[int, str]]:
    """Id and path of each category, for a choice."""
    rows = {row.pk: row for row in Category.objects.filter(book=book)}
    for row in rows.values():
        row.parent = rows.get(row.parent_id) if row.parent_id is not None else None
    paths = [(" / ".join(one.name for one in path_of(row)), pk) for pk, row in rows.items()]
    return [(pk, path) for path, pk in sorted(paths)]
