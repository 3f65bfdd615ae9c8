"""*Also register them*: the addresses of a recipient file go into the address book, as those of an upload do."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from addressbook.services import uploads
from addressbook.services.uploads.files import scratch
from addressbook.services.uploads.rows import line
from libraries.email_addresses import EmailAddress
from mailings.models import RecipientFile, RecipientSource
from workspace.models import Role
from workspace.services.books import books
from workspace.services.history.audit import Actor


@contextmanager
def rows_of(file: RecipientFile, source: RecipientSource) -> Iterator[Path | None]:
    """Write the addresses as an upload takes them; None where nobody asked for that. Before any lock is held."""
    if not file.registers:
        yield None
        return
    with scratch() as folder:
        path = folder / "rows"
        with path.open("w", encoding="utf-8") as rows:
            for email, key in source.rows.order_by("number").values_list("email", "key").iterator():
                rows.write(line(EmailAddress(email, key), 0))
        yield path


def begin(file: RecipientFile, rows: Path | None, count: int) -> None:
    """Have a worker register them on behalf of the person who added the file, as long as that person may do it."""
    if rows is None or file.added_by is None:
        return
    book, by = file.mailing.book, Actor(file.added_by, file.added_from)
    try:
        books.require_role(book, by, Role.MANAGER)
    except books.RoleLostError:
        return
    uploads.apply_rows_of(book=book, name=file.name, rows=rows, count=count, by=by)
