"""Changes of roles and leavings, with what they end: begun work, open invitations."""

from django.db import transaction

from workspace.models import AddressBook, Role, User
from workspace.services.books import books, invitations
from workspace.services.history.audit import Actor
from workspace.services.work import owners


def change_role(*, book: AddressBook, user_id: int, role: Role, by: Actor) -> User:
    """As `books.change_role`; what the new role may not do is stopped."""
    with transaction.atomic():
        user = books.change_role(book=book, user_id=user_id, role=role, by=by)
        _stop(book, user, role, by)
    return user


def remove_member(*, book: AddressBook, user_id: int, by: Actor) -> User:
    """As `books.remove_member`; their files and checks are stopped.

    An act on addresses to which they said OK goes on to its end, as half of it would help nobody; it can be undone.
    """
    with transaction.atomic():
        user = books.remove_member(book=book, user_id=user_id, by=by)
        _stop(book, user, None, by)
    return user


def _stop(book: AddressBook, user: User, role: Role | None, by: Actor) -> None:
    if role is None or not role.includes(Role.MANAGER):
        owners.cancel_without_role(book=book, user_id=user.pk, by=by)
    if role != Role.ADMIN:
        invitations.withdraw_all_of(book=book, user=user, by=by)
