"""The bundled simulator beside the book, as `make run` has it: in this process, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from libraries.outbound_mailer.simulator import Simulator

TOKEN = "token-of-the-bundled-simulator"


@pytest.fixture
def practice(settings) -> Iterator[Simulator]:
    """A simulator that every book without keys is connected to."""
    from libraries.outbound_mailer.simulator import Simulator

    with Simulator(token=TOKEN) as simulator:
        settings.SIMULATOR_PORT = urlsplit(simulator.base_url).port
        settings.SIMULATOR_TOKEN = TOKEN
        yield simulator


@pytest.fixture
def service(settings) -> Iterator[Simulator]:
    """A simulator in the place of the real service: a host that the operator allows, for books with its keys."""
    from libraries.outbound_mailer.simulator import Simulator

    with Simulator() as simulator:
        settings.MAILER_HOSTS = [simulator.base_url]
        yield simulator


@pytest.fixture
def remote(stack, settings) -> Iterator[Simulator]:
    """The same for the running processes."""
    from libraries.outbound_mailer.simulator import Simulator

    settings.MAILER_HOSTS = [stack.service_url]
    with Simulator(port=urlsplit(stack.service_url).port or 0) as simulator:
        yield simulator
