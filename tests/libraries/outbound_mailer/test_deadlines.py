"""A call ends in time whatever the other side does, and knows whether any of the request has left."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from libraries.outbound_mailer import (
    GroupAddresses,
    InvalidRequestError,
    MailerClient,
    TemporaryError,
    TemporaryProblem,
)
from libraries.outbound_mailer import transport as transport_module
from tests.libraries.outbound_mailer.conftest import COUNTS, Answering, MakeClient

NEWS = [GroupAddresses("news", ("a@example.com",))]
UPLOADED = b'HTTP/1.1 201 Created\r\nContent-Length: 36\r\n\r\n{"tempRequestId":"up-1","files": []}'
Behaviour = Callable[[socket.socket], None]


class Server:
    """Hands each connection to `behaves`, in a thread."""

    def __init__(self, behaves: Behaviour, context: ssl.SSLContext | None = None) -> None:
        self.behaves = behaves
        self.accepted = 0
        self._context = context
        self._socket = socket.create_server(("127.0.0.1", 0))
        # What the kernels hold between the two counts as sent.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        self.port = self._socket.getsockname()[1]
        self._threads = [threading.Thread(target=self._serve)]
        self._threads[0].start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.accepted += 1
            self._threads.append(threading.Thread(target=self._answer, args=(connection,)))
            self._threads[-1].start()

    def _answer(self, connection: socket.socket) -> None:
        try:
            if self._context:
                connection = self._context.wrap_socket(connection, server_side=True)
            self.behaves(connection)
        except OSError:
            pass
        finally:
            connection.close()

    def stop(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for thread in self._threads:
            thread.join(10)


@pytest.fixture
def serving() -> Iterator[Callable[..., Server]]:
    servers = []

    def start(behaves: Behaviour, context: ssl.SSLContext | None = None) -> Server:
        servers.append(Server(behaves, context))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


Serving = Callable[..., Server]


def failing(call: Callable[[], object]) -> TemporaryError:
    with pytest.raises(TemporaryError) as caught:
        call()
    return caught.value


# The whole call -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_body_goes_out_for_longer_than_connecting_may_take(
    serving: Serving, make_client: MakeClient, certificate: tuple[Path, Path], scheme: str
) -> None:
    content = bytes(3_000_000)

    def read_slowly(connection: socket.socket) -> None:
        got = 0
        while got < len(content):
            arrived = len(connection.recv(100_000))
            got += arrived
            time.sleep(arrived / 5_000_000)
        connection.sendall(UPLOADED)

    context = None
    if scheme == "https":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
    server = serving(read_slowly, context)
    client = make_client(
        base_url=f"{scheme}://localhost:{server.port}",
        connect_timeout_seconds=0.3,
        read_timeout_seconds=0.6,
        ca_bundle=str(certificate[0]),
    )
    started = time.monotonic()
    assert client.files.create([("a.bin", content)]).temp_request_id == "up-1"
    assert time.monotonic() - started > 0.4


def test_8_mb_have_the_time_that_a_line_of_4_mbit_takes() -> None:
    limits = transport_module.limits
    body = 8_000_000
    on_the_line = body / (4_000_000 / 8)
    assert on_the_line < body / limits.SLOWEST_LINE_BYTES_PER_SECOND
    assert limits.CALL_SECONDS + 300_000 / limits.SLOWEST_LINE_BYTES_PER_SECOND < 65  # a call of the sync


def test_receiver_that_stops_reading_ends_the_call(serving: Serving, make_client: MakeClient) -> None:
    released = threading.Event()
    server = serving(lambda connection: (connection.recv(10), released.wait(10)))
    client = make_client(base_url=f"http://127.0.0.1:{server.port}", read_timeout_seconds=0.2)
    error = failing(lambda: client.files.create([("a.bin", bytes(10_000_000))]))
    released.set()
    assert (error.problem, error.outcome_unknown) == (TemporaryProblem.TIMEOUT, True)


@pytest.mark.parametrize(
    "drip",
    [
        b"HTTP/1.1 200 OK\r\nX-Drip: " + b"x" * 200,
        COUNTS + b" " * 100,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 20,
    ],
    ids=["headers", "body", "100 Continue"],
)
@pytest.mark.parametrize("is_write", [True, False])
def test_answer_that_drips_ends_by_the_whole_limit(
    answering: Answering, make_client: MakeClient, drip: bytes, is_write: bool
) -> None:
    drip = drip.replace(b"Content-Length: 23", b"Content-Length: 123")
    step = 25 if drip.startswith(b"HTTP/1.1 100") else 2
    server = answering(*(drip[at : at + step] for at in range(0, len(drip), step)), pause_seconds=0.04)
    client = make_client(base_url=server.base_url, call_timeout_seconds=0.3, read_timeout_seconds=0.2)
    started = time.monotonic()
    error = failing(lambda: client.address_book.create(NEWS) if is_write else client.address_book.get())
    assert time.monotonic() - started < 2  # the whole answer takes four
    assert (error.problem, error.outcome_unknown) == (TemporaryProblem.TIMEOUT, is_write)


# What never left ------------------------------------------------------------------------------------------------------


def close(connection: socket.socket) -> None:
    connection.recv(1000)


def stay_silent(connection: socket.socket) -> None:
    while connection.recv(1000):
        pass


def speak_plain(connection: socket.socket) -> None:
    connection.recv(1000)
    connection.sendall(COUNTS)


@pytest.mark.parametrize("behaves", [close, stay_silent, speak_plain])
def test_refused_handshake_leaves_no_doubt(serving: Serving, make_client: MakeClient, behaves: Behaviour) -> None:
    server = serving(behaves)
    client = make_client(base_url=f"https://localhost:{server.port}", connect_timeout_seconds=0.3)
    error = failing(lambda: client.address_book.create(NEWS))
    assert (error.problem, error.outcome_unknown) == (TemporaryProblem.UNREACHABLE, False)


def drip_nonsense(connection: socket.socket) -> None:
    connection.recv(1000)
    while True:
        connection.sendall(b"x")
        time.sleep(0.05)


@pytest.mark.parametrize(
    "behaves",
    [
        close,
        stay_silent,
        drip_nonsense,
        lambda connection: (connection.recv(1000), connection.sendall(b"nonsense\r\n\r\n")),
        lambda connection: (connection.recv(1000), connection.sendall(b"HTTP/1.1 407 Who are you\r\n\r\n")),
        lambda connection: (connection.recv(1000), connection.sendall(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")),
    ],
    ids=["closes", "silent", "drips", "nonsense", "407", "502"],
)
def test_proxy_that_opens_no_tunnel_leaves_no_doubt(
    serving: Serving, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch, behaves: Behaviour
) -> None:
    proxy = serving(behaves)
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
    client = make_client(base_url="https://mail.example.com", connect_timeout_seconds=0.3, call_timeout_seconds=0.5)
    error = failing(lambda: client.address_book.create(NEWS))
    assert (error.problem, error.outcome_unknown) == (TemporaryProblem.PROXY, False)


def test_proxy_that_is_down_is_the_proxy_s_fault(make_client: MakeClient, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    monkeypatch.setenv("HTTPS_PROXY", f"127.0.0.1:{port}")
    error = failing(lambda: make_client(base_url="https://mail.example.com").address_book.create(NEWS))
    assert (error.problem, error.outcome_unknown) == (TemporaryProblem.PROXY, False)


@pytest.mark.parametrize(
    "proxy", ["socks5://127.0.0.1:1080", "http://", "ftp://proxy.example.com", "http://127.0.0.1:port", "http://[::1"]
)
def test_proxy_that_cannot_be_one_is_refused_at_construction(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(InvalidRequestError) as caught:
        MailerClient("key", "secret")
    assert caught.value.field == "proxy"


@pytest.mark.parametrize("content", [None, b"", b"no certificate", b"\x00\xff"])
def test_ca_bundle_that_is_none_is_refused_at_construction(tmp_path: Path, content: bytes | None) -> None:
    bundle = tmp_path / "authorities.pem"
    if content is not None:
        bundle.write_bytes(content)
    with pytest.raises(InvalidRequestError) as caught:
        MailerClient("key", "secret", ca_bundle=str(bundle))
    assert caught.value.field == "ca_bundle"


def test_host_without_a_name_leaves_no_doubt(make_client: MakeClient, network_attempts: list[str]) -> None:
    error = failing(lambda: make_client(base_url=f"https://{'a' * 64}.example").address_book.create(NEWS))
    assert (error.problem, error.outcome_unknown) == (TemporaryProblem.UNREACHABLE, False)
    network_attempts.clear()


# A kept connection ----------------------------------------------------------------------------------------------------


def answer_once(connection: socket.socket) -> None:
    connection.recv(100_000)
    connection.sendall(COUNTS)
    connection.recv(100_000)  # and closes on the next request


def test_write_does_not_trust_a_connection_that_was_idle(
    serving: Serving, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that closes an idle connection looks like one that died over the request."""
    server = serving(answer_once)
    client = make_client(base_url=f"http://127.0.0.1:{server.port}")
    client.address_book.get()
    monkeypatch.setattr(transport_module.limits, "IDLE_BEFORE_WRITE_SECONDS", 0.0)
    assert client.address_book.create(NEWS).total_address_count == 0
    assert server.accepted == 2


def test_write_on_a_connection_that_breaks_may_have_been_done(serving: Serving, make_client: MakeClient) -> None:
    server = serving(answer_once)
    client = make_client(base_url=f"http://127.0.0.1:{server.port}")
    client.address_book.get()
    error = failing(lambda: client.address_book.create(NEWS))
    assert (error.problem, error.outcome_unknown) == (TemporaryProblem.BROKEN_OFF, True)
