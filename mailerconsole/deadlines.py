"""A worker of gunicorn whose threads do not wait for slow clients longer than a request may take to arrive.

gunicorn's `timeout` watches workers, not requests: a thread that reads a byte every few seconds never ends. Neither
nginx nor another proxy that buffers lets such a client through; this is for where there is none (HOST, in
docs/operations.md), and it bounds what one costs. It does not make a buffering proxy unnecessary.
"""

import errno
import socket
import time
from typing import Any, Final

from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

# A request without a buffering proxy before us: so long for its headers, and for a body as long again for so many
# bytes. A phone on a poor line sends five times as fast. gunicorn ends a stuck worker after 60 s.
REQUEST_GRACE_SECONDS: Final = 10
SLOWEST_CLIENT_BYTES_PER_SECOND: Final = 8 * 1024

# A piece of an answer, of 64 KiB at most, must be taken by the client within this time: at half that speed.
ANSWER_PIECE_SECONDS: Final = 16


class DeadlineSocket:
    """A socket whose reads must bring a request in time: a while for its headers, and more with every byte of a body.

    Everything else is that of the socket.
    """

    def __init__(self, plain: socket.socket) -> None:
        self._plain = plain
        self._began = time.monotonic()
        self._received = 0

    def begin_request(self) -> None:
        self._began = time.monotonic()
        self._received = 0

    def recv(self, size: int, *flags: int) -> bytes:
        """Raises ConnectionResetError when the time is over, or the request ends before it is whole."""
        allowed = REQUEST_GRACE_SECONDS + self._received / SLOWEST_CLIENT_BYTES_PER_SECOND
        left = self._began + allowed - time.monotonic()
        own = self._plain.gettimeout()
        if left <= 0:
            raise _gone()
        self._plain.settimeout(left if own is None else min(left, own))
        try:
            received = self._plain.recv(size, *flags)
        except TimeoutError as error:
            raise _gone() from error
        finally:
            self._plain.settimeout(own)
        if not received and self._received:
            # The client has left in the middle of a request. gunicorn would take what came for all of it, and a file
            # that is cut off for a whole one.
            raise _gone()
        self._received += len(received)
        return received

    def sendall(self, content: bytes) -> None:
        # Python's limit is one for the whole call, and an answer is sent in pieces of 64 KiB at most.
        self._plain.settimeout(ANSWER_PIECE_SECONDS)
        try:
            self._plain.sendall(content)
        except TimeoutError as error:
            raise _gone() from error
        finally:
            self._plain.settimeout(None)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plain, name)


class DeadlineWorker(ThreadWorker):
    def enqueue_req(self, conn: Any) -> None:
        if not isinstance(conn.sock, DeadlineSocket):
            conn.sock = DeadlineSocket(conn.sock)
        super().enqueue_req(conn)

    def handle(self, conn: Any) -> Any:
        # Not when it was queued: how long it waited for a thread is not the client's fault.
        conn.sock.begin_request()
        return super().handle(conn)


def _gone() -> ConnectionResetError:
    return ConnectionResetError(errno.ECONNRESET, "The client was too slow, or has gone")
