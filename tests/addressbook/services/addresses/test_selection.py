from uuid import uuid4

import pytest

from addressbook.models import Address
from addressbook.services.addresses import bulk, selection
from addressbook.services.addresses.selection import Selection, SelectionChangedError


def emails(edition, selected: Selection) -> list[str]:
    return sorted(selected.addresses(edition).values_list("email", flat=True))


def ids(*names: str) -> tuple[int, ...]:
    return tuple(
        Address.objects.filter(email__in=[f"{name}@example.com" for name in names]).values_list("pk", flat=True)
    )


def test_everything_is_what_the_search_finds_in_the_group(book, make_group, register) -> None:
    group = make_group("VIP")
    register("anna@example.com berta@example.com", group)
    register("hanna@example.com")
    found = selection.everything(book=book, group_id=group.pk, query="ANN")
    assert found.seen_count == 1
    assert emails(book.current_edition, found) == ["anna@example.com"]


def test_everything_does_not_grow_with_later_addresses(book, register) -> None:
    register("a@example.com")
    found = selection.everything(book=book, group_id=None)
    register("b@example.com")
    assert emails(book.current_edition, found) == ["a@example.com"]


def test_everything_in_a_group_does_not_grow_when_an_older_address_joins(book, make_group, register) -> None:
    group = make_group("VIP")
    register("old@example.com")
    register("a@example.com", group)
    found = selection.everything(book=book, group_id=group.pk)
    register("old@example.com", group)
    assert emails(book.current_edition, found) == ["a@example.com"]


def test_require_unchanged_says_by_how_much_the_set_has_moved(book, by, make_group, register) -> None:
    group = make_group("VIP")
    register("a@example.com b@example.com c@example.com", group)
    found = selection.everything(book=book, group_id=group.pk)
    register("d@example.com", group)
    bulk.delete_addresses(book=book, selection=Selection(None, address_ids=ids("a", "b")), token=uuid4(), by=by)
    with pytest.raises(SelectionChangedError) as caught:
        found.require_unchanged(book.current_edition)
    assert (caught.value.added, caught.value.removed, caught.value.now.seen_count) == (1, 2, 2)


def test_require_unchanged_notices_one_come_and_one_gone(book, by, register) -> None:
    """The number is the same, the set is not."""
    register("a@example.com b@example.com")
    found = selection.everything(book=book, group_id=None)
    register("c@example.com")
    bulk.delete_addresses(book=book, selection=Selection(None, address_ids=ids("a")), token=uuid4(), by=by)
    assert Address.objects.count() == found.seen_count
    with pytest.raises(SelectionChangedError):
        found.require_unchanged(book.current_edition)


def test_require_unchanged_is_content_when_other_addresses_come(book, make_group, register) -> None:
    group = make_group("VIP")
    register("a@example.com", group)
    found = selection.everything(book=book, group_id=group.pk)
    register("elsewhere@example.com")
    found.require_unchanged(book.current_edition)


def test_ticked_rows_of_another_book_are_not_there(book, by, register) -> None:
    from workspace.models import Region, Zone
    from workspace.services.books import books

    register("a@example.com")
    other = books.create_book(name="Other", zone=Zone.PUBLIC, region=Region.JPN, by=by)
    assert emails(other.current_edition, Selection(None, address_ids=ids("a"))) == []


def test_a_selection_survives_json() -> None:
    for selected in (Selection(3, "kim", None, 9, 4), Selection(None, address_ids=(1, 2))):
        assert Selection.from_json(selected.as_json()) == selected
