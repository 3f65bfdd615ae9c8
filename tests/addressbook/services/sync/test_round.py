"""The engine on a quiet day: what is done here is there, with no more calls than it takes."""

from uuid import uuid4

import pytest

from addressbook import limits
from addressbook.models import Address, Membership, Removal
from addressbook.services import sync, undo
from addressbook.services.addresses import bulk, groups, registration, selection
from addressbook.services.addresses.selection import Selection
from workspace.models import Region, Zone
from workspace.services.books import books

pytestmark = pytest.mark.django_db


def chosen(*emails: str, group_id: int | None = None) -> Selection:
    ids = tuple(Address.objects.filter(email__in=emails).values_list("pk", flat=True))
    return Selection(group_id=group_id, address_ids=ids, seen_count=len(ids))


def assert_equal(worker) -> None:
    assert worker.remote() == worker.ours()
    assert sync.status(worker.book).state == sync.State.IN_SYNC
    assert not Removal.objects.exists()


def test_an_empty_book_is_in_sync_with_an_empty_one(connected) -> None:
    worker = connected()
    assert_equal(worker)
    assert set(worker.calls()) == {"getAddressBook"}


def test_a_filled_book_is_sent_whole(connected, register, make_group) -> None:
    vip, gold = make_group("VIP"), make_group("Gold")
    make_group("Empty")
    register("a@example.com b@example.com", vip)
    register("b@example.com c@example.com", gold)
    register("d@example.com")
    assert_equal(connected())


def test_one_address_is_one_request_and_one_look(connected, register, make_group) -> None:
    group = make_group("VIP")
    worker = connected()
    worker.calls()
    register("a@example.com", group)
    worker.work()
    assert worker.calls() == ["createAddressBook", "getAddressBook"]
    assert_equal(worker)


def test_a_new_group_that_was_emptied_and_given_back_is_counted_once(connected, register, make_group, book, by) -> None:
    worker = connected()
    worker.calls()
    group = make_group("press")
    register("a@example.com b@example.com", group)
    everyone = selection.everything(book=book, group_id=group.pk)
    emptied = bulk.empty_group(book=book, selection=everyone, token=uuid4(), by=by)
    undo.undo(book=book, act_id=emptied.act_id, token=uuid4(), by=by)
    worker.work()
    # One look is enough: nothing more is expected to land.
    assert worker.calls() == ["createAddressBook", "getAddressBook"]
    assert_equal(worker)


def test_an_address_without_a_group_goes_through_a_temporary_one(connected, register) -> None:
    worker = connected()
    worker.calls()
    register("a@example.com b@example.com")
    worker.work()
    assert worker.calls() == ["createAddressBook", "getAddressBook", "deleteRecipientGroup"]
    assert_equal(worker)


def test_a_deleted_address_is_one_request(connected, register, book, by) -> None:
    register("a@example.com b@example.com")
    worker = connected()
    worker.calls()
    bulk.delete_addresses(book=book, selection=chosen("a@example.com"), token=uuid4(), by=by)
    worker.work()
    assert worker.calls() == ["deleteAddress"]
    assert_equal(worker)


def test_removals_of_one_kind_go_together(connected, register, make_group, book, by) -> None:
    group = make_group("VIP")
    register("a@example.com b@example.com c@example.com", group)
    worker = connected()
    worker.calls()
    for name in "ab":
        bulk.delete_addresses(book=book, selection=chosen(f"{name}@example.com"), token=uuid4(), by=by)
    selection = chosen("c@example.com", group_id=group.pk)
    bulk.remove_from_group(book=book, selection=selection, token=uuid4(), by=by)
    worker.work()
    assert worker.calls() == ["deleteAddress", "deleteRecipientGroupRelation"]
    assert_equal(worker)


