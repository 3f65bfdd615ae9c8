"""deploy/nginx.conf: the oldest nginx that is named reads it, and slow clients do not hold the console up."""

from __future__ import annotations

import http.server
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests

from tests.support.nginx import DEPLOY, Proxy, needs_nginx
from tests.support.stack import wait_for

pytestmark = pytest.mark.engine_independent

FILE_BYTES = 20 * 1024 * 1024
THREADS = 2


class _Web(http.server.BaseHTTPRequestHandler):
    """A web server of two threads: files are large, pages are short."""

    places = threading.BoundedSemaphore(THREADS)

    def do_GET(self) -> None:
        with self.places:
            body = b"x" * FILE_BYTES if self.path.endswith("/file/") else self.headers["Host"].encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Into no log."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Web)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    yield Proxy(tmp_path_factory.mktemp("nginx"), web.server_port)
    web.shutdown()
    web.server_close()


@needs_nginx
def test_nginx_reads_it(place: Proxy) -> None:
    test = place.nginx("-t")
    _, said = test.communicate(timeout=20)
    assert test.returncode == 0, said.decode()


@pytest.fixture(scope="module")
def proxy(place: Proxy) -> Iterator[Proxy]:
    with place.running():
        yield place


@needs_nginx
def test_the_port_is_handed_on(proxy: Proxy) -> None:
    answer = proxy.get("/sign-in/")
    assert answer.text == f"127.0.0.1:{proxy.https}"
    answer = requests.get(f"http://127.0.0.1:{proxy.http}/sign-in/", timeout=10)
    assert answer.text == f"127.0.0.1:{proxy.http}"


@needs_nginx
@pytest.mark.parametrize("path", ["/metrics", "/readyz"])
def test_what_is_for_inside_stays_inside(proxy: Proxy, path: str) -> None:
    assert proxy.get(path).status_code == 404
    assert requests.get(f"http://127.0.0.1:{proxy.http}{path}", timeout=10).status_code == 404


@needs_nginx
def test_slow_readers_hold_no_thread_of_the_web_server(proxy: Proxy) -> None:
    """More of them than it has threads; each has read nothing but the beginning."""
    slow = []
    for number in range(3 * THREADS):
        client = proxy.connect(buffer=4096)
        client.sendall(f"GET /books/main/downloads/{number}/file/ HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        assert client.recv(15) == b"HTTP/1.1 200 OK"
        slow.append(client)
    began = time.monotonic()
    answer = proxy.get("/sign-in/")
    assert answer.status_code == 200
    assert time.monotonic() - began < 5
    for client in slow:
        client.close()


def sending(proxy: Proxy, path: str, size: int) -> ssl.SSLSocket:
    """A client that has announced a body of this size, and sent the beginning."""
    client = proxy.connect()
    client.sendall(
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n\r\n".encode() + b"x" * 100_000
    )
    return client


def kept_bytes(proxy: Proxy) -> int:
    """Bodies that nginx keeps until they are whole; their files have no name any more."""
    workers = psutil.Process(int((proxy.folder / "nginx.pid").read_text())).children()
    opened = [path for worker in workers for path in Path(f"/proc/{worker.pid}/fd").iterdir()]
    return sum(path.stat().st_size for path in opened if "client_body" in str(path.readlink()))


@needs_nginx
def test_large_bodies_of_nobody_are_refused_unread(proxy: Proxy) -> None:
    for client in [sending(proxy, "/sign-in/", 60_000_000) for _ in range(4)]:
        assert client.recv(12) == b"HTTP/1.1 413"
        client.close()
    assert kept_bytes(proxy) == 0


@needs_nginx
def test_one_address_sends_few_files_at_once(proxy: Proxy) -> None:
    """Six of 80 MB fit into the memory of the proxy's /tmp; who sends slowly is let go after 30 seconds."""
    clients = [sending(proxy, "/books/main/uploads/send/", 80_000_000) for _ in range(6)]
    wait_for(lambda: kept_bytes(proxy) > 0, 10, lambda: "no body is kept")
    seventh = sending(proxy, "/books/main/uploads/send/", 80_000_000)
    assert seventh.recv(12) == b"HTTP/1.1 429"
    assert proxy.get("/sign-in/").status_code == 200
    for client in (*clients, seventh):
        client.close()


def test_the_console_s_own_places_are_read_by_the_containers() -> None:
    """What the test above puts in the place of the file for machines, nginx finds in a container."""
    containers = (DEPLOY / "nginx-containers.conf").read_text()
    assert "map $server_port $web { default http://web:8000; }" in containers
    main = (DEPLOY / "nginx.conf").read_text()
    assert "resolver" not in main
    assert "http://" not in main
