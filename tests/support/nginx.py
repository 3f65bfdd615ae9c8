"""An nginx with the configuration of deploy/, on ports and in a folder of the test."""

from __future__ import annotations

import os
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

from tests.support.postgresql import free_port
from tests.support.stack import ROOT, wait_for

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/bin")
DEPLOY = ROOT / "deploy"

needs_nginx = pytest.mark.skipif(NGINX is None, reason="no nginx on this machine")


@dataclass
class Proxy:
    """The configuration for machines in `folder`, before the web server on the port `web`."""

    folder: Path
    web: int
    http: int = field(default_factory=free_port)
    https: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
        files = ["-keyout", self.folder / "key.pem", "-out", self.certificate]
        command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *subject, *files]
        subprocess.run(command, check=True, capture_output=True)
        (self.folder / "mime.types").write_text("types { text/html html; }\n")
        (self.folder / "nginx.conf").write_text(self._main())
        (self.folder / "place.conf").write_text(self._place())

    @property
    def certificate(self) -> Path:
        return self.folder / "certificate.pem"

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.https}"

    def _main(self) -> str:
        conf = (DEPLOY / "nginx.conf").read_text()
        conf = conf.replace("/etc/nginx/place.conf", str(self.folder / "place.conf"))
        conf = conf.replace("/etc/nginx/mime.types", str(self.folder / "mime.types"))
        conf = conf.replace("listen 8080", f"listen 127.0.0.1:{self.http}")
        return conf.replace("listen 8443", f"listen 127.0.0.1:{self.https}")

    def _place(self) -> str:
        machines = (DEPLOY / "nginx-machines.conf").read_text()
        machines = re.sub(r"(?m)^    server 127.0.0.1:8001;\n", "", machines)
        machines = machines.replace("127.0.0.1:8000", f"127.0.0.1:{self.web}")
        machines = machines.replace("/etc/ssl/certs/mailer-console.pem", str(self.certificate))
        machines = machines.replace("/etc/ssl/private/mailer-console.key", str(self.folder / "key.pem"))
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        return machines + "".join(f"{kind}_temp_path {self.folder}/{kind};\n" for kind in kinds)

    def nginx(self, *arguments: str) -> subprocess.Popen[bytes]:
        assert NGINX is not None
        options = ["-p", self.folder, "-c", self.folder / "nginx.conf", "-e", self.folder / "error.log"]
        # Its workers as whoever runs the test, else they could not write into the folder.
        user = "user root;" if os.geteuid() == 0 else ""
        return subprocess.Popen(
            [NGINX, *options, "-g", f"daemon off; {user} pid {self.folder}/nginx.pid;", *arguments],
            stderr=subprocess.PIPE if arguments else subprocess.DEVNULL,
        )

    @contextmanager
    def running(self) -> Iterator[Proxy]:
        process = self.nginx()
        try:
            wait_for(lambda: _answers(self.https), 20, lambda: process.poll())
            yield self
        finally:
            process.terminate()
            process.wait(timeout=20)

    def get(self, path: str) -> requests.Response:
        return requests.get(f"{self.url}{path}", verify=self.certificate, timeout=20)

    def connect(self, *, buffer: int | None = None) -> ssl.SSLSocket:
        """A client that does with its connection what it wants; it reads slowly with a small buffer."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        raw = socket.socket()
        raw.settimeout(20)
        if buffer:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        raw.connect(("127.0.0.1", self.https))
        return context.wrap_socket(raw, server_hostname="localhost")


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
