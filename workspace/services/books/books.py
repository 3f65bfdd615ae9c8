"""Address books, their settings and their members."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.text import slugify

from workspace import actions
from workspace.models import AddressBook, BookMember, Edition, Masking, Region, Role, User, Zone
from workspace.services.history.audit import Actor, record
from workspace.services.work.changing import Fact, changing, lock
from workspace.services.work.submissions import Submitted

# As many books of one name at the same moment find a slug each.
SLUG_ATTEMPTS = 5


class SettingsChangedMeanwhileError(Exception):
    """The settings were saved after this form was opened."""


class LastAdminError(Exception):
    """A book without an admin could not be managed by anybody."""


class HasAdminError(Exception):
    """The book has an admin, who alone says who else may come in."""


class UnknownUserError(Exception):
    """No active user has this name."""


class AlreadyMemberError(Exception):
    """The user has a role in this book already."""


class RoleLostError(PermissionDenied):
    """The actor had the role when the request came in, and has it no more. Every page answers it with 403."""


class NotAMemberError(Exception):
    """The user has no role in this book (any more)."""


def require_role(book: AddressBook, by: Actor, role: Role = Role.ADMIN) -> None:
    """Ask once more under the lock: the door has let them in a while ago. Raises RoleLostError.

    Between the door and the lock lie a password to check and other writers, time enough to be removed in.
    """
    member = BookMember.objects.filter(book=book, user=by.user, user__is_active=True).first()
    if member is None or not Role(member.role).includes(role):
        raise RoleLostError


def create_book(*, name: str, zone: Zone, region: Region, token: UUID | None = None, by: Actor) -> AddressBook:
    """A new, empty book of which `by` is the admin."""
    submitted = Submitted(by, token, "create_book", [name, zone, region], None) if token else None
    with transaction.atomic():
        # There is no book to lock yet, so its maker's row is locked.
        User.objects.select_for_update(no_key=True).get(pk=by.user.pk)
        if submitted and (earlier := submitted.earlier_outcome()):
            return AddressBook.objects.get(pk=earlier["book"])
        book = _insert_book(name=name, zone=zone, region=region)
        book.current_edition = Edition.objects.create(book=book, number=1, opened_at=timezone.now())
        book.save(update_fields=["current_edition"])
        BookMember.objects.create(book=book, user=by.user, role=Role.ADMIN)
        record(by=by, action=actions.CREATE_BOOK, book=book, detail={"zone": zone, "region": region})
        if submitted:
            submitted.remember({"book": book.pk})
    return book


def change_settings(
    *,
    book: AddressBook,
    seen_version: int,
    name: str,
    zone: Zone,
    region: Region,
    download_reason_required: bool | None = None,
    download_sign_in_required: bool | None = None,
    masking: Masking | None = None,
    by: Actor,
) -> None:
    """Raises SettingsChangedMeanwhileError when the settings are not those of `seen_version` any more.

    Sent twice, the second finds what it asks for already there and changes nothing.
    """
    with transaction.atomic():
        now = AddressBook.objects.select_for_update(no_key=True).get(pk=book.pk)
        require_role(book, by)
        wanted: dict[str, str | bool] = {"name": name, "zone": zone, "region": region}
        if download_reason_required is not None:
            wanted["download_reason_required"] = download_reason_required
        if download_sign_in_required is not None:
            wanted["download_sign_in_required"] = download_sign_in_required
        if masking is not None:
            wanted["masking"] = masking
        before = {field: getattr(now, field) for field in wanted}
        if before == wanted:
            return
        if now.version != seen_version:
            raise SettingsChangedMeanwhileError
        AddressBook.objects.filter(pk=book.pk).update(**wanted, version=seen_version + 1)
        changed = {field: [before[field], value] for field, value in wanted.items() if before[field] != value}
        if now.current_edition is not None and {"zone", "region"} & changed.keys():
            with changing(book, by=by) as change:
                change.facts.add(Fact.LEADS_ELSEWHERE)
        record(by=by, action=actions.CHANGE_BOOK, book=book, detail=changed)


def lowers_protection(book: AddressBook, wanted: Mapping[str, Any]) -> bool:
    """Whether these settings show or give away more than those that the book has."""
    switches = ("download_reason_required", "download_sign_in_required")
    asks_less = any(getattr(book, name) and wanted[name] is False for name in switches)
    if wanted["masking"] is None:  # stays as it is, as do switches that are None
        return asks_less
    strictness = [Masking.NOBODY, Masking.VIEWERS, Masking.EVERYBODY]
    return asks_less or strictness.index(Masking(wanted["masking"])) < strictness.index(Masking(book.masking))


def add_member(*, book: AddressBook, username: str, role: Role, by: Actor) -> User:
    """Raises UnknownUserError or AlreadyMemberError (not for the same role: then it was the same form, sent twice)."""
    with transaction.atomic():
        lock(book)
        require_role(book, by)
        user = get_user_model().objects.filter(username=username, is_active=True).first()
        if user is None:
            raise UnknownUserError
        member, created = BookMember.objects.get_or_create(book=book, user=user, defaults={"role": role})
        if created:
            record(by=by, action=actions.ADD_MEMBER, book=book, detail={"user": username, "role": role})
        elif member.role != role:
            raise AlreadyMemberError
    return user


def change_role(*, book: AddressBook, user_id: int, role: Role, by: Actor) -> User:
    """Raises NotAMemberError, or LastAdminError for the only admin."""
    with transaction.atomic():
        lock(book)
        require_role(book, by)
        member = _member(book, user_id)
        if member.role != role:
            before, member.role = member.role, role
            member.save(update_fields=["role"])
            _require_an_admin(book)
            detail = {"user": member.user.username, "role": [before, role]}
            record(by=by, action=actions.CHANGE_MEMBER, book=book, detail=detail)
    return member.user


def remove_member(*, book: AddressBook, user_id: int, by: Actor) -> User:
    """Raises NotAMemberError, or LastAdminError for the only admin."""
    with transaction.atomic():
        lock(book)
        require_role(book, by)
        member = _member(book, user_id)
        member.delete()
        _require_an_admin(book)
        record(by=by, action=actions.REMOVE_MEMBER, book=book, detail={"user": member.user.username})
    return member.user


def managed_only_by(user: User, *, lock: bool = False) -> list[AddressBook]:
    """The books that would be without an active admin if this user were not theirs.

    With `lock`, inside a transaction, this stays so until its end.
    """
    own = AddressBook.objects.filter(members__in=user.memberships.filter(role=Role.ADMIN)).order_by("pk")
    if lock:
        own = AddressBook.objects.select_for_update(no_key=True).filter(pk__in=list(own.values_list("pk", flat=True)))
        own = own.order_by("pk")
    managed = _active_admins().exclude(user=user).values("book")
    # Asked after the lock is held: an admin who left while we waited does not count.
    elsewhere = set(managed.filter(book__in=[book.pk for book in own]).values_list("book", flat=True))
    return [book for book in own if book.pk not in elsewhere]


def books_without_admin() -> QuerySet[AddressBook]:
    """The books without an admin who may sign in."""
    return AddressBook.objects.exclude(pk__in=_active_admins().values("book")).order_by("name", "pk")


def adopt_book(*, book: AddressBook, by: Actor) -> None:
    """Make `by` an admin of a book without one. Raises HasAdminError; not when sent twice."""
    with transaction.atomic():
        lock(book)
        admins = _active_admins().filter(book=book)
        if admins.filter(user=by.user).exists():
            return
        if admins.exists():
            raise HasAdminError
        BookMember.objects.update_or_create(book=book, user=by.user, defaults={"role": Role.ADMIN})
        record(by=by, action=actions.ADOPT_BOOK, book=book)


def _active_admins() -> QuerySet[BookMember]:
    return BookMember.objects.filter(role=Role.ADMIN, user__is_active=True)


def _member(book: AddressBook, user_id: int) -> BookMember:
    member = BookMember.objects.select_related("user").filter(book=book, user_id=user_id).first()
    if member is None:
        raise NotAMemberError
    return member


def _require_an_admin(book: AddressBook) -> None:
    if not _active_admins().filter(book=book).exists():
        raise LastAdminError


def _insert_book(*, name: str, zone: Zone, region: Region) -> AddressBook:
    for _ in range(SLUG_ATTEMPTS):
        try:
            with transaction.atomic():
                return AddressBook.objects.create(name=name, slug=_free_slug(name), zone=zone, region=region)
        except IntegrityError as error:
            # Another request took the free slug; the next look sees it.
            conflict = error
    raise conflict


def _free_slug(name: str) -> str:
    # For URLs, in which Hangul would be percent-encoded and unreadable.
    stem = slugify(name)[:50] or "book"
    slug, number = stem, 1
    while AddressBook.objects.filter(slug=slug).exists():
        number += 1
        slug = f"{stem}-{number}"
    return slug
