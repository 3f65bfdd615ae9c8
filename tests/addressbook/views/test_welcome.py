"""The first minutes: samples are offered where they belong, and hints go away for good."""

from uuid import uuid4

import pytest
from django.urls import reverse

from addressbook import limits
from tests.support.html import text_of


@pytest.fixture
def url(book) -> str:
    return reverse("console", args=[book.slug])


@pytest.fixture
def load(book):
    def load(client):
        return client.post(reverse("load_samples", args=[book.slug]), {"token": uuid4()})

    return load


def test_an_empty_book_offers_samples_to_those_who_may_register(client_of, url, bob, vera) -> None:
    assert "Load sample addresses" in text_of(client_of(bob).get(url))
    assert "Load sample addresses" not in text_of(client_of(vera).get(url))


def test_samples_are_shown_with_their_groups_and_an_undo(client_of, url, bob, load) -> None:
    client = client_of(bob)
    page = text_of(load(client))
    assert f"{limits.SAMPLE_ADDRESSES} sample addresses are loaded. They reach nobody." in page
    assert "newsletter" in page
    assert "Undo" in page
    assert "Load sample addresses" not in text_of(client.get(url))
    history = text_of(client.get(reverse("history", args=[url.split("/")[2]])))
    assert f"{limits.SAMPLE_ADDRESSES} sample addresses were loaded." in history


def test_samples_are_refused_in_a_book_that_holds_addresses(client_of, bob, load, register) -> None:
    register("a@example.com")
    assert "only into an empty address book" in text_of(load(client_of(bob)))


def test_hints_go_away_one_by_one_or_all_and_do_not_come_back(client_of, book, url, bob, vera, register) -> None:
    register("a@example.com")
    client, put_away = client_of(bob), reverse("put_hint_away", args=[book.slug])
    assert "The dots beside it rename" in text_of(client.get(url))
    client.post(put_away, {"hint": "tree"})
    assert "Tick addresses" in text_of(client.get(url))
    answer = client.post(put_away, {"hint": ["tree", "selection", "undo"]}, headers={"HX-Request": "true"})
    assert "Got it" not in text_of(answer)
    assert "Got it" not in text_of(client_of(bob).get(url))
    assert "The dots" not in text_of(client_of(vera).get(url))
    assert "Click a group to see" in text_of(client_of(vera).get(url))


def test_an_unknown_hint_changes_nothing(client_of, book, bob) -> None:
    client_of(bob).post(reverse("put_hint_away", args=[book.slug]), {"hint": "none"})
    bob.refresh_from_db()
    assert bob.hints_put_away == []
