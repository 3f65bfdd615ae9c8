"""What a new installation needs before anybody can sign in."""

import secrets

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from addressbook.services import sync
from workspace.models import Region, User, Zone
from workspace.services.books import books
from workspace.services.history.audit import Actor

ADMIN_USERNAME = "admin"
BOOK_NAME = "Main"


class WeakPasswordError(Exception):
    """The chosen password of the first admin is refused; `reasons` are sentences."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = reasons


def create_first_admin(*, password: str | None, is_synced: bool = False) -> str | None:
    """Make the first user and the first book, unless there is any user already.

    With `is_synced` the book's sync is on: it is connected to the bundled simulator, which is empty.
    Returns the password of the new admin: `password`, or a random one when that is None. None when nothing was made.
    Raises WeakPasswordError, and then nothing was made.
    """
    with transaction.atomic():
        if User.objects.exists():
            return None
        if password is not None:
            _require_strong(password)
        chosen = password or secrets.token_urlsafe(15)
        admin = User.objects.create_superuser(username=ADMIN_USERNAME, password=chosen)
        book = books.create_book(name=BOOK_NAME, zone=Zone.PUBLIC, region=Region.KR, by=Actor(admin))
        if is_synced:
            sync.turn_on(book=book, by=Actor(admin))
    return chosen


def _require_strong(password: str) -> None:
    try:
        validate_password(password, User(username=ADMIN_USERNAME))
    except ValidationError as error:
        raise WeakPasswordError(error.messages) from error
