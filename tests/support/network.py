"""No test speaks with anything but this machine. One that tries fails, even when the code hides the error."""

import ipaddress
import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest

_attempts: list[str] = []


class NetworkBlockedError(OSError):
    """A test tried to reach another machine."""


def _is_local(host: Any) -> bool:
    if host in {None, "", "localhost", b"localhost"}:
        return True
    try:
        return ipaddress.ip_address(host.decode() if isinstance(host, bytes) else host).is_loopback
    except ValueError:
        return False


def _require_local(address: Any) -> None:
    # A path (AF_UNIX) is local by nature; internet addresses are tuples.
    if isinstance(address, tuple) and not _is_local(address[0]):
        _attempts.append(str(address))
        raise NetworkBlockedError(f"Tests may only reach this machine, not {address}")


def _guarded(name: str, address_position: int) -> Any:
    original = getattr(socket.socket, name)

    def guarded(self: socket.socket, *args: Any) -> Any:
        _require_local(args[address_position])
        return original(self, *args)

    return guarded


@pytest.fixture(autouse=True, scope="session")
def _only_loopback() -> Iterator[None]:
    if os.environ.get("VERIFY_SERVICE"):
        # `make verify-service`: the contract with the real service is the one thing that is tested over the internet.
        yield
        return
    original = socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        # Asking for the address of a name speaks with another machine too. Wildcards are for listening.
        if host not in {"0.0.0.0", "::"}:  # noqa: S104 - recognised, not bound
            _require_local((host, port))
        return original(host, port, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", getaddrinfo)
        patch.setattr(socket.socket, "connect", _guarded("connect", -1))
        patch.setattr(socket.socket, "connect_ex", _guarded("connect_ex", -1))
        patch.setattr(socket.socket, "sendto", _guarded("sendto", -1))
        yield


@pytest.fixture(autouse=True)
def network_attempts(_only_loopback: None) -> Iterator[list[str]]:
    """What this test tried to reach beyond this machine. It fails unless it clears the list."""
    _attempts.clear()
    yield _attempts
    if _attempts:
        pytest.fail(f"Tried to reach {', '.join(_attempts)}")
