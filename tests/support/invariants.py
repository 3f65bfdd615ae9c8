"""What must hold of a book after every act and every fault (SAFETY: I3, I4, I12)."""

from django.db.models import Count

from addressbook.models import Address, Group, Job, Membership
from workspace.models import AddressBook, Edition


def assert_consistent(book: AddressBook) -> None:
    """Stored counts are the counts of rows, keys are unique, no membership leads out of its edition."""
    for edition in Edition.objects.filter(book=book):
        assert edition.address_count == Address.objects.filter(edition=edition).count()
        keys = list(Address.objects.filter(edition=edition).values_list("key", flat=True))
        assert len(keys) == len(set(keys))
        for group in Group.objects.filter(edition=edition):
            assert group.address_count == Membership.objects.filter(group=group).count(), group.name
    memberships = Membership.objects.filter(group__edition__book=book)
    assert not memberships.exclude(address__edition__book=book).exists()
    doubled = memberships.values("group", "address").annotate(n=Count("id")).filter(n__gt=1)
    assert not doubled.exists()


def contents(book: AddressBook) -> dict[str, set[str]]:
    """The current edition: each address (by key) with the names of its groups."""
    keys = dict(Address.objects.filter(edition__current_of=book).values_list("pk", "key"))
    result: dict[str, set[str]] = {key: set() for key in keys.values()}
    rows = Membership.objects.filter(group__edition__current_of=book).values_list("address_id", "group__name")
    for address_id, name in rows:
        result[keys[address_id]].add(name)
    return result


def unfinished_jobs(book: AddressBook) -> int:
    return Job.objects.filter(edition__book=book).unfinished().count()
