"""One book into an installation that has books of its own, and proof that both hold the same.

What goes along is what the book is now: its settings, its current edition, and the members whom the other installation
knows. The rest is bound to where it is: API keys are encrypted with the key of the installation, the state of the sync
and undo are ids of its rows, and the lines of the history are chained under the book's id.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import uuid4

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, connections, transaction
from django.db.models import Min, Model, Q
from django.utils import timezone

from addressbook.models import Address, BookSync, Group, Membership
from addressbook.services.addresses import integrity, planner, statements
from mailerconsole.operations import supervisor
from mailerconsole.operations.moving import ROWS_AT_A_TIME, SOURCE, TARGET, MoveError, insert, source
from workspace.models import Action, AddressBook, AuditChain, BookMember, Edition, Role, User
from workspace.models.work import UNFINISHED
from workspace.services.history import audit
from workspace.services.work.changing import lock_alone
from workspace.services.work.jobs import KINDS

Row = TypeVar("Row")

# Beside its name in URLs, which may be another one, and the time of its creation.
_SETTINGS: Final = (
    "name",
    "zone",
    "region",
    "download_reason_required",
    "download_sign_in_required",
    "masking",
    "last_edition_number",
)


@dataclass(frozen=True, slots=True)
class Moved:
    """What the book holds in the target; `left_out` are members without an active user of their name on both sides."""

    name: str
    slug: str
    groups: int
    addresses: int
    memberships: int
    members: dict[str, str]
    left_out: dict[str, str]

    @property
    def has_admin(self) -> bool:
        return Role.ADMIN in self.members.values()


def move_book(source_url: str, slug_or_id: str, *, slug: str = "") -> Moved:
    """Copy a book of the other database into that of the settings, under `slug` or its own. Raises MoveError.

    All in one transaction of the target: it has the book, compared value by value and checked, or nothing of it. At
    the source the book is locked meanwhile, and not changed. The target may be in use where it is PostgreSQL: nobody
    sees the book before it is whole, so nobody else gives out ids in it.
    """
    with source(source_url):
        _claim()
        theirs = _find(slug_or_id)
        slug = _free(slug or theirs.slug)
        try:
            # The target commits last: a source that is lost even then undoes the move.
            with transaction.atomic(using=TARGET), transaction.atomic(using=SOURCE):
                _lock(theirs)
                _require_quiet(theirs)
                moved = _move(theirs, slug)
        except DatabaseError as error:
            # Not chained, and without what it says: that may be an address.
            raise MoveError(f"A database refused ({type(error).__name__}): nothing was moved.") from None
    # Not before: until the end of the transaction, all who ask for the same would wait.
    planner.tell_of_new_rows(moved.addresses + moved.memberships)
    return moved


def _claim() -> None:
    """Keep the consoles of both off, but for that of a target on PostgreSQL."""
    if _place(SOURCE) == _place(TARGET):
        raise MoveError("Both are the same database.")
    folders = {_file(alias).parent for alias in (SOURCE, TARGET) if connections[alias].vendor == "sqlite"}
    claimed = {folder for folder in folders if (folder / "run.lock").exists()}
    if connections[TARGET].vendor == "sqlite":
        # It has one writer at a time: a console beside this would fail at every click.
        claimed.add(settings.DATA_DIR.resolve())
    for folder in claimed:
        try:
            supervisor.claim_data_dir(folder)
        except supervisor.AlreadyRunningError as error:
            raise MoveError(f"A Mailer Console runs in {folder}. Stop it first.") from error
    if connections[SOURCE].vendor == "postgresql":
        with connections[SOURCE].cursor() as cursor:
            cursor.execute(
                """SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                   AND usename = current_user AND backend_type = 'client backend' AND pid <> pg_backend_pid()"""
            )
            (others,) = cursor.fetchone()
        if others:
            raise MoveError(f"The source has {others} other connections of its user. Stop its console first.")


def _file(alias: str) -> Path:
    return Path(connections[alias].settings_dict["NAME"]).resolve()


def _place(alias: str) -> str:
    """Where a database is, without who may enter."""
    if connections[alias].vendor == "sqlite":
        return f"sqlite:///{_file(alias)}"
    where = connections[alias].settings_dict
    return f"postgresql://{where['HOST'] or 'localhost'}:{where['PORT'] or 5432}/{where['NAME']}"


def _find(slug_or_id: str) -> AddressBook:
    asked = Q(slug=slug_or_id)
    if slug_or_id.isdecimal():
        asked |= Q(pk=int(slug_or_id))
    there = AddressBook.objects.using(SOURCE).select_related("current_edition").order_by("pk")
    found = list(there.filter(asked))
    if len(found) != 1:
        books_there = ", ".join(f"{book.slug} ({book.pk})" for book in there)
        raise MoveError(f"{slug_or_id} names {len(found)} books of the source. It has: {books_there}.")
    return found[0]


def _free(slug: str) -> str:
    try:
        AddressBook._meta.get_field("slug").clean(slug, None)
    except ValidationError as error:
        raise MoveError(f"{slug} cannot stand in an address: letters, digits, - and _ can.") from error
    if AddressBook.objects.filter(slug=slug).exists():
        raise MoveError(_taken(slug))
    return slug


def _taken(slug: str) -> str:
    return f"There is a book {slug} here already: nothing was moved. Give another name with --slug."


def _lock(theirs: AddressBook) -> None:
    """Until the end of both transactions nobody writes to the book at the source, and it is read as of one moment."""
    if connections[SOURCE].vendor == "postgresql":
        with connections[SOURCE].cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    AddressBook.objects.using(SOURCE).select_for_update(no_key=True, nowait=True).get(pk=theirs.pk)
    theirs.refresh_from_db(using=SOURCE)


def _require_quiet(theirs: AddressBook) -> None:
    sync = BookSync.objects.using(SOURCE).filter(book=theirs.pk).first()
    if sync and sync.is_on:
        raise MoveError(
            f"The sync of {theirs.slug} is on at the source. Switch it off there first: two consoles must not write to "
            "one remote book."
        )
    if sync and sync.lease_until and sync.lease_until > timezone.now():
        raise MoveError(f"A call for {theirs.slug} may still be going on at the source. Try again in two minutes.")
    for model in KINDS:
        rows = model._default_manager.using(SOURCE).filter(edition__book=theirs.pk, state__in=UNFINISHED)
        if count := rows.count():
            raise MoveError(
                f"{count} rows of {model._meta.db_table} say that work for {theirs.slug} waits or goes on at the "
                "source. Let it end, or cancel it, first."
            )


def _move(theirs: AddressBook, slug: str) -> Moved:
    old = theirs.current_edition
    if old is None:
        raise MoveError(f"{theirs.slug} has no contents at the source.")
    book, new = _copy_book(theirs, old)
    groups = _copy_groups(old, new)
    addresses = _copy_addresses(old, new)
    memberships = _copy_memberships(old, new, groups)
    members, left_out = _copy_members(theirs, book)
    _compare(theirs, book, old, new)
    if wrong := [str(defect) for defect in integrity.defects(edition=new)]:
        raise MoveError(f"What was to be moved is not whole, and nothing was moved. {' '.join(wrong)}")
    counts = {"groups": len(groups), "addresses": addresses, "memberships": memberships}
    # The end of the history that stays behind: whoever keeps it can show that it is the one that this goes on from.
    chain = AuditChain.objects.using(SOURCE).filter(pk=theirs.pk).first()
    head = [chain.pk, chain.last_number, chain.last_hash] if chain else []
    detail = {"moved_from": _place(SOURCE), "book": theirs.slug, "head": head, "joined": members, **counts}
    audit.record_by_operator(action=Action.MOVE_BOOK, book=book, detail=detail)
    try:
        AddressBook.objects.filter(pk=book.pk).update(slug=slug)
    except IntegrityError:
        raise MoveError(_taken(slug)) from None
    return Moved(name=book.name, slug=slug, members=members, left_out=left_out, **counts)


def _copy_book(theirs: AddressBook, old: Edition) -> tuple[AddressBook, Edition]:
    # Its own slug comes last: whoever makes a book of the same one meanwhile would wait for the end.
    book = AddressBook.objects.create(slug=uuid4().hex, **{name: getattr(theirs, name) for name in _SETTINGS})
    lock_alone(book)
    new = Edition.objects.create(book=book, number=old.number, opened_at=old.opened_at)
    # The time of its creation is set by itself when a row is made.
    AddressBook.objects.filter(pk=book.pk).update(current_edition=new, created_at=theirs.created_at)
    return book, new


def _copy_groups(old: Edition, new: Edition) -> dict[str, int]:
    """Returns the ids by name. Empty for now: their counts are those of the rows that follow."""
    for batch in _batches(_groups(SOURCE, old)):
        _insert(Group, [Group(edition=new, name=name, created_at=created) for name, created, _ in batch])
    return dict(Group.objects.filter(edition=new).values_list("name", "pk"))


def _copy_addresses(old: Edition, new: Edition) -> int:
    count = 0
    for batch in _batches(_addresses(SOURCE, old)):
        rows = [Address(edition=new, email=email, key=key, registered_at=at) for email, key, at in batch]
        _insert(Address, rows)
        count += len(rows)
    Edition.objects.filter(pk=new.pk).update(address_count=count)
    return count


def _copy_memberships(old: Edition, new: Edition, groups: dict[str, int]) -> int:
    counts: Counter[int] = Counter()
    for batch in _batches(_memberships(SOURCE, old)):
        ids = statements.ids_by_key(new.pk, list({key for _, key in batch}))
        rows = [Membership(group_id=groups[name], address_id=ids[key]) for name, key in batch]
        _insert(Membership, rows)
        counts.update(row.group_id for row in rows)
    statements.change_group_counts(counts)
    return counts.total()


def _copy_members(theirs: AddressBook, book: AddressBook) -> tuple[dict[str, str], dict[str, str]]:
    """Roles by name: of those who came along, and of those who did not."""
    members, left_out = {}, {}
    there = BookMember.objects.using(SOURCE).filter(book=theirs.pk).order_by("pk")
    for name, role, is_active in there.values_list("user__username", "role", "user__is_active"):
        user = User.objects.filter(username=name, is_active=True).first() if is_active else None
        if user is None:
            left_out[name] = role
        else:
            BookMember.objects.create(book=book, user=user, role=role)
            members[name] = role
    return members, left_out


def _compare(theirs: AddressBook, book: AddressBook, old: Edition, new: Edition) -> None:
    """I2 and more: every value of every row, in the order of ids on both sides."""
    names = ("created_at", "current_edition__number", "current_edition__opened_at", "current_edition__address_count")
    for what, there, here in (
        ("The book", *(_book(alias, pk, names) for alias, pk in ((SOURCE, theirs.pk), (TARGET, book.pk)))),
        ("A group", _groups(SOURCE, old), _groups(TARGET, new)),
        ("An address", _addresses(SOURCE, old), _addresses(TARGET, new)),
        ("A membership", _memberships(SOURCE, old), _memberships(TARGET, new)),
    ):
        if any(before != after for before, after in zip_longest(there, here)):
            raise MoveError(f"{what} is not what it was: nothing was moved.")


def _book(alias: str, pk: int, names: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    yield from AddressBook.objects.using(alias).filter(pk=pk).values_list(*_SETTINGS, *names)


def _groups(alias: str, edition: Edition) -> Iterator[tuple[str, datetime, int]]:
    rows = Group.objects.using(alias).filter(edition=edition.pk).order_by("pk")
    yield from rows.values_list("name", "created_at", "address_count").iterator(chunk_size=ROWS_AT_A_TIME)


def _addresses(alias: str, edition: Edition) -> Iterator[tuple[str, str, datetime]]:
    rows = Address.objects.using(alias).filter(edition=edition.pk).order_by("pk")
    yield from rows.values_list("email", "key", "registered_at").iterator(chunk_size=ROWS_AT_A_TIME)


def _memberships(alias: str, edition: Edition) -> Iterator[tuple[str, str]]:
    """Name of the group and key of the address."""
    names = dict(Group.objects.using(alias).filter(edition=edition.pk).values_list("pk", "name"))
    everywhere = Membership.objects.using(alias)
    first = everywhere.filter(group__among=list(names)).aggregate(first=Min("pk"))["first"] or 0
    # Those of other books are passed over here: asked for ours alone, SQLite would sort all of them in memory.
    rows = everywhere.filter(pk__gte=first).order_by("pk").values_list("group_id", "address_id")
    ours = (row for row in rows.iterator(chunk_size=ROWS_AT_A_TIME) if row[0] in names)
    for batch in _batches(ours):
        own = Address.objects.using(alias).filter(edition=edition.pk, pk__among={address for _, address in batch})
        keys = dict(own.values_list("pk", "key"))
        for group, address in batch:
            if address not in keys:
                raise MoveError("A membership leads out of its edition: nothing was moved.")
            yield names[group], keys[address]


def _insert(model: type[Model], rows: list[Any]) -> None:
    """Without ids: the database gives them out, in the order of the rows."""
    insert(model, [field for field in model._meta.local_concrete_fields if not field.primary_key], rows)


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    remaining = iter(rows)
    while batch := list(islice(remaining, ROWS_AT_A_TIME)):
        yield batch
