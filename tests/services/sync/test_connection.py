"""The client of a book."""

import pytest

from addressbook.mailer.simulator import Simulator
from addressbook.services import sync

pytestmark = pytest.mark.django_db


def test_a_book_without_keys_has_no_client(book) -> None:
    with pytest.raises(sync.NotConnectedError):
        sync.client_for(book)


def test_beside_the_simulator_a_book_is_connected_to_it_in_its_own_region(book, settings) -> None:
    book.region = "JPN"
    with Simulator() as simulator:
        settings.SIMULATOR_PORT = int(simulator.base_url.rsplit(":", 1)[1])
        with sync.client_for(book) as client:
            assert client.address_book.get().total_address_count == 0
        assert simulator.log.requests()[0].target.startswith("/api/v1-jpn/")
