"""Whether the books are what their own counts and rules say; for after a move, a restore, or a doubt."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection
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

    Of all editions it must be asked while nobody writes, of one under the lock of its book: it asks several questions.
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
