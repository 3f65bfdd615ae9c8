"""What a search finds, in a book that is large enough for the index of each engine."""

import pytest
from django.db import connection
from django.utils import timezone

from addressbook.models import Address
from addressbook.services.addresses import planner
from workspace.models import Edition

pytestmark = pytest.mark.django_db

COUNT = 20_000


@pytest.fixture
def keys(book) -> list[str]:
    names = [f"{'_%+.'[number % 4]}n{number:05d}" for number in range(COUNT)]
    keys = [f"kim{name}@mail{number % 500}.example.com" for number, name in enumerate(names)]
    now = timezone.now()
    Address.objects.bulk_create(
        Address(edition=book.current_edition, email=key.upper(), key=key, registered_at=now) for key in keys
    )
    planner.tell_of_new_rows(COUNT)
    return keys


QUERIES = ("n01234", "N0123", "_n0", "%n", "%", "@mail7.", "mail77.exa", "m_n", ".n19999@mail499", "nowhere", "k")


def test_a_search_finds_what_holds_it_and_nothing_else(book, keys: list[str]) -> None:
    for query in QUERIES:
        found = Address.objects.filter(edition=book.current_edition).search(query).values_list("key", flat=True)
        assert sorted(found) == sorted(key for key in keys if query.lower() in key), query


def test_postgresql_finds_what_is_rare_by_its_trigrams(book, keys: list[str]) -> None:
    plan = Address.objects.filter(edition=book.current_edition).search("n01234").explain()
    assert ("address_key_trigrams" in plan) == (connection.vendor == "postgresql")


def test_addresses_that_were_just_registered_are_found(book, keys: list[str], register) -> None:
    register("new.in.the.list@example.com")
    edition = Edition.objects.get(current_of=book)
    assert Address.objects.filter(edition=edition).search("in.the.list").count() == 1
