"""Where the web server listens: HOST and PORT."""

import os
import socket
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Self

ANY_HOST = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - recognised, never chosen by us


class CannotListenError(Exception):
    """The message is a sentence for the person who started us."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    host: str
    port: int

    @classmethod
    def from_environment(cls) -> Self:
        """Raises CannotListenError for a PORT that is none."""
        text = os.environ.get("PORT") or "8000"
        if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
            raise CannotListenError(f"PORT must be a number from 1 to 65535, not {text!r}.")
        return cls(os.environ.get("HOST") or "127.0.0.1", int(text))

    @property
    def bind(self) -> str:
        return f"{_bracketed(self.host)}:{self.port}"

    @property
    def local_host(self) -> str:
        """An address at which this machine reaches the endpoint."""
        return ANY_HOST.get(self.host, self.host)

    @property
    def url(self) -> str:
        return f"http://{_bracketed(self.local_host)}:{self.port}"

    def require_proxy(self) -> None:
        """Raises CannotListenError where other machines would reach us with no proxy of ours between.

        A thread serves one client at a time, so a few slow ones stop the console for all; nginx waits for thousands.
        """
        has_proxy = int(os.environ.get("TRUSTED_PROXIES") or "0") > 0
        is_wanted = (os.environ.get("LISTEN_WITHOUT_PROXY") or "").lower() in {"1", "true", "yes", "on"}
        if not (self.is_local or has_proxy or is_wanted):
            raise CannotListenError(
                f"With HOST={self.host} other machines reach the console directly, and a few slow connections stop it "
                "for everybody. Put a proxy in front that buffers requests and set TRUSTED_PROXIES=1 "
                "(docs/operations.md), or set LISTEN_WITHOUT_PROXY=yes if nobody but you is in this network."
            )

    @property
    def is_local(self) -> bool:
        with suppress(ValueError):
            return ip_address(self.host.partition("%")[0]).is_loopback
        return self.host == "localhost"

    def require_free(self) -> None:
        """Raises CannotListenError when nothing can listen here now."""
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
            family, kind, protocol, _, address = found[0]
            with socket.socket(family, kind, protocol) as probe:
                # As gunicorn does: connections of an earlier run that are still closing do no harm.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
        except OSError as error:
            raise CannotListenError(
                f"Cannot listen on {self.bind}: {error.strerror}. "
                f"Stop what uses port {self.port}, or choose another: PORT={self.port % 65535 + 1} make run"
            ) from error


def free_port_after(port: int) -> int:
    """The next port on loopback if nothing uses it, else any free one. Free now: nobody promises for later."""
    for candidate in (port % 65535 + 1, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", candidate))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise CannotListenError("No port is free on this machine.")


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
