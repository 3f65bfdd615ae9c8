"""Books that practise with the bundled simulator."""

from addressbook.services.sync import switches
from workspace.models import AddressBook
from workspace.services.books import connection
from workspace.services.history.audit import Actor


def begin(book: AddressBook, by: Actor) -> None:
    """Let a new book be sent to the simulator at once: nothing there could be harmed, and sync can be seen at work.

    Without effect where there is no simulator: what goes to a real service, a person decides.
    """
    if connection.is_practice(book):
        switches.turn_on(book=book, by=by)
