"""What goes with a change of a member's role, or with their leaving: what they have begun, what they have offered."""

from django.db import transaction

from addressbook.models import Download, Upload
from addressbook.services import downloads, uploads
from workspace.models import AddressBook, Role, User
from workspace.services.books import books, invitations
from workspace.services.history.audit import Actor


def change_role(*, book: AddressBook, user_id: int, role: Role, by: Actor) -> User:
    """As `books.change_role`; what the new role may not do is stopped."""
    with transaction.atomic():
        user = books.change_role(book=book, user_id=user_id, role=role, by=by)
        _stop(book, user, role, by)
    return user


def remove_member(*, book: AddressBook, user_id: int, by: Actor) -> User:
    """As `books.remove_member`; what they have begun and nobody else has asked for is stopped.

    An act on addresses to which they said OK goes on to its end, as half of it would help nobody; it can be undone.
    """
    with transaction.atomic():
        user = books.remove_member(book=book, user_id=user_id, by=by)
        _stop(book, user, None, by)
    return user


def _stop(book: AddressBook, user: User, role: Role | None, by: Actor) -> None:
    if role is None or not role.includes(Role.MANAGER):
        checks = Upload.objects.filter(edition__book=book, requested_by=user, phase=Upload.Phase.CHECK)
        for upload_id in checks.filter(finished_at__isnull=True).values_list("pk", flat=True):
            uploads.cancel(book=book, upload_id=upload_id, by=by)
        files = Download.objects.unfinished().filter(edition__current_of=book, requested_by=user)
        for download_id in files.values_list("pk", flat=True):
            downloads.cancel(book=book, download_id=download_id, by=by)
    if role != Role.ADMIN:
        invitations.withdraw_all_of(book=book, user=user, by=by)
