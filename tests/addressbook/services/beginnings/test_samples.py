from uuid import uuid4

import pytest
from django.db import connection

from addressbook import limits
from addressbook.services import undo
from addressbook.services.beginnings import demo, samples
from libraries import email_addresses
from tests.support.invariants import assert_consistent, contents
from workspace.models import Edition
from workspace.services.books import keys
from workspace.services.history.audit import Actor
from workspace.services.people import hints
from workspace.services.people.hints import Hint

RESERVED = {"example.com", "example.org", "example.net"}


def load(book, user):
    return samples.load(book=book, token=uuid4(), by=Actor(user))


def test_sample_addresses_differ_are_valid_and_reach_nobody() -> None:
    found = list(samples.sample_emails(limits.DEMO_ADDRESSES))
    assert len({email_addresses.parse(email).key for email in found}) == limits.DEMO_ADDRESSES
    assert {email.partition("@")[2] for email in found} == RESERVED


def test_samples_fill_an_empty_book_once(book, bob) -> None:
    token = uuid4()
    first = samples.load(book=book, token=token, by=Actor(bob))
    assert samples.load(book=book, token=token, by=Actor(bob)) == first
    assert len(contents(book)) == first.registered == limits.SAMPLE_ADDRESSES
    assert book.current_edition.groups.count() == first.groups
    assert_consistent(book)
    with pytest.raises(samples.NotOfferedError):
        load(book, bob)


def test_samples_can_be_undone_and_leave_nothing(book, bob) -> None:
    loaded = load(book, bob)
    undo.undo(book=book, act_id=loaded.act_id, token=uuid4(), by=Actor(bob))
    assert contents(book) == {}
    assert not book.current_edition.groups.exists()
    assert_consistent(book)


def test_samples_join_groups_that_are_there_already(book, bob, make_group) -> None:
    make_group("VIP")
    load(book, bob)
    assert book.current_edition.groups.filter(name="VIP").get().address_count > 0


def test_samples_do_not_go_to_the_real_service(book, alice, bob, settings, tmp_path) -> None:
    settings.SECRETS_KEY_FILE = tmp_path / "secrets_key"
    keys.change_keys(book=book, access_key="A" * 20, secret_key="B" * 40, token=uuid4(), by=Actor(alice))
    assert not samples.are_offered(book, Edition.objects.get(pk=book.current_edition_id))
    with pytest.raises(samples.NotOfferedError):
        load(book, bob)


def test_the_demo_fills_a_new_book_with_what_people_do_and_no_other(book, bob) -> None:
    book.refresh_from_db()
    assert demo.fill(book)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # PostgreSQL knows nothing of 5,000 rows that are not committed
    assert len(contents(book)) == limits.DEMO_ADDRESSES
    assert book.current_edition.downloads.count() == 2
    assert book.current_edition.uploads.count() == 1
    assert_consistent(book)
    book.refresh_from_db()
    assert not demo.fill(book)


def test_hints_come_one_after_another_and_stay_away(bob) -> None:
    assert hints.next_for(bob, list(Hint)) == Hint.TREE
    hints.put_away(user=bob, hints=[Hint.TREE])
    hints.put_away(user=bob, hints=[Hint.TREE])
    bob.refresh_from_db()
    assert hints.next_for(bob, list(Hint)) == Hint.SELECTION
    assert hints.next_for(bob, [Hint.TREE]) is None
    hints.put_away(user=bob, hints=list(Hint))
    assert hints.next_for(bob, list(Hint)) is None
