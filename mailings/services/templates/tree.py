"""The tree of a book's categories at the service, and where something in it is found."""

from collections.abc import Iterator, Sequence

from libraries.outbound_mailer import MailerClient, types
from mailings.models import Category, Template
from mailings.services.templates.texts import text_from_service
from workspace.models import AddressBook


class NotDoneError(Exception):
    """Nothing was done at the service."""


class CategoryGoneError(NotDoneError):
    """The book has no such category (any more)."""


class TemplateGoneError(Exception):
    """The book has no such template (any more)."""


def place_of(book: AddressBook, category_id: int | None) -> Category | None:
    """None for the root. Raises CategoryGoneError."""
    return None if category_id is None else find_category(book, category_id)


def find_category(book: AddressBook, category_id: int) -> Category:
    """Raises CategoryGoneError."""
    category = Category.objects.filter(book=book, pk=category_id).first()
    if category is None:
        raise CategoryGoneError
    return category


def find_template(book: AddressBook, template_id: int) -> Template:
    """Raises TemplateGoneError."""
    template = Template.objects.select_related("category").filter(book=book, pk=template_id).first()
    if template is None:
        raise TemplateGoneError
    return template


def path_of(category: Category | None) -> list[Category]:
    """The categories from the root down to this one."""
    path: list[Category] = []
    while category is not None:
        path.insert(0, category)
        category = category.parent
    return path


def read_tree(client: MailerClient) -> list[types.TemplateNode]:
    """Every node, parents before what is in them.

    NAVER's pages disagree on whether `isUse=false` brings the others as well or alone: both are asked for.
    """
    nodes: dict[tuple[bool, int], types.TemplateNode] = {}
    for is_use in (True, False):
        for node in _walk(client.templates.get_structure(is_use=is_use).contents):
            nodes.setdefault((node.is_category, node.sid), node)
    return list(nodes.values())


def _walk(nodes: Sequence[types.TemplateNode]) -> Iterator[types.TemplateNode]:
    for node in nodes:
        yield node
        yield from _walk(node.sub_categories or ())
        yield from _walk(node.templates or ())


def look_for_template(
    client: MailerClient, book: AddressBook, *, category_sid: int, name: str, digest: str
) -> types.Template | None:
    """One of this place and content that the book does not know: what a call without an answer has made."""
    known = set(Template.objects.filter(book=book, sid__isnull=False).values_list("sid", flat=True))
    for node in read_tree(client):
        if node.is_category or node.name != name or node.parent_sid != category_sid or node.sid in known:
            continue
        answer = client.templates.get(node.sid)
        if text_from_service(answer).digest == digest:
            return answer
    return None


def look_for_category(client: MailerClient, book: AddressBook, *, parent_sid: int, name: str) -> types.Category | None:
    known = set(Category.objects.filter(book=book, sid__isnull=False).values_list("sid", flat=True))
    for node in read_tree(client):
        if node.is_category and (node.name, node.parent_sid) == (name, parent_sid) and node.sid not in known:
            return types.Category(sid=node.sid, parent_sid=node.parent_sid, name=node.name)
    return None
