"""Categories: created, renamed where they are ours alone, deleted when they are empty."""

from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from addressbook.services.addresses.groups import clean_name
from libraries.outbound_mailer import MailerClient, PermanentError, types
from libraries.outbound_mailer.templates import ROOT_CATEGORY
from mailings import actions, limits
from mailings.models import Category, Template, TemplateCall
from mailings.services.rules import require_role
from mailings.services.templates import calls
from mailings.services.templates.settling import service_of, settled
from mailings.services.templates.texts import UnfitTextError, name_problems
from mailings.services.templates.tree import (
    CategoryGoneError,
    NotDoneError,
    find_category,
    look_for_category,
    path_of,
    place_of,
    read_tree,
)
from workspace.models import AddressBook, Role
from workspace.services.books import books
from workspace.services.history.audit import Actor, record
from workspace.services.work import crash_points
from workspace.services.work.submissions import Submitted


class NameTakenError(Exception):
    """There is one of this name in the same place."""


class CategoryTooDeepError(Exception):
    """More than limits.CATEGORY_DEPTH categories in each other."""


class CategoryNotEmptyError(NotDoneError):
    """The service deletes only a category without templates, also those out of use, and without categories."""


class HeldByServiceError(Exception):
    """The service has no operation for this."""


def create(*, book: AddressBook, parent_id: int | None, name: str, token: UUID, by: Actor) -> Category:
    """Raises UnfitTextError, NameTakenError, CategoryTooDeepError, CategoryGoneError, or what a call raises."""
    name = _cleaned(name)
    submitted = Submitted(by, token, "create_category", [parent_id, name], book)

    def begin() -> Category | tuple[Category | None, TemplateCall]:
        if earlier := submitted.earlier_outcome():
            return find_category(book, earlier["category"])
        parent = place_of(book, parent_id)
        if len(path_of(parent)) >= limits.CATEGORY_DEPTH:
            raise CategoryTooDeepError
        if Category.objects.filter(book=book, parent=parent, name=name).exists():
            raise NameTakenError
        return parent, calls.begin(book, TemplateCall.Kind.CREATE_CATEGORY, by, category=parent, name=name)

    begun = calls.claimed(book, by, begin)
    if isinstance(begun, Category):
        return begun
    parent, call = begun
    with calls.looked_after(call), service_of(book) as client:
        sid = None
        if client is not None:
            sid = _made_at_service(client, call, put_at_service(client, parent, by))
        with transaction.atomic():
            books.lock(book)
            category = _keep(book, parent, name, sid)
            record(by=by, action=actions.CREATE_CATEGORY, book=book, detail={"category": name})
            submitted.remember({"category": category.pk})
            call.delete()
    return category


def put_at_service(client: MailerClient, category: Category | None, by: Actor) -> int:
    """Its number there; created with the categories around it where the service has none of it yet."""
    if category is None:
        return ROOT_CATEGORY
    if category.sid is not None:
        return category.sid
    parent_sid = put_at_service(client, category.parent, by)
    book = category.book

    def begin() -> TemplateCall:
        return calls.begin(book, TemplateCall.Kind.CREATE_CATEGORY, by, category=category.parent, name=category.name)

    call = calls.claimed(book, by, begin)
    with calls.looked_after(call):
        sid = _made_at_service(client, call, parent_sid)
        with transaction.atomic():
            books.lock(book)
            category.sid, category.read_at = sid, timezone.now()
            category.save(update_fields=["sid", "read_at"])
            call.delete()
    return sid


def ensure(client: MailerClient | None, book: AddressBook, path: Sequence[str], by: Actor) -> Category | None:
    """The category at this path, made where it is missing. An import has a line of its own in the history."""
    category = None
    for name in path:
        category = _ensure(client, book, category, name, by)
    return category


def _ensure(client: MailerClient | None, book: AddressBook, parent: Category | None, name: str, by: Actor) -> Category:
    def begin() -> Category | TemplateCall:
        found = Category.objects.filter(book=book, parent=parent, name=name).order_by("pk").first()
        return found or calls.begin(book, TemplateCall.Kind.CREATE_CATEGORY, by, category=parent, name=name)

    begun = calls.claimed(book, by, begin)
    if isinstance(begun, Category):
        return begun
    with calls.looked_after(begun):
        sid = None if client is None else _made_at_service(client, begun, put_at_service(client, parent, by))
        with transaction.atomic():
            books.lock(book)
            category = _keep(book, parent, name, sid)
            begun.delete()
    return category


