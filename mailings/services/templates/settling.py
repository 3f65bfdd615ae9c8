"""The service that holds a book's templates, and calls to it that somebody may have to look after."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from libraries.outbound_mailer import MailerClient, MailerError, TemporaryError
from mailings import limits
from workspace.models import AddressBook
from workspace.services.books.connection import client_for, target_of

T = TypeVar("T")


class UnsettledError(Exception):
    """No answer came to a call. `looked`: the service was asked afterwards, and does not have it, or not yet.

    The next attempt looks first, so pressing the button again makes nothing twice.
    """

    def __init__(self, problem: MailerError, *, looked: bool) -> None:
        super().__init__(str(problem))
        self.problem = problem
        self.looked = looked


def is_kept_here(book: AddressBook) -> bool:
    """Whether no service holds the templates: the book is connected to none."""
    return not target_of(book).is_connected


@contextmanager
def service_of(book: AddressBook) -> Iterator[MailerClient | None]:
    """The service that holds the templates; None where they are kept here alone. Raises NotConnectedError."""
    if is_kept_here(book):
        yield None
        return
    with client_for(book, seconds=limits.TEMPLATE_CALL_SECONDS) as client:
        yield client


def settled(call: Callable[[], T], look: Callable[[], T | None]) -> T:
    """What `call` answers, or, where nothing settles whether it was done, what `look` finds at the service.

    Raises UnsettledError, or the MailerError of a call that was not done.
    """
    try:
        return call()
    except TemporaryError as error:
        if not error.outcome_unknown:
            raise
        try:
            found = look()
        except MailerError:
            raise UnsettledError(error, looked=False) from error
        if found is None:
            raise UnsettledError(error, looked=True) from error
        return found
