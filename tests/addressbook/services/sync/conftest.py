"""The simulated service, and a worker whose time the tests hold in their hands."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from libraries.outbound_mailer.simulator import Simulator

if TYPE_CHECKING:
    from tests.addressbook.services.sync.worker import Worker


@pytest.fixture(scope="session")
def running_simulator() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def simulator(running_simulator) -> Simulator:
    """Without data, faults or settings of an earlier test, and at the time of day."""
    running_simulator.reset()
    running_simulator.clock.advance(time.time() - running_simulator.clock.now())
    running_simulator.settings = type(running_simulator.settings)()
    return running_simulator


@pytest.fixture
def worker(book, simulator) -> Iterator[Worker]:
    from tests.addressbook.services.sync.worker import Worker

    with Worker(book, simulator) as worker:
        yield worker


@pytest.fixture
def connected(book, by, worker) -> Callable[..., Worker]:
    """Turns the sync of the book on and works until both are equal."""

    from addressbook.services import sync

    def connected(existing: str = "ask") -> Worker:
        sync.turn_on(book=book, existing=sync.Existing(existing), by=by)
        worker.work()
        return worker

    return connected