def rename(*, book: AddressBook, category_id: int, name: str, by: Actor) -> Category:
    """Raises HeldByServiceError for one that the service holds, UnfitTextError, NameTakenError, CategoryGoneError."""
    name = _cleaned(name)
    with transaction.atomic():
        books.lock(book)
        require_role(book, by, Role.MANAGER)
        category = find_category(book, category_id)
        if category.sid is not None:
            raise HeldByServiceError
        before = category.name
        if name != before:
            if Category.objects.filter(book=book, parent=category.parent, name=name).exists():
                raise NameTakenError
            category.name = name
            category.save(update_fields=["name"])
            record(by=by, action=actions.RENAME_CATEGORY, book=book, detail={"category": [before, name]})
    return category


def delete(*, book: AddressBook, category_id: int, by: Actor) -> None:
    """Without effect where it is gone. Raises CategoryNotEmptyError, or what a call raises."""

    def begin() -> tuple[Category, TemplateCall] | None:
        category = Category.objects.filter(book=book, pk=category_id).first()
        if category is None:
            return None
        if not _is_empty(category):
            raise CategoryNotEmptyError
        return category, calls.begin(book, TemplateCall.Kind.DELETE_CATEGORY, by, category=category)

    begun = calls.claimed(book, by, begin)
    if begun is None:
        return
    category, call = begun
    with calls.looked_after(call), service_of(book) as client:
        if client is not None and category.sid is not None:
            _deleted_at_service(client, category.sid)
        crash_points.reached("templates: answered")
        with transaction.atomic():
            books.lock(book)
            if _is_empty(category):
                category.delete()
            else:
                forget_sid(category)
                call.delete()
            record(by=by, action=actions.DELETE_CATEGORY, book=book, detail={"category": category.name})


def forget_sid(category: Category) -> None:
    """The service has it no more. What it holds of ours stays. Under the lock of the book."""
    category.sid = None
    category.save(update_fields=["sid"])


def _cleaned(name: str) -> str:
    if problems := list(name_problems(name)):
        raise UnfitTextError(problems)
    return clean_name(name)


def _keep(book: AddressBook, parent: Category | None, name: str, sid: int | None) -> Category:
    """A refresh may have seen it first."""
    values: dict[str, Any] = {"parent": parent, "name": name}
    if sid is None:
        return Category.objects.create(book=book, **values)
    values["read_at"] = timezone.now()
    category, _ = Category.objects.update_or_create(book=book, sid=sid, defaults=values)
    return category


def _is_empty(category: Category) -> bool:
    inside = Template.objects.filter(category=category), Category.objects.filter(parent=category)
    return not any(rows.exists() for rows in inside)


def _made_at_service(client: MailerClient, call: TemplateCall, parent_sid: int) -> int:
    look = partial(look_for_category, client, call.book, parent_sid=parent_sid, name=call.name)
    if call.content_sha256 and (found := look()):
        return found.sid
    calls.note(call, "sent")
    try:
        answer = settled(lambda: client.templates.create_category(call.name, parent_sid=parent_sid), look)
    except PermanentError as error:
        if error.does_not_exist and call.category is not None:
            raise _gone(call.category) from error
        raise
    crash_points.reached("templates: answered")
    return answer.sid


def _gone(category: Category) -> CategoryGoneError:
    with transaction.atomic():
        books.lock(category.book)
        forget_sid(category)
    return CategoryGoneError()


def _deleted_at_service(client: MailerClient, sid: int) -> None:
    def look() -> types.Category | None:
        still_there = any(node.is_category and node.sid == sid for node in read_tree(client))
        return None if still_there else types.Category(sid=sid, parent_sid=0)

    try:
        settled(lambda: client.templates.delete_category(sid), look)
    except PermanentError as error:
        if error.does_not_exist:
            return
        if error.status == 400:
            raise CategoryNotEmptyError from error
        raise
