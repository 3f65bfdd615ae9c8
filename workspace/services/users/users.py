"""What superusers do with the accounts of others: create, deactivate, raise, help back in. Each act is in the history.

Nobody sets the password of another user: who cannot get in is sent a link, with which they set it themselves. A
superuser's is not to be had that way, or one superuser could take over the account of another.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.contrib.auth.hashers import make_password
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.utils.http import base36_to_int, int_to_base36
from django.views.decorators.debug import sensitive_variables

from workspace import actions, limits
from workspace.models import AddressBook, AuditChain, AuditEvent, Authenticator, BookMember, User
from workspace.services.books import books
from workspace.services.history.audit import Actor, record
from workspace.services.people import accounts, second_factor


class OwnAccountError(Exception):
    """One's own account is looked after under "Account", where the present password is asked for."""


class OnlyAdminError(Exception):
    """The user is the only admin of `books`."""

    def __init__(self, alone: list[AddressBook]) -> None:
        super().__init__(str(len(alone)))
        self.books = alone


class IsSuperuserError(Exception):
    """The password of a superuser is theirs alone; the operator helps on the command line."""


class UserGoneError(Exception):
    """There is no such user."""


class UsernameTakenError(Exception):
    """There is a user of this name."""


class LinkClosedError(Exception):
    """The link was used, is too old, or was made for an account that has changed since."""


@dataclass(frozen=True, slots=True)
class Created:
    user: User
    code: str


class _Codes(PasswordResetTokenGenerator):
    """Django's codes, which end with the password or the next sign-in; ours also when the user ends all sessions."""

    key_salt = "workspace.services.people.users.password_link"

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        state = f"{user.session_epoch}:{user.is_active}:{user.is_superuser}"
        return f"{super()._make_hash_value(user, timestamp)}:{state}"


_codes = _Codes()


def everybody() -> QuerySet[User]:
    """All users with what is shown of them: `has_two_factor`, and `memberships` with their books."""
    confirmed = Authenticator.objects.filter(user=OuterRef("pk"), confirmed_at__isnull=False)
    in_books = BookMember.objects.select_related("book").order_by("book__name", "book")
    people = User.objects.annotate(has_two_factor=Exists(confirmed))
    return people.prefetch_related(Prefetch("memberships", in_books)).order_by("-is_active", "username")


def find(user_id: int) -> User:
    """Raises UserGoneError."""
    user = everybody().filter(pk=user_id).first()
    if user is None:
        raise UserGoneError
    return user


def last_acts() -> QuerySet[AuditEvent]:
    """What was done here of late, newest first."""
    lines = AuditEvent.objects.filter(chain=AuditChain.WITHOUT_BOOK, action__in=actions.ON_USERS)
    return lines.order_by("-at", "-id")[: limits.ACTS_ON_USERS_LISTED]


def create(*, username: str, by: Actor) -> Created:
    """An account without a password, and the code with which its owner sets one. Raises UsernameTakenError."""
    try:
        with transaction.atomic():
            _require_superuser(by)
            user = User.objects.create(username=User.normalize_username(username), password=make_password(None))
            record(by=by, action=actions.CREATE_USER, book=None, detail={"user": user.username})
    except IntegrityError as error:
        raise UsernameTakenError from error
    return Created(user, _code_of(user))


def deactivate(*, user_id: int, by: Actor) -> User:
    """No more signing in, and all sessions end. Raises UserGoneError, OwnAccountError, OnlyAdminError."""
    with _changing(user_id, by) as user:
        if user.is_active:
            if alone := books.managed_only_by(user, lock=True):
                raise OnlyAdminError(alone)
            # A session outlives the time in between otherwise, and goes on when the account is opened again.
            accounts.new_epoch(user.pk)
            User.objects.filter(pk=user.pk).update(is_active=False)
            record(by=by, action=actions.DEACTIVATE_USER, book=None, detail={"user": user.username})
    return user


