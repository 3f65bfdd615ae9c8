"""What services leave behind for the sync, in the transaction of the change."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from celery import current_app
from django.utils import timezone

from addressbook import limits
from addressbook.models import Address, BookSync, Group, Membership, ParkedEntry, Removal
from addressbook.models.sync import NOT_BEGUN
from addressbook.services.addresses import bulk, groups, selection
from addressbook.services.addresses.selection import Selection
from addressbook.services.sync import outbox
from workspace.models import Edition
from workspace.services.books import books

pytestmark = pytest.mark.django_db


@pytest.fixture
def touch(book) -> Callable[[], BookSync]:
    """Sync is on, and all that the book holds at the time of the call has been sent."""

    def touch() -> BookSync:
        highest = {
            "addresses": Address.objects.order_by("-id").first(),
            "memberships": Membership.objects.order_by("-id").first(),
            "groups": Group.objects.order_by("-id").first(),
        }
        marks = {
            f"{name}_{mark}": row.pk if row else 0
            for name, row in highest.items()
            for mark in ("sent", "confirmed", "touched")
        }
        sync, _ = BookSync.objects.update_or_create(
            book=book, defaults={"is_on": True, "is_compared": True, "next_look_at": timezone.now(), **marks}
        )
        return sync

    return touch


def removals() -> list[tuple[str, str, list[str], bool]]:
    rows = Removal.objects.order_by("pk")
    return [(row.kind, row.group_name, sorted(row.addresses), row.is_deferred) for row in rows]


def ids(*keys: str) -> tuple[int, ...]:
    return tuple(Address.objects.filter(key__in=keys).values_list("pk", flat=True))


def chosen(*keys: str, group: Group | None = None) -> Selection:
    return Selection(group_id=group.pk if group else None, address_ids=ids(*keys), seen_count=len(keys))


def test_more_rows_than_a_removal_holds_are_several(book, register, touch, monkeypatch) -> None:
    monkeypatch.setattr(limits, "ROWS_PER_JOB_BATCH", 2)
    register(" ".join(f"u{number}@example.com" for number in range(5)))
    touch()
    outbox.addresses_leave(book.current_edition, ids(*(f"u{number}@example.com" for number in range(5))))
    assert sorted(len(row.addresses) for row in Removal.objects.all()) == [1, 2, 2]
    assert len({email for row in Removal.objects.all() for email in row.addresses}) == 5


def test_a_book_without_sync_leaves_nothing_behind(book, by, register, make_group) -> None:
    group = make_group("VIP")
    register("a@example.com b@example.com", group)
    bulk.delete_addresses(book=book, selection=chosen("a@example.com"), token=uuid4(), by=by)
    groups.rename_group(book=book, group_id=group.pk, seen_name="VIP", name="New", by=by)
    bulk.delete_group(book=book, selection=selection.everything(book=book, group_id=group.pk), token=uuid4(), by=by)
    assert not removals()
    assert not BookSync.objects.exists()


def test_a_sync_that_was_switched_off_leaves_nothing_behind(book, by, register, touch) -> None:
    register("a@example.com")
    touch()
    BookSync.objects.update(is_on=False)
    bulk.delete_addresses(book=book, selection=chosen("a@example.com"), token=uuid4(), by=by)
    assert not removals()


def test_only_addresses_that_were_in_a_call_are_to_be_removed(book, by, register, touch) -> None:
    register("a@example.com")
    touch()
    register("b@example.com")
    both = chosen("a@example.com", "b@example.com")
    bulk.delete_addresses(book=book, selection=both, token=uuid4(), by=by)
    assert removals() == [("addresses", "", ["a@example.com"], False)]


def test_what_is_removed_is_the_text_that_was_sent(book, by, register, touch) -> None:
    register("Ann@EXAMPLE.com")
    touch()
    bulk.delete_addresses(book=book, selection=chosen("ann@example.com"), token=uuid4(), by=by)
    assert removals() == [("addresses", "", ["Ann@EXAMPLE.com"], False)]


def test_only_memberships_that_were_in_a_call_are_to_be_removed(book, by, register, make_group, touch) -> None:
    group = make_group("VIP")
    register("a@example.com", group)
    register("b@example.com")
    touch()
    register("b@example.com", group)
    both = chosen("a@example.com", "b@example.com", group=group)
    bulk.remove_from_group(book=book, selection=both, token=uuid4(), by=by)
    assert removals() == [("members", "VIP", ["a@example.com"], False)]


def test_a_deleted_group_takes_along_what_was_to_be_removed_from_it(book, by, register, make_group, touch) -> None:
    group = make_group("VIP")
    register("a@example.com b@example.com", group)
    touch()
    bulk.remove_from_group(book=book, selection=chosen("a@example.com", group=group), token=uuid4(), by=by)
    whole = selection.everything(book=book, group_id=group.pk)
    bulk.delete_group(book=book, selection=whole, token=uuid4(), by=by)
    assert removals() == [("group", "VIP", [], False)]


def test_a_group_that_was_in_no_call_goes_without_a_word(book, by, make_group, touch) -> None:
    touch()
    group = make_group("VIP")
    whole = selection.everything(book=book, group_id=group.pk)
    bulk.delete_group(book=book, selection=whole, token=uuid4(), by=by)
    assert not removals()


def test_a_renamed_group_is_sent_again_and_its_old_name_removed_afterwards(
    book, by, register, make_group, touch
) -> None:
    group = make_group("VIP")
    register("a@example.com", group)
    sync = touch()
    groups.rename_group(book=book, group_id=group.pk, seen_name="VIP", name="New", by=by)
    group.refresh_from_db()
    assert removals() == [("group", "VIP", [], True)]
    assert (group.resend_through, group.resend_after) == (sync.memberships_sent, NOT_BEGUN)


def test_a_group_renamed_before_it_was_in_a_call_has_no_old_name_there(book, by, make_group, touch) -> None:
    touch()
    group = make_group("VIP")
    groups.rename_group(book=book, group_id=group.pk, seen_name="VIP", name="New", by=by)
    group.refresh_from_db()
    assert not removals()
    assert group.resend_through is None


def switch_edition(book) -> Edition:
    edition = books.lock(book)
    new = Edition.objects.create(book=book, number=edition.number + 1, opened_at=timezone.now())
    book.current_edition = new
    book.save(update_fields=["current_edition"])
    return new


def test_a_reset_forgets_what_was_to_be_removed_before(book, by, register, make_group, touch) -> None:
    group = make_group("VIP")
    register("a@example.com b@example.com", group)
    touch()
    bulk.delete_addresses(book=book, selection=chosen("a@example.com"), token=uuid4(), by=by)
    outbox.book_reset(switch_edition(book))
    assert removals() == [("reset", "", [], False)]


def test_a_restored_edition_is_sent_as_a_whole_after_a_reset_there(book, register, make_group, touch) -> None:
    group = make_group("VIP")
    register("a@example.com", group)
    sync = touch()
    old = book.current_edition
    outbox.book_reset(switch_edition(book))
    book.current_edition = old
    book.save(update_fields=["current_edition"])
    outbox.edition_restored(old)
    sync.refresh_from_db()
    group.refresh_from_db()
    assert removals() == [("reset", "", [], False)]
    assert (sync.addresses_sent, sync.addresses_touched) == (0, 0)
    assert group.resend_through == Membership.objects.get().pk
    # Rows that go before they were sent again need no removal any more: the reset comes first.
    outbox.addresses_leave(old, ids("a@example.com"))
    assert removals() == [("reset", "", [], False)]


def test_nothing_is_deleted_there_before_somebody_has_looked_at_what_it_holds(book, register, touch) -> None:
    register("a@example.com")
    touch()
    BookSync.objects.update(is_compared=False)
    outbox.book_reset(switch_edition(book))
    assert not removals()


def test_rows_that_came_back_under_their_old_ids_are_sent_again(book, register, make_group, touch) -> None:
    group = make_group("VIP")
    register("a@example.com b@example.com", group)
    sync = touch()
    outbox.rows_restored(book.current_edition, address_ids=ids("b@example.com"), group_ids=[group.pk])
    sync.refresh_from_db()
    group.refresh_from_db()
    assert sync.addresses_sent == ids("b@example.com")[0] - 1
    assert group.resend_through == sync.memberships_sent


def test_parked_entries_go_with_what_they_hang_on(book, by, register, make_group, touch) -> None:
    group, other = make_group("VIP"), make_group("Other")
    register("a@example.com b@example.com c@example.com", group)
    touch()
    a, b, c = (Address.objects.get(key=f"{name}@example.com") for name in "abc")
    for entry in ({"address": a}, {"address": b, "group": group}, {"group": other}, {"address": c, "group": group}):
        ParkedEntry.objects.create(book=book, reason="no", at=timezone.now(), **entry)
    bulk.delete_addresses(book=book, selection=chosen("a@example.com"), token=uuid4(), by=by)
    bulk.remove_from_group(book=book, selection=chosen("b@example.com", group=group), token=uuid4(), by=by)
    whole = selection.everything(book=book, group_id=other.pk)
    bulk.delete_group(book=book, selection=whole, token=uuid4(), by=by)
    assert ParkedEntry.objects.get().address == c


def test_an_act_wakes_the_sync_once_until_a_worker_has_looked(
    book, register, touch, monkeypatch, django_capture_on_commit_callbacks
) -> None:
    told: list[int] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, args, **options: told.extend(args))
    touch()
    BookSync.objects.update(next_look_at=None)
    with django_capture_on_commit_callbacks(execute=True):
        register("a@example.com")
        register("b@example.com")
    assert told == [book.pk]
    assert BookSync.objects.get().next_look_at <= timezone.now()


def test_looking_at_a_selection_wakes_nobody(book, register, touch) -> None:
    touch()
    BookSync.objects.update(next_look_at=None)
    selection.everything(book=book, group_id=None)
    assert BookSync.objects.get().next_look_at is None
