"""The account of a person: signing in, the password, the sessions. What is here belongs to no book."""

import logging

from django.contrib.auth import authenticate
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction
from django.db.models import F, QuerySet
from django.views.decorators.debug import sensitive_variables

from workspace import actions, limits
from workspace.models import AuditChain, AuditEvent, User
from workspace.services.history.audit import Actor, record
from workspace.services.people import second_factor, throttling
from workspace.services.people.throttling import Counter, Guess, Visitor

logger = logging.getLogger(__name__)

# How somebody signs in, and shows again that it is they: with the password alone, or beside it with one of these.
Means = second_factor.Means


class WrongGuessError(Exception):
    """The password or the code is wrong. `wait_seconds`: how long the next guess has to wait."""

    def __init__(self, wait_seconds: int = 0) -> None:
        super().__init__(str(wait_seconds))
        self.wait_seconds = wait_seconds


@sensitive_variables("password")
def password_given(username: str, password: str, visitor: Visitor) -> User:
    """The user of that name and password, who may sign in. Raises WrongGuessError or TooManyGuessesError.

    Nothing tells whether there is such a user: an unknown one is counted, made to wait, and takes as long.
    """
    known = User.objects.filter(username=username).only("pk").first()
    user_id = known.pk if known else None
    guess = throttling.begin(*throttling.counters_for(visitor, what="password", name=username, user_id=user_id))
    user = authenticate(None, username=username, password=password)
    if user is None:
        # Never what was typed: it may be a password in the wrong field.
        logger.warning("Wrong password for user %s from %s", known.pk if known else "(none)", visitor.ip_address)
        _note_wait(known, guess, visitor)
        raise WrongGuessError(guess.wait_seconds)
    guess.was_right()
    return user


@sensitive_variables("code")
def code_given(user: User, code: str, visitor: Visitor) -> Means:
    """Raises WrongGuessError, TooManyGuessesError, or those of `second_factor.accept`."""
    guess = throttling.begin(*throttling.counters_for(visitor, what="code", name=str(user.pk), user_id=user.pk))
    means = second_factor.accept(user, code)
    if means is None:
        logger.warning("Wrong code for user %s from %s", user.pk, visitor.ip_address)
        _note_wait(user, guess, visitor)
        raise WrongGuessError(guess.wait_seconds)
    guess.was_right()
    return means


@sensitive_variables("password", "code")
def shown_again(by: Actor, password: str, code: str) -> None:
    """Check the password of the signed-in user again, and the app where that is on.

    Counted apart from signing in: who guesses from outside cannot hold up whoever is inside. Raises as those above.
    """
    guess = throttling.begin(Counter(f"again:{by.user.pk}"))
    user = authenticate(None, username=by.user.get_username(), password=password)
    is_right = user is not None and user.pk == by.user.pk
    # The code only after the password: a right one is used up.
    if is_right and second_factor.is_on(by.user):
        is_right = second_factor.accept(by.user, code) is not None
    if not is_right:
        raise WrongGuessError(guess.wait_seconds)
    guess.was_right()


def signed_in(by: Actor, means: Means | None) -> None:
    """Record it; `means` None: with the password alone."""
    record(by=by, action=actions.SIGN_IN, book=None, detail={"with": means or "password"})


def sign_ins_of(user: User) -> QuerySet[AuditEvent]:
    """The last sign-ins, newest first."""
    lines = AuditEvent.objects.filter(chain=AuditChain.WITHOUT_BOOK, username=user.get_username(), user_id=user.pk)
    return lines.filter(action=actions.SIGN_IN).order_by("-at", "-id")[: limits.SIGN_INS_LISTED]


@sensitive_variables("password")
def change_password(*, password: str, by: Actor) -> User:
    """Set the password, which was found good enough, and end all sessions; returns the user, who is due a new one."""
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=by.user.pk)
        user.set_password(password)
        user.save(update_fields=["password"])
        record(by=by, action=actions.CHANGE_PASSWORD, book=None)
    return user


def change_email(*, email: str, by: Actor) -> None:
    """Set where the console writes to the user; empty: nowhere."""
    User.objects.filter(pk=by.user.pk).update(email=email)


def end_sessions(*, by: Actor) -> User:
    """End all sessions of the user; returns the user, who is due a new one."""
    with transaction.atomic():
        user = new_epoch(by.user.pk)
        record(by=by, action=actions.END_SESSIONS, book=None)
    return user


def new_epoch(user_id: int) -> User:
    """End all sessions of the user, inside a transaction."""
    User.objects.filter(pk=user_id).update(session_epoch=F("session_epoch") + 1)
    return User.objects.get(pk=user_id)


def forget_guesses(username: str) -> int:
    """Let the owner of the account try again at once, from wherever it may be; returns how many waits there were."""
    counters = [throttling.account_counter("password", username)]
    user = User.objects.filter(username=username).first()
    if user is not None:
        counters += [throttling.account_counter("code", str(user.pk)), Counter(f"again:{user.pk}")]
    return throttling.forget(*counters)


def forget_old() -> None:
    """Delete ended sessions, expired counters and unconfirmed apps."""
    SessionStore.clear_expired()
    throttling.forget_old()
    second_factor.forget_unconfirmed()


def _note_wait(user: User | None, guess: Guess, visitor: Visitor) -> None:
    """Record guesses for the owner of the account; names without an account get no line."""
    if user is not None and guess.wait_seconds:
        detail = {"seconds": guess.wait_seconds}
        owner = User.objects.get(pk=user.pk)
        record(by=Actor(owner, visitor.ip_address), action=actions.SIGN_IN_SLOWED, book=None, detail=detail)
