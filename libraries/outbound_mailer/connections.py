"""Connections with one deadline for a whole call, which know whether any byte of the request has left.

requests and urllib3 limit each wait for the socket by itself: a server that drips, or sends "100 Continue" for ever, is
never late for them, and a body goes out under the time-out for connecting. Here every wait gets the rest of the call.
"""

import socket
import ssl
import time
from enum import Enum
from typing import Any

from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NameResolutionError, NewConnectionError
from urllib3.util.ssl_ import create_urllib3_context

# Small enough that a slow line shows progress within each wait, large enough not to matter on a fast one.
_BYTES_A_SEND = 65_536
# What the kernel holds counts as sent, and Linux would hold 4 MB: on a slow line the wait for the answer would begin
# long before the body is out.
_BUFFERED_BYTES = 262_144


class Phase(Enum):
    """How far a call is. Only in EXCHANGING do bytes of the request itself leave."""

    REACHING = 1
    TUNNELLING = 2  # through a proxy
    SECURING = 3  # the TLS handshake
    EXCHANGING = 4


class Exchange:
    """The call that is being made over the connections of one transport."""

    def __init__(self) -> None:
        self.begin(0, connect_seconds=0, silence_seconds=0)

    def begin(self, call_seconds: float, *, connect_seconds: float, silence_seconds: float) -> None:
        self.phase = Phase.REACHING
        self.may_have_left = False
        self.ends_at = time.monotonic() + call_seconds
        self._connect_seconds = connect_seconds
        self._silence_seconds = silence_seconds

    def patience(self) -> float:
        """Seconds for the next wait. Raises TimeoutError when the call has used up its time."""
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError("The call took too long.")
        return min(left, self._silence_seconds if self.phase is Phase.EXCHANGING else self._connect_seconds)

    def note_sent(self) -> None:
        self.may_have_left = self.may_have_left or self.phase is Phase.EXCHANGING


class _Timed:
    """Mixed into both kinds of socket: each wait is as long as the exchange allows."""

    exchange: Exchange

    def recv_into(self: Any, *arguments: Any, **options: Any) -> int:
        self.settimeout(self.exchange.patience())
        return int(super().recv_into(*arguments, **options))  # type: ignore[misc]

    def sendall(self: Any, data: Any, flags: int = 0) -> None:
        waiting = memoryview(data).cast("B")
        while waiting:
            self.settimeout(self.exchange.patience())
            sent = self.send(waiting[:_BYTES_A_SEND], flags)
            self.exchange.note_sent()
            waiting = waiting[sent:]


class _Connecting:
    """Mixed into both kinds of connection: notes the phases, and takes one time-out for all addresses of a host."""

    exchange: Exchange
    socket_class: type[socket.socket]

    def connect(self: Any) -> None:
        self.is_connecting = True
        try:
            super().connect()  # type: ignore[misc]
        finally:
            self.is_connecting = False

    def send(self: Any, data: Any) -> None:
        if self.sock is None:
            self.connect()
        if not self.is_connecting:
            self.exchange.phase = Phase.EXCHANGING
        super().send(data)  # type: ignore[misc]

    def _tunnel(self: Any) -> None:
        self.exchange.phase = Phase.TUNNELLING
        super()._tunnel()  # type: ignore[misc]
        self.exchange.phase = Phase.SECURING
        self.sock.settimeout(self.exchange.patience())

    def _new_conn(self: Any) -> socket.socket:
        self.exchange.phase = Phase.REACHING
        try:
            places = socket.getaddrinfo(self._dns_host, self.port, 0, socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise NameResolutionError(self.host, self, error) from error  # type: ignore[arg-type]
        ends_at = time.monotonic() + self.exchange.patience()
        reason: OSError | None = None
        for number, (family, kind, protocol, _, address) in enumerate(places):
            found = self.socket_class(family, kind, protocol)
            try:
                for option in self.socket_options or ():
                    found.setsockopt(*option)
                found.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFERED_BYTES)
                # An address that never answers must leave time for the next one.
                found.settimeout(max(0.01, (ends_at - time.monotonic()) / (len(places) - number)))
                found.connect(address)
            except OSError as error:
                reason = error
                found.close()
                continue
            self.exchange.phase = Phase.SECURING
            found.settimeout(self.exchange.patience())
            return found
        raise NewConnectionError(self, f"No address could be reached: {reason}")


class Adapter(HTTPAdapter):
    """Makes connections of the classes above, with the certificate authorities of `context` and no others."""

    def __init__(self, exchange: Exchange, context: ssl.SSLContext) -> None:
        plain = type("TimedSocket", (_Timed, socket.socket), {"exchange": exchange})
        context.sslsocket_class = type("TimedSSLSocket", (_Timed, ssl.SSLSocket), {"exchange": exchange})
        own = {"exchange": exchange, "socket_class": plain, "is_connecting": False}
        connection = type("TimedConnection", (_Connecting, HTTPConnection), own)
        secure = type("TimedHTTPSConnection", (_Connecting, HTTPSConnection), own)
        self._pools = {
            "http": type("Pool", (HTTPConnectionPool,), {"ConnectionCls": connection}),
            "https": type("SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
        }
        self._context = context
        super().__init__(max_retries=0)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options, ssl_context=self._context)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        is_new = proxy not in self.proxy_manager
        manager = super().proxy_manager_for(proxy, **options, ssl_context=self._context)
        if is_new:
            manager.pool_classes_by_scheme = self._pools
        return manager

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """The context has its authorities already; requests would load them again for every connection."""
        conn.cert_reqs = "CERT_REQUIRED"


def trusting(ca_bundle: str | None) -> ssl.SSLContext:
    """A context that trusts the file's authorities, or the usual ones. Raises OSError for a file that is none."""
    context = create_urllib3_context()
    context.load_verify_locations(cafile=ca_bundle or DEFAULT_CA_BUNDLE_PATH)
    return context
