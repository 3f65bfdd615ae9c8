"""The simulator over real HTTP, clients of it, and a server for answers that no service should give."""

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from libraries.outbound_mailer import MailerClient
from libraries.outbound_mailer.simulator import DEFAULT_ACCOUNT, Simulator

KEYS = DEFAULT_ACCOUNT.credentials
TOKEN = "token-of-the-simulator"

MakeClient = Callable[..., MailerClient]
Answering = Callable[..., "RawServer"]


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(token=TOKEN) as running:
        yield running


@pytest.fixture
def make_client(request: pytest.FixtureRequest) -> Iterator[MakeClient]:
    """Makes clients of the simulator, or of `base_url`."""
    clients = []

    def make(access_key: str = KEYS.access_key, secret_key: str = KEYS.secret_key, **options: object) -> MailerClient:
        if "base_url" not in options:
            options["base_url"] = request.getfixturevalue("simulator").base_url
        client = MailerClient(access_key, secret_key, allow_other_hosts=True, **options)
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def client(make_client: MakeClient) -> MailerClient:
    return make_client()


class RawServer:
    """Takes one request a connection, keeps its bytes, answers with `chunks`, pausing before each."""

    def __init__(self, chunks: tuple[bytes, ...], pause_seconds: float) -> None:
        self.requests: list[bytes] = []
        self.chunks = chunks
        self._pause_seconds = pause_seconds
        self._stopped = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.base_url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()

    def _serve(self) -> None:
        while not self._stopped.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                self.requests.append(connection.recv(1_000_000))
                try:
                    for chunk in self.chunks:
                        self._stopped.wait(self._pause_seconds)
                        connection.sendall(chunk)
                except OSError:
                    continue


@pytest.fixture
def answering() -> Iterator[Answering]:
    """Starts servers that answer any request with the given bytes."""
    servers = []

    def start(*chunks: bytes, pause_seconds: float = 0.0) -> RawServer:
        servers.append(RawServer(chunks, pause_seconds))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.engine_independent)
