"""Invitations: a link whose first user becomes a member of a book, with an account or a new one."""

import hashlib
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from workspace import actions, limits
from workspace.models import AddressBook, BookMember, Invitation, Role, User
from workspace.services.books import books
from workspace.services.history.audit import Actor, record
from workspace.services.work.submissions import Submitted


class State(StrEnum):
    OPEN = "open"
    USED = "used"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class TooManyInvitationsError(Exception):
    """The book has INVITATIONS_PER_BOOK open ones already."""


class InvitationClosedError(Exception):
    """It cannot be accepted (any more); `state` says why."""

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self.state = state


class UsernameTakenError(Exception):
    """Another request took this name at the same moment."""


def invite(*, book: AddressBook, role: Role, token: UUID, by: Actor) -> str:
    """The code of a new invitation, which cannot be had again: only its hash is kept. Raises TooManyInvitationsError.

    The same form, sent twice, gets the same code: it is made of the form's token with the secret key of this server.
    """
    code = _code(book, role, token, by)
    submitted = Submitted(by, token, "invite_member", role, book)
    with transaction.atomic():
        books.lock(book)
        books.require_role(book, by)
        if submitted.earlier_outcome():
            return code
        if Invitation.objects.open().filter(book=book).count() >= limits.INVITATIONS_PER_BOOK:
            raise TooManyInvitationsError
        now = timezone.now()
        invitation = Invitation.objects.create(
            book=book,
            role=role,
            code_hash=_hash(code),
            invited_by=by.user,
            created_at=now,
            expires_at=now + timedelta(days=limits.INVITATION_DAYS),
        )
        record(by=by, action=actions.INVITE_MEMBER, book=book, detail={"invitation": invitation.pk, "role": role})
        submitted.remember({"invitation": invitation.pk})
    return code


def withdraw(*, book: AddressBook, invitation_id: int, by: Actor) -> bool:
    """Whether it was open until now, or has just been withdrawn already: it cannot be accepted from here on."""
    with transaction.atomic():
        books.lock(book)
        books.require_role(book, by)
        invitation = Invitation.objects.filter(book=book, pk=invitation_id).first()
        if invitation is None or invitation.used_at is not None:
            return False
        if invitation.withdrawn_at is None:
            _withdraw(invitation, by)
    return True


def withdraw_all_of(*, book: AddressBook, user: User, by: Actor) -> None:
    """Withdraw what this user has offered: they may not offer it any more, nor keep a way back for themselves."""
    with transaction.atomic():
        books.lock(book)
        for invitation in Invitation.objects.open().filter(book=book, invited_by=user):
            _withdraw(invitation, by)


def find(code: str) -> Invitation | None:
    """The invitation of this code, in whatever state. The code may come with the link around it."""
    bare = code.rpartition("#")[2].strip()
    return Invitation.objects.select_related("book", "invited_by").filter(code_hash=_hash(bare)).first()


def get(invitation_id: int) -> Invitation | None:
    return Invitation.objects.select_related("book", "invited_by").filter(pk=invitation_id).first()


def state(invitation: Invitation) -> State:
    """As it is now, by the clock of the database. One by a user who is no admin there any more is withdrawn."""
    if invitation.used_at is not None:
        return State.USED
    if Invitation.objects.open().filter(pk=invitation.pk).exists():
        return State.OPEN
    inviter = BookMember.objects.filter(book=invitation.book, user=invitation.invited_by, user__is_active=True)
    is_void = invitation.withdrawn_at is not None or not inviter.filter(role=Role.ADMIN).exists()
    return State.WITHDRAWN if is_void else State.EXPIRED


def accept(*, invitation: Invitation, by: Actor) -> None:
    """Make `by` a member. Raises InvitationClosedError, or AlreadyMemberError, and then it stays open for others.

    Of two at once, one is the first; the same user twice is a member once.
    """
    with transaction.atomic():
        books.lock(invitation.book)
        now = Invitation.objects.select_related("book", "invited_by").get(pk=invitation.pk)
        if now.used_at is not None and now.used_by_id == by.user.pk:
            return
        _require_open(now)
        if BookMember.objects.filter(book=now.book, user=by.user).exists():
            raise books.AlreadyMemberError
        BookMember.objects.create(book=now.book, user=by.user, role=now.role)
        now.used_at, now.used_by = timezone.now(), by.user
        now.save(update_fields=["used_at", "used_by"])
        detail = {"invitation": now.pk, "of": now.invited_by.get_username(), "role": now.role}
        record(by=by, action=actions.ACCEPT_INVITATION, book=now.book, detail=detail)


def accept_as_new_user(*, invitation: Invitation, username: str, password: str, ip_address: str | None) -> User:
    """Make an account and accept with it, both or neither. Raises InvitationClosedError or UsernameTakenError."""
    # Slow on purpose, so it is done before anybody has to wait for the transaction.
    hashed = make_password(password)
    try:
        with transaction.atomic():
            books.lock(invitation.book)
            _require_open(Invitation.objects.select_related("invited_by").get(pk=invitation.pk))
            user = User.objects.create(username=User.normalize_username(username), password=hashed)
            accept(invitation=invitation, by=Actor(user, ip_address))
    except IntegrityError as error:
        raise UsernameTakenError from error
    return user


def _require_open(invitation: Invitation) -> None:
    if (known := state(invitation)) != State.OPEN:
        raise InvitationClosedError(known)


def _withdraw(invitation: Invitation, by: Actor) -> None:
    invitation.withdrawn_at = timezone.now()
    invitation.save(update_fields=["withdrawn_at"])
    detail = {"invitation": invitation.pk, "of": invitation.invited_by.get_username(), "role": invitation.role}
    record(by=by, action=actions.WITHDRAW_INVITATION, book=invitation.book, detail=detail)


def _code(book: AddressBook, role: Role, token: UUID, by: Actor) -> str:
    made_of = f"{book.pk} {role} {by.user.pk} {token}"
    return salted_hmac("addressbook.services.invitations", made_of, algorithm="sha256").hexdigest()


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode("utf-8", "replace")).hexdigest()
