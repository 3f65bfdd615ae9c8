"""The database itself refuses what must not be, whatever a service forgets."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from addressbook import actions
from addressbook.models import Address, BookSync, Group, Job, Membership, ParkedEntry, Removal
from workspace.models import AuditEvent, BookMember
from workspace.services.history import audit
from workspace.services.history.audit import Actor


@pytest.fixture
def address(book) -> Address:
    return Address.objects.create(
        edition=book.current_edition, email="A@example.com", key="a@example.com", registered_at=timezone.now()
    )


def refused(act) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        act()


def test_a_key_stands_once_in_an_edition(book, address) -> None:
    refused(
        lambda: Address.objects.create(
            edition=book.current_edition, email="a@example.com", key="a@example.com", registered_at=timezone.now()
        )
    )


def test_a_membership_stands_once(book, address) -> None:
    group = Group.objects.create(edition=book.current_edition, name="VIP")
    Membership.objects.create(group=group, address=address)
    refused(lambda: Membership.objects.create(group=group, address=address))


def test_a_group_name_stands_once_in_an_edition(book) -> None:
    Group.objects.create(edition=book.current_edition, name="VIP")
    refused(lambda: Group.objects.create(edition=book.current_edition, name="VIP"))


def test_a_count_cannot_fall_below_zero(book) -> None:
    group = Group.objects.create(edition=book.current_edition, name="VIP")
    refused(lambda: Group.objects.filter(pk=group.pk).update(address_count=-1))


def test_a_member_has_one_role(book, alice) -> None:
    refused(lambda: BookMember.objects.create(book=book, user=alice, role="viewer"))


@pytest.mark.parametrize(
    "fields",
    [{"state": "running"}, {"state": "complete"}, {"state": "waiting", "finished_at": timezone.now()}],
)
def test_the_state_of_a_job_and_its_times_agree(book, fields) -> None:
    refused(
        lambda: Job.objects.create(
            kind="delete_addresses",
            edition=book.current_edition,
            parameters={},
            created_at=timezone.now(),
            **fields,
        )
    )


@pytest.mark.django_db
def test_the_history_is_append_only(book, alice) -> None:
    audit.record(by=Actor(alice), action=actions.ADD_GROUP, book=book)
    event = AuditEvent.objects.latest("pk")
    with pytest.raises(TypeError):
        event.save()
    with pytest.raises(TypeError):
        event.delete()


@pytest.mark.parametrize(
    "marks", [{"addresses_confirmed": 1}, {"memberships_confirmed": 1}, {"groups_confirmed": 1}, {"pause": "because"}]
)
def test_sync_confirms_nothing_that_was_not_sent_and_pauses_for_a_known_reason(book, marks) -> None:
    refused(lambda: BookSync.objects.create(book=book, **marks))


@pytest.mark.parametrize("fields", [{"kind": "group"}, {"kind": "reset", "group_name": "VIP"}, {"kind": "all"}])
def test_a_removal_names_its_group_where_it_has_one(book, fields) -> None:
    refused(lambda: Removal.objects.create(book=book, created_at=timezone.now(), **fields))


def test_a_parked_entry_is_about_something(book) -> None:
    refused(lambda: ParkedEntry.objects.create(book=book, reason="no", at=timezone.now()))
