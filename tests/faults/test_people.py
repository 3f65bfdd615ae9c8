"""What people do to a page: double clicks, two tabs, the back button. One effect, true answers."""

from uuid import uuid4

import pytest
from django.urls import reverse

from tests.support.html import text_of
from tests.support.invariants import assert_consistent, contents
from workspace.models import AuditEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(book, bob, client_of):
    client = client_of(bob)
    return lambda url, **fields: client.post(reverse(url, args=[book.slug]), fields, headers={"HX-Request": "true"})


def test_the_back_button_and_ok_again_bring_nothing_back(page, book) -> None:
    """The form of the registration is sent again after the address was deleted: it says what it said, and no more."""
    form = {"token": uuid4(), "text": "a@example.com"}
    first = text_of(page("register", **form))
    address = book.current_edition.addresses.get()
    page("delete_addresses", token=uuid4(), address=address.pk, seen=1)
    assert contents(book) == {}
    again = page("register", **form)
    assert again.status_code == 200
    assert "Registered" in first
    assert "Registered" in text_of(again)
    assert contents(book) == {}
    assert AuditEvent.objects.filter(action="insert_address").count() == 1
    assert_consistent(book)


def test_two_tabs_that_delete_the_same_address_delete_it_once(page, book, register) -> None:
    register("a@example.com b@example.com")
    address = book.current_edition.addresses.get(key="a@example.com")
    answers = [page("delete_addresses", token=uuid4(), address=address.pk, seen=1) for _ in range(2)]
    assert all(answer.status_code < 500 for answer in answers)
    assert set(contents(book)) == {"b@example.com"}
    assert AuditEvent.objects.filter(action="delete_address").count() == 1
    assert_consistent(book)


def test_two_tabs_that_create_the_same_group_make_one_and_the_other_is_told(page, book) -> None:
    answers = [page("create_group", token=uuid4(), name="VIP") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 422]
    assert book.current_edition.groups.count() == 1


def test_a_tab_that_is_older_than_the_group_is_told_and_changes_nothing(page, book, by, make_group, register) -> None:
    group = make_group("VIP")
    page("delete_group", token=uuid4(), target=group.pk, seen=0)
    answer = page("register", token=uuid4(), text="a@example.com", group=group.pk)
    assert answer.status_code < 500
    assert_consistent(book)
