"""Several at once, each with a connection of its own: nothing lost, nothing doubled, no deadlock."""

import threading
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.db import connections

from addressbook.models import Group
from addressbook.services.addresses import bulk, groups, registration, selection
from addressbook.services.addresses.groups import GroupNameTakenError
from addressbook.services.addresses.selection import Selection
from tests.support.invariants import assert_consistent, contents
from workspace.models import AuditEvent, Submission

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Run the acts in threads that start together; each gives its result, or the exception that it ended with."""
    barrier = threading.Barrier(len(acts))
    results: list[object] = [None] * len(acts)

    def run(place: int) -> None:
        barrier.wait(timeout=10)
        try:
            results[place] = acts[place]()
        except Exception as error:
            results[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[place]) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


def test_the_same_form_sent_at_once_has_one_effect_and_one_answer(book, by) -> None:
    token = uuid4()
    reports = at_once(
        *[
            lambda: registration.register_typed(
                book=book, group_id=None, text="a@example.com b@example.com\nwrong", token=token, by=by
            )
        ]
        * 4
    )
    assert [report.registered for report in reports] == [2, 2, 2, 2]
    assert Submission.objects.filter(token=token).count() == 1
    assert AuditEvent.objects.filter(action="insert_address").count() == 1
    assert_consistent(book)


def test_two_who_register_the_same_addresses_at_once_lose_and_double_nothing(book, by, make_group) -> None:
    group = make_group("VIP")
    text = " ".join(f"u{number}@example.com" for number in range(200))
    reports = at_once(
        *[lambda: registration.register_typed(book=book, group_id=group.pk, text=text, token=uuid4(), by=by)] * 3
    )
    assert sum(report.registered for report in reports) == 200
    assert sum(report.added_to_group for report in reports) == 200
    assert len(contents(book)) == 200
    assert_consistent(book)


def test_two_who_create_the_same_group_at_once_make_one(book, by) -> None:
    results = at_once(*[lambda: groups.create_group(book=book, name="VIP", token=uuid4(), by=by)] * 3)
    assert sum(isinstance(result, Group) for result in results) == 1
    assert sum(isinstance(result, GroupNameTakenError) for result in results) == 2


def test_edits_of_different_groups_at_once_are_all_there(book, by, make_group, register) -> None:
    made = [make_group(f"group{number}") for number in range(4)]
    register("a@example.com b@example.com")
    ids = tuple(book.current_edition.addresses.values_list("pk", flat=True))
    at_once(
        *[
            lambda group=group: bulk.edit_groups(
                book=book, selection=Selection(None, address_ids=ids), add=[group.pk], remove=[], token=uuid4(), by=by
            )
            for group in made
        ]
    )
    names = {group.name for group in made}
    assert contents(book) == {"a@example.com": names, "b@example.com": names}
    assert_consistent(book)


def test_deleting_and_registering_at_once_leave_true_counts(book, by, make_group, register) -> None:
    group = make_group("VIP")
    register(" ".join(f"u{number}@example.com" for number in range(300)), group)
    ids = tuple(book.current_edition.addresses.values_list("pk", flat=True))
    halves = ids[:150], ids[100:]
    more = " ".join(f"new{number}@example.com" for number in range(300))

    def delete(half: tuple[int, ...]) -> Callable[[], object]:
        chosen = Selection(None, address_ids=half)
        return lambda: bulk.delete_addresses(book=book, selection=chosen, token=uuid4(), by=by)

    results = at_once(
        delete(halves[0]),
        delete(halves[1]),
        lambda: registration.register_typed(book=book, group_id=group.pk, text=more, token=uuid4(), by=by),
    )
    assert not [result for result in results if isinstance(result, Exception)]
    assert sum(result.changes["deleted"] for result in results[:2]) == 300
    assert len(contents(book)) == 300
    assert_consistent(book)


def test_emptying_a_group_while_another_fills_it_takes_no_more_than_was_seen(book, by, make_group, register) -> None:
    """Either the question comes back, or exactly those go that were there when it was asked."""
    group = make_group("VIP")
    register("a@example.com b@example.com", group)
    seen = selection.everything(book=book, group_id=group.pk)
    emptied, registered = at_once(
        lambda: bulk.empty_group(book=book, selection=seen, token=uuid4(), by=by),
        lambda: registration.register_typed(book=book, group_id=group.pk, text="c@example.com", token=uuid4(), by=by),
    )
    assert registered.added_to_group == 1
    assert "VIP" in contents(book)["c@example.com"]
    if isinstance(emptied, selection.SelectionChangedError):
        assert "VIP" in contents(book)["a@example.com"]
    else:
        assert emptied.changes == {"removed": 2}
    assert_consistent(book)
