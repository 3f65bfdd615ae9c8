"""Whether the books are what their own counts and rules say; for after a move, a restore, or a doubt."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Count, F, QuerySet

from addressbook.models import Address, Group, Membership
from workspace.models import Edition


@dataclass(frozen=True, slots=True)
class Defect:
    """What does not agree, in words for an operator; names no address."""

    sentence: str

    def __str__(self) -> str:
        return self.sentence


def defects(*, edition: Edition | None = None) -> Iterator[Defect]:
    """Everything that is wrong with editions (or this one alone), groups and memberships, and with the file of SQLite.

    It asks several questions: of all editions within `one_moment`, of one under the lock of its book.
    """
    editions = Edition.objects.filter(pk=edition.pk) if edition else Edition.objects.all()
    addresses = Address.objects.filter(edition=edition) if edition else Address.objects.all()
    groups = Group.objects.filter(edition=edition) if edition else Group.objects.all()
    memberships = Membership.objects.filter(group__edition=edition) if edition else Membership.objects.all()
    yield from _counts(editions, addresses, groups, memberships)
    yield from _doubled(addresses, memberships)
    if found := memberships.exclude(group__edition=F("address__edition")).count():
        yield Defect(f"{found} memberships lead out of their edition.")
    if connection.vendor == "sqlite":
        yield from _sqlite()


def all_defects() -> list[Defect]:
    """Everything that is wrong, while others write."""
    with one_moment():
        return list(defects())


@contextmanager
def one_moment() -> Iterator[None]:
    """All that is read within is as it was at one moment. Not inside of a transaction; nothing is written within."""
    if connection.vendor == "sqlite":
        # By hand: Django's transactions begin IMMEDIATE, which would keep every writer out, and not only from commits.
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _counts(
    editions: QuerySet[Edition],
    addresses: QuerySet[Address],
    groups: QuerySet[Group],
    memberships: QuerySet[Membership],
) -> Iterator[Defect]:
    there = dict(addresses.values_list("edition").annotate(n=Count("pk")).order_by())
    for edition in editions.iterator():
        if edition.address_count != (found := there.get(edition.pk, 0)):
            yield Defect(f"Edition {edition.pk} counts {edition.address_count} addresses and has {found}.")
    members = dict(memberships.values_list("group").annotate(n=Count("pk")).order_by())
    for group in groups.iterator():
        if group.address_count != (found := members.get(group.pk, 0)):
            yield Defect(f"Group {group.pk} counts {group.address_count} addresses and has {found}.")


def _doubled(addresses: QuerySet[Address], memberships: QuerySet[Membership]) -> Iterator[Defect]:
    if found := addresses.values("edition", "key").annotate(n=Count("pk")).filter(n__gt=1).order_by().count():
        yield Defect(f"{found} addresses are there twice in an edition.")
    if found := memberships.values("group", "address").annotate(n=Count("pk")).filter(n__gt=1).order_by().count():
        yield Defect(f"{found} addresses are twice in a group.")


def _sqlite() -> Iterator[Defect]:
    with connection.cursor() as cursor:
        answers = [row[0] for row in cursor.execute("PRAGMA integrity_check").fetchall()]
        if answers != ["ok"]:
            yield Defect(f"The file is damaged: {'; '.join(answers[:3])}.")
        if broken := cursor.execute("PRAGMA foreign_key_check").fetchall():
            yield Defect(f"{len(broken)} rows name another that is not there.")
