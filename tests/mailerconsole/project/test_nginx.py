"""deploy/nginx.conf: the oldest nginx that is named reads it, and a slow reader does not hold the console up."""

from __future__ import annotations

import http.server
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from tests.support.postgresql import free_port
from tests.support.stack import ROOT, wait_for

pytestmark = pytest.mark.engine_independent

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/bin")
DEPLOY = ROOT / "deploy"
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


@dataclass
class Proxy:
    http: int
    https: int
    certificate: Path

    def get(self, path: str) -> requests.Response:
        return requests.get(f"https://127.0.0.1:{self.https}{path}", verify=self.certificate, timeout=20)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Proxy]]:
    """The configuration for machines, with paths and ports of the test; and a web server."""
    folder = tmp_path_factory.mktemp("nginx")
    web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Web)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    files = ["-keyout", folder / "key.pem", "-out", folder / "certificate.pem"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *subject, *files]
    subprocess.run(command, check=True, capture_output=True)
    ports = Proxy(free_port(), free_port(), folder / "certificate.pem")
    conf = (DEPLOY / "nginx.conf").read_text()
    conf = conf.replace("/etc/nginx/place.conf", str(folder / "place.conf"))
    conf = conf.replace("/etc/nginx/mime.types", str(folder / "mime.types"))
    conf = conf.replace("listen 8080", f"listen 127.0.0.1:{ports.http}")
    conf = conf.replace("listen 8443", f"listen 127.0.0.1:{ports.https}")
    machines = (DEPLOY / "nginx-machines.conf").read_text()
    machines = re.sub(r"(?m)^    server 127.0.0.1:8001;\n", "", machines)
    machines = machines.replace("127.0.0.1:8000", f"127.0.0.1:{web.server_port}")
    machines = machines.replace("/etc/ssl/certs/mailer-console.pem", str(folder / "certificate.pem"))
    machines = machines.replace("/etc/ssl/private/mailer-console.key", str(folder / "key.pem"))
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    machines += "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    (folder / "mime.types").write_text("types { text/html html; }\n")
    (folder / "nginx.conf").write_text(conf)
    (folder / "place.conf").write_text(machines)
    yield folder, ports
    web.shutdown()
    web.server_close()


def nginx(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    assert NGINX is not None
    options = ["-p", folder, "-c", folder / "nginx.conf", "-e", folder / "error.log"]
    # One process of workers, as whoever runs the test.
    return subprocess.Popen(
        [NGINX, *options, "-g", f"daemon off; pid {folder}/nginx.pid;", *arguments],
        stderr=subprocess.PIPE if arguments else subprocess.DEVNULL,
    )


needs_nginx = pytest.mark.skipif(NGINX is None, reason="no nginx on this machine")


@needs_nginx
def test_nginx_reads_it(place: tuple[Path, Proxy]) -> None:
    test = nginx(place[0], "-t")
    _, said = test.communicate(timeout=20)
    assert test.returncode == 0, said.decode()


@pytest.fixture(scope="module")
def proxy(place: tuple[Path, Proxy]) -> Iterator[Proxy]:
    folder, ports = place
    process = nginx(folder)
    wait_for(lambda: _answers(ports.https), 20, lambda: process.poll())
    yield ports
    process.terminate()
    process.wait(timeout=20)


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


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
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    slow = []
    for number in range(3 * THREADS):
        raw = socket.socket()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.connect(("127.0.0.1", proxy.https))
        client = context.wrap_socket(raw, server_hostname="localhost")
        client.sendall(f"GET /books/main/downloads/{number}/file/ HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        assert client.recv(15) == b"HTTP/1.1 200 OK"
        slow.append(client)
    began = time.monotonic()
    answer = proxy.get("/sign-in/")
    assert answer.status_code == 200
    assert time.monotonic() - began < 5
    for client in slow:
        client.close()


def test_the_console_s_own_places_are_read_by_the_containers() -> None:
    """What the test above puts in the place of the file for machines, nginx finds in a container."""
    containers = (DEPLOY / "nginx-containers.conf").read_text()
    assert "map $server_port $web { default http://web:8000; }" in containers
    main = (DEPLOY / "nginx.conf").read_text()
    assert "resolver" not in main
    assert "http://" not in main
