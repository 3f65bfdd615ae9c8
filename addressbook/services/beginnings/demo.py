"""A lively book for `make demo`: thousands of sample addresses in groups, a history, and files."""

from typing import Final
from uuid import uuid4

from django.core.files.base import ContentFile

from addressbook import actions, limits
from addressbook.models import Download, Group
from addressbook.services import downloads, undo, uploads
from addressbook.services.addresses import bulk, groups, registration
from addressbook.services.addresses.selection import everything
from addressbook.services.beginnings import samples
from workspace import limits as workspace_limits
from workspace.models import AddressBook, AuditEvent, BookMember, Role, User
from workspace.services.books import books
from workspace.services.history.audit import Actor

# Which of the sample addresses are registered into which group: from the first to the second.
_GROUPS: Final = {
    "newsletter": (0, 2600),
    "event-2026": (2400, 3500),
    "서울-고객": (3500, 4300),
    "partner": (4200, 4500),
    "press": (4500, 4560),
    "VIP": (4560, 4700),
    "trial": (4700, 5000),
}
# Rows as they come out of other systems, some of which are refused.
_FILE: Final = (
    "name,email,since\n"
    + "".join(f"Reader {number},{email},2026\n" for number, email in enumerate(samples.sample_emails(320)))
    + "Reader,reader@example,2026\nReader,not an address,2026\nReader,a b@example.com,2026\n"
    + "".join(f"Reader {number},new-reader{number}@example.org,2026\n" for number in range(180))
)


def fill(book: AddressBook) -> bool:
    """Fill a book that never held an address and is not connected to the real service; whether that was done."""
    if book.current_edition is None or not samples.are_offered(book, book.current_edition):
        return False
    if AuditEvent.objects.filter(book_id=book.pk, action=actions.INSERT_ADDRESS).exists():
        return False
    admin = Actor(BookMember.objects.filter(book=book, role=Role.ADMIN).select_related("user").earliest("pk").user)
    manager = _colleague(book, "manager", Role.MANAGER, admin)
    _colleague(book, "viewer", Role.VIEWER, admin)
    made = {name: groups.create_group(book=book, name=name, token=uuid4(), by=admin) for name in _GROUPS}
    _register(book, made, manager)
    _work(book, made, admin, manager)
    _request_files(book, made["newsletter"], admin, manager)
    return True


def _colleague(book: AddressBook, username: str, role: Role, admin: Actor) -> Actor:
    """A second member, so that the history has two names. Their password is random; an admin can reset it."""
    user, is_new = User.objects.get_or_create(username=username)
    if is_new:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    books.add_member(book=book, username=username, role=role, by=admin)
    return Actor(user)


def _register(book: AddressBook, made: dict[str, Group], by: Actor) -> None:
    emails = list(samples.sample_emails(limits.DEMO_ADDRESSES))
    most = workspace_limits.TYPED_ADDRESSES_PER_REGISTRATION
    for name, (first, last) in _GROUPS.items():
        for start in range(first, last, most):
            text = " ".join(emails[start : min(start + most, last)])
            registration.register_typed(book=book, group_id=made[name].pk, text=text, token=uuid4(), by=by)


def _work(book: AddressBook, made: dict[str, Group], admin: Actor, manager: Actor) -> None:
    """What fills a history: changes of groups, something deleted, something taken back."""
    trial, vip, press = made["trial"], made["VIP"], made["press"]
    pinned = everything(book=book, group_id=trial.pk)
    bulk.edit_groups(book=book, selection=pinned, add=[vip.pk], remove=[], token=uuid4(), by=manager)
    emptied = bulk.empty_group(book=book, selection=everything(book=book, group_id=press.pk), token=uuid4(), by=manager)
    if emptied.act_id:
        undo.undo(book=book, act_id=emptied.act_id, token=uuid4(), by=admin)
    groups.rename_group(book=book, group_id=trial.pk, seen_name=trial.name, name="trial-2026", by=admin)
    pinned = everything(book=book, group_id=vip.pk, query="wren")
    bulk.remove_from_group(book=book, selection=pinned, token=uuid4(), by=manager)


def _request_files(book: AddressBook, group: Group, admin: Actor, manager: Actor) -> None:
    """Work for the worker: two files to be made, and one that is checked and waits for an OK."""
    wanted = (
        (Download.Scope.BOOK, Download.Format.XLSX, None),
        (Download.Scope.GROUP, Download.Format.CSV, group.pk),
    )
    for scope, format, group_id in wanted:  # noqa: A001 - the field's name
        downloads.request(
            book=book,
            scope=scope,
            format=format,
            group_id=group_id,
            query="",
            reason="",
            language="en",
            token=uuid4(),
            by=manager,
        )
    file = ContentFile(_FILE.encode(), name="new-readers.csv")
    uploads.receive(book=book, group_id=group.pk, file=file, name="new-readers.csv", token=uuid4(), by=admin)