def test_a_renamed_group_is_complete_before_the_old_one_goes(connected, register, make_group, book, by) -> None:
    group = make_group("VIP")
    register("a@example.com b@example.com", group)
    worker = connected()
    worker.calls()
    groups.rename_group(book=book, group_id=group.pk, seen_name="VIP", name="Gold", by=by)
    worker.work()
    assert worker.calls() == ["createAddressBook", "getAddressBook", "deleteRecipientGroup"]
    assert_equal(worker)


def test_two_groups_can_change_names(connected, register, make_group, book, by) -> None:
    first, second = make_group("First"), make_group("Second")
    register("a@example.com", first)
    register("b@example.com", second)
    worker = connected()
    for group, old, new in [(first, "First", "Third"), (second, "Second", "First"), (first, "Third", "Second")]:
        groups.rename_group(book=book, group_id=group.pk, seen_name=old, name=new, by=by)
    worker.work()
    assert_equal(worker)
    assert worker.remote()["First"] == {"b@example.com"}


def test_a_new_group_with_the_name_of_a_deleted_one_has_none_of_its_members(
    connected, register, make_group, book, by
) -> None:
    group = make_group("VIP")
    register("a@example.com", group)
    worker = connected()
    whole = chosen("a@example.com", group_id=group.pk)
    bulk.delete_group(book=book, selection=whole, token=uuid4(), by=by)
    register("b@example.com", make_group("VIP"))
    worker.work()
    assert worker.remote()["VIP"] == {"b@example.com"}
    assert_equal(worker)


def test_an_address_that_goes_and_comes_is_there(connected, register, book, by) -> None:
    register("Ann@example.com")
    worker = connected()
    bulk.delete_addresses(book=book, selection=chosen("Ann@example.com"), token=uuid4(), by=by)
    register("ann@example.com")
    worker.work()
    assert worker.remote()[None] == {"ann@example.com"}
    assert_equal(worker)


def test_small_calls_make_the_same_book(connected, register, make_group, fill, book, by, monkeypatch) -> None:
    monkeypatch.setattr(limits, "SYNC_ROWS_PER_CALL", 3)
    vip, gold = make_group("VIP"), make_group("Gold")
    fill(10, vip)
    register("u1@example.com u2@example.com u3@example.com u4@example.com", gold)
    register(" ".join(f"v{number}@example.com" for number in range(7)))
    worker = connected()
    assert_equal(worker)
    groups.rename_group(book=book, group_id=vip.pk, seen_name="VIP", name="New", by=by)
    worker.work()
    assert_equal(worker)
    sync.rebuild(book=book, by=by)
    worker.work()
    assert_equal(worker)
    selected = chosen(*(f"u{number}@example.com" for number in range(8)))
    bulk.delete_addresses(book=book, selection=selected, token=uuid4(), by=by)
    worker.work()
    assert_equal(worker)


def test_rows_of_other_books_between_ours_are_passed_over(
    connected, register, make_group, book, by, monkeypatch
) -> None:
    monkeypatch.setattr(limits, "SYNC_ROWS_PER_CALL", 3)
    monkeypatch.setattr(limits, "SYNC_ROWS_SCANNED", 5)
    monkeypatch.setattr(limits, "SYNC_ROWS_PASSED_OVER", 5)
    other = books.create_book(name="Other", zone=Zone.PUBLIC, region=Region.JPN, by=by)
    theirs = groups.create_group(book=other, name="Theirs", token=uuid4(), by=by)
    group = make_group("VIP")
    worker = connected()
    for number in range(20):
        text = f"x{number}@example.com y{number}@example.com"
        registration.register_typed(book=other, group_id=theirs.pk, text=text, token=uuid4(), by=by)
        if number % 9 == 0:
            register(f"u{number}@example.com", group)
    worker.work()
    assert worker.remote()["VIP"] == {"u0@example.com", "u9@example.com", "u18@example.com"}
    assert_equal(worker)
    assert worker.sync().memberships_sent == Membership.objects.order_by("-pk")[0].pk
