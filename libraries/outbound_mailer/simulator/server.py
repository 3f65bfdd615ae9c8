"""The simulator's HTTP side: HTTP/1.1 with kept-alive connections, a thread for each, on loopback only."""

import contextlib
import io
import socket
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from libraries.outbound_mailer.simulator.gateway import Request
from libraries.outbound_mailer.simulator.replies import Reply

LOOPBACK = "127.0.0.1"


class SimulatorServer(ThreadingHTTPServer):
    """Hands every request to `answer`."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, answer: Callable[[Request], Reply]) -> None:
        super().__init__((LOOPBACK, port), _Handler)
        self.answer = answer
        self.stopping = threading.Event()
        self.connections_accepted = 0
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self.connections_accepted += 1
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def stop(self) -> None:
        """Ends the kept-alive connections too: a stopped service must not go on answering over them."""
        self.stopping.set()
        self.shutdown()
        self.server_close()
        with self._lock:
            open_connections = list(self._connections)
        for connection in open_connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Shows a defect of the simulator; a client that went away is none."""
        if not self.stopping.is_set() and not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Dripping(io.BufferedIOBase):
    """Lets bytes out one by one, until the client has had enough or the server stops."""

    def __init__(self, wfile: io.BufferedIOBase, seconds: float, stopping: threading.Event) -> None:
        self._wfile, self._seconds, self._stopping = wfile, seconds, stopping

    def write(self, data: Any) -> int:
        for byte in bytes(data):
            if self._stopping.wait(self._seconds):
                break
            self._wfile.write(bytes([byte]))
        return len(data)


class _Handler(BaseHTTPRequestHandler):
    server: SimulatorServer
    protocol_version = "HTTP/1.1"
    # Headers and body go out in two writes; without this each answer would wait for the client's delayed ACK.
    disable_nagle_algorithm = True

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline(65_537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        body = self._body()
        if body is None:
            self.close_connection = True
            return
        # The target as it was sent: BaseHTTPRequestHandler.path has been tidied up.
        target = self.requestline.split()[1].encode("latin-1").decode(errors="replace")
        headers = {name.lower(): value for name, value in self.headers.items()}
        self._send(self.server.answer(Request(self.command, target, headers, body)))

    def _send(self, reply: Reply) -> None:
        if reply.delay_seconds:
            self.server.stopping.wait(reply.delay_seconds)
        body = reply.body if self.command != "HEAD" else b""
        if reply.cut_after_bytes == 0:
            self.close_connection = True
            return
        self.send_response_only(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.drip_seconds:
            self.wfile = _Dripping(self.wfile, reply.drip_seconds, self.server.stopping)
            self.close_connection = True
        self.end_headers()
        self.wfile.write(body[: reply.cut_after_bytes])
        if reply.cut_after_bytes is not None:
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Nothing on stderr: request lines hold addresses, and the request log has them already."""

    def _body(self) -> bytes | None:
        """The whole body; None when the client broke off or its framing is wrong."""
        try:
            if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
                return self._chunked_body()
            length = int(self.headers.get("Content-Length", "0"))
        except ValueError:
            return None
        body = self.rfile.read(max(length, 0))
        return body if len(body) == length else None

    def _chunked_body(self) -> bytes:
        chunks = []
        while size := int(self.rfile.readline(65_537).partition(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline(65_537)
        while self.rfile.readline(65_537).strip():
            pass  # trailers
        return b"".join(chunks)