def activate(*, user_id: int, by: Actor) -> User:
    """Raises UserGoneError or OwnAccountError."""
    with _changing(user_id, by) as user:
        if not user.is_active:
            User.objects.filter(pk=user.pk).update(is_active=True)
            record(by=by, action=actions.ACTIVATE_USER, book=None, detail={"user": user.username})
    return user


def make_superuser(*, user_id: int, is_superuser: bool, by: Actor) -> User:
    """Raises UserGoneError or OwnAccountError: so a superuser is always left, who is the one that does this."""
    with _changing(user_id, by) as user:
        if user.is_superuser != is_superuser:
            User.objects.filter(pk=user.pk).update(is_superuser=is_superuser, is_staff=is_superuser)
            action = actions.MAKE_SUPERUSER if is_superuser else actions.UNMAKE_SUPERUSER
            record(by=by, action=action, book=None, detail={"user": user.username})
    return user


def reset_second_factor(*, user_id: int, by: Actor) -> User:
    """For somebody who has lost app and recovery codes. Their sessions end. Raises UserGoneError or OwnAccountError."""
    with _changing(user_id, by) as user:
        if second_factor.forget(user):
            accounts.new_epoch(user.pk)
            record(by=by, action=actions.RESET_TWO_FACTOR, book=None, detail={"user": user.username})
    return user


def make_password_link(*, user_id: int, by: Actor) -> str:
    """The code of a link with which this user sets a new password, once. It is for one act: the password changes it.

    Raises UserGoneError, OwnAccountError,
    IsSuperuserError, or LinkClosedError for somebody who may not sign in.
    """
    with _changing(user_id, by) as user:
        if user.is_superuser:
            raise IsSuperuserError
        if not user.is_active:
            raise LinkClosedError
        record(by=by, action=actions.MAKE_PASSWORD_LINK, book=None, detail={"user": user.username})
    return _code_of(user)


def of_code(code: str) -> User:
    """Whose password the code is for; it may come with the link around it. Raises LinkClosedError."""
    number, _, token = code.rpartition("#")[2].strip().partition("-")
    try:
        user = User.objects.filter(pk=base36_to_int(number), is_active=True, is_superuser=False).first()
    except ValueError as error:
        raise LinkClosedError from error
    if user is None or not _codes.check_token(user, token):
        raise LinkClosedError
    return user


@sensitive_variables("password", "hashed")
def set_password(*, code: str, password: str, ip_address: str | None) -> User:
    """Set the password, which was found good enough, and end all sessions. Of two at once one is the first.

    Raises LinkClosedError.
    """
    hashed = make_password(password)  # slow on purpose, so before anybody has to wait for the transaction
    with transaction.atomic():
        user = User.objects.select_for_update(no_key=True).get(pk=of_code(code).pk)
        of_code(code)  # as it is now, under the lock
        User.objects.filter(pk=user.pk).update(password=hashed)
        record(by=Actor(user, ip_address), action=actions.CHANGE_PASSWORD, book=None, detail={"with": "link"})
    accounts.forget_guesses(user.username)
    return user


def _code_of(user: User) -> str:
    return f"{int_to_base36(user.pk)}-{_codes.make_token(user)}"


def _require_superuser(by: Actor) -> None:
    """Asked under a lock on all of them: of two who take the right from each other, the second has it no more."""
    rights = User.objects.select_for_update(no_key=True).filter(is_superuser=True, is_active=True).order_by("pk")
    if by.user.pk not in list(rights.values_list("pk", flat=True)):
        raise PermissionDenied


@contextmanager
def _changing(user_id: int, by: Actor) -> Iterator[User]:
    with transaction.atomic():
        _require_superuser(by)
        user = User.objects.select_for_update(no_key=True).filter(pk=user_id).first()
        if user is None:
            raise UserGoneError
        if user.pk == by.user.pk:
            raise OwnAccountError
        yield user
