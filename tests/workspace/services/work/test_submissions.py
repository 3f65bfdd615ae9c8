"""A form that is sent to two books is two submissions: each has its effect where it was sent."""

from uuid import uuid4

import pytest

from addressbook.models import Address
from addressbook.services.addresses import groups, registration
from workspace.models import Region, Zone
from workspace.services.books import books
from workspace.services.work.submissions import Submitted


@pytest.fixture
def other(by):
    return books.create_book(name="Other", zone=Zone.PUBLIC, region=Region.KR, by=by)


def test_a_token_is_bound_to_its_book(book, other, by) -> None:
    token = uuid4()
    Submitted(by, token, "act", "contents", book).remember({"done": 1})
    assert Submitted(by, token, "act", "contents", book).earlier_outcome() == {"done": 1}
    assert Submitted(by, token, "act", "contents", other).earlier_outcome() is None
    assert Submitted(by, token, "act", "contents", None).earlier_outcome() is None


def test_one_form_registers_in_both_books(book, other, by) -> None:
    token = uuid4()
    for entered in (book, other):
        registration.register_typed(book=entered, group_id=None, text="a@example.com", token=token, by=by)
    assert Address.objects.filter(edition__book=other).count() == 1


def test_one_form_makes_a_group_in_both_books(book, other, by) -> None:
    token = uuid4()
    made = {groups.create_group(book=entered, name="VIP", token=token, by=by) for entered in (book, other)}
    assert {group.edition.book for group in made} == {book, other}
