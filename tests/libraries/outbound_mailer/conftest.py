"""The simulator over real HTTP, clients of it, and a server for answers that no service should give."""

import http.server
import json
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from libraries.outbound_mailer import MailerClient
from libraries.outbound_mailer.signing import signed_headers
from libraries.outbound_mailer.simulator import DEFAULT_ACCOUNT, Simulator

KEYS = DEFAULT_ACCOUNT.credentials
TOKEN = "token-of-the-simulator"

COUNTS = b"HTTP/1.1 200 OK\r\nContent-Length: 23\r\n\r\n" + b'{"totalAddressCount":0}'

MakeClient = Callable[..., MailerClient]
Answering = Callable[..., "RawServer"]


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(token=TOKEN) as running:
        yield running


class Raw:
    """Calls with bodies and queries that our client would not send, properly signed."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    def __call__(self, method: str, resource: str, payload: object = None, **headers: str) -> tuple[int, Any]:
        target = f"/api/v1/{resource}"
        body = payload if isinstance(payload, bytes | None) else json.dumps(payload).encode()
        if body is not None:
            headers = {"Content-Type": "application/json", **headers}
        headers |= signed_headers(method, target, self._simulator.clock.now(), KEYS)
        answer = requests.request(
            method, self._simulator.base_url + target, data=body, headers=headers, timeout=10, allow_redirects=False
        )
        return answer.status_code, answer.json()


@pytest.fixture
def raw(simulator: Simulator) -> Raw:
    return Raw(simulator)


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


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for localhost that no authority signed, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *subject, *files],
        check=True,
        capture_output=True,
    )
    return certificate, key


@pytest.fixture
def tls_server(certificate: tuple[Path, Path]) -> Iterator[tuple[str, Path]]:
    """A TLS server that answers every GET: its URL and the certificate."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.wfile.write(COUNTS)

        def log_message(self, *_: object) -> None:
            pass

    class Server(http.server.HTTPServer):
        def handle_error(self, *_: object) -> None:
            pass  # the handshake that the client gives up on

    server = Server(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"https://localhost:{server.server_address[1]}", certificate[0]
    server.shutdown()
    server.server_close()
    thread.join()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.engine_independent)
