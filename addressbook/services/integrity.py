"""Whether the books are what their own counts and rules say; for after a move, a restore, or a doubt."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count, F

from addressbook.models import Address, Edition, Group, Membership


@dataclass(frozen=True, slots=True)
class Defect:
    """What does not agree, in words for an operator; names no address."""

    sentence: str

    def __str__(self) -> str:
        return self.sentence


def defects() -> Iterator[Defect]:
    """Everything that is wrong with editions, groups and memberships, and with the file of SQLite itself."""
    yield from _counts()
    yield from _doubled()
    yield from _strays()
    if connection.vendor == "sqlite":
        yield from _sqlite()


def _counts() -> Iterator[Defect]:
    there = dict(Address.objects.values_list("edition").annotate(n=Count("pk")).order_by())
    for edition in Edition.objects.iterator():
        if edition.address_count != (found := there.get(edition.pk, 0)):
            yield Defect(f"Edition {edition.pk} counts {edition.address_count} addresses and has {found}.")
    members = dict(Membership.objects.values_list("group").annotate(n=Count("pk")).order_by())
    for group in Group.objects.iterator():
        if group.address_count != (found := members.get(group.pk, 0)):
            yield Defect(f"Group {group.pk} counts {group.address_count} addresses and has {found}.")


def _doubled() -> Iterator[Defect]:
    addresses = Address.objects.values("edition", "key").annotate(n=Count("pk")).filter(n__gt=1).order_by()
    if found := addresses.count():
        yield Defect(f"{found} addresses are there twice in an edition.")
    memberships = Membership.objects.values("group", "address").annotate(n=Count("pk")).filter(n__gt=1).order_by()
    if found := memberships.count():
        yield Defect(f"{found} addresses are twice in a group.")


def _strays() -> Iterator[Defect]:
    if found := Membership.objects.exclude(group__edition=F("address__edition")).count():
        yield Defect(f"{found} memberships lead out of their edition.")


def _sqlite() -> Iterator[Defect]:
    with connection.cursor() as cursor:
        answers = [row[0] for row in cursor.execute("PRAGMA integrity_check").fetchall()]
        if answers != ["ok"]:
            yield Defect(f"The file is damaged: {'; '.join(answers[:3])}.")
        if broken := cursor.execute("PRAGMA foreign_key_check").fetchall():
            yield Defect(f"{len(broken)} rows name another that is not there.")
