"""What a slow client costs: a thread for some seconds, and the console of one machine is not for other machines."""

import socket
import threading
import time
from contextlib import suppress

import pytest

from mailerconsole import deadlines
from mailerconsole.deadlines import DeadlineSocket, DeadlineWorker
from mailerconsole.operations.listening import CannotListenError, Endpoint
from tests.support.gunicorn import gunicorn_setting

pytestmark = pytest.mark.engine_independent


@pytest.fixture
def pair(monkeypatch):
    monkeypatch.setattr(deadlines, "REQUEST_GRACE_SECONDS", 0.1)
    monkeypatch.setattr(deadlines, "ANSWER_PIECE_SECONDS", 0.1)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield DeadlineSocket(ours), theirs


def received(ours: DeadlineSocket) -> int:
    count = 0
    with suppress(ConnectionResetError):
        while count < 100_000 and (piece := ours.recv(8192)):
            count += len(piece)
    return count


def test_a_client_that_drips_is_let_go(pair) -> None:
    ours, theirs = pair
    is_over = threading.Event()

    def drip() -> None:
        while not is_over.wait(0.02):
            theirs.send(b"x")

    dripping = threading.Thread(target=drip)
    dripping.start()
    start = time.monotonic()
    assert received(ours) < 20
    assert time.monotonic() - start < 1
    is_over.set()
    dripping.join()


def test_a_client_that_says_nothing_is_let_go(pair) -> None:
    with pytest.raises(ConnectionResetError):
        pair[0].recv(8192)


def test_a_request_that_is_cut_off_is_not_taken_for_a_whole_one(pair) -> None:
    ours, theirs = pair
    theirs.send(b"half of a file")
    assert ours.recv(8192) == b"half of a file"
    theirs.close()
    with pytest.raises(ConnectionResetError):
        ours.recv(8192)
    ours.begin_request()
    assert ours.recv(8192) == b""  # an idle connection that ends is no fault


def test_a_body_has_time_for_its_size(pair) -> None:
    ours, theirs = pair
    theirs.send(b"x" * 16 * 1024)
    assert len(ours.recv(16 * 1024)) == 16 * 1024
    time.sleep(0.15)  # beyond the grace, within the two seconds that this much has brought
    theirs.send(b"x")
    assert ours.recv(1) == b"x"


def test_the_next_request_of_a_connection_has_its_own_time(pair) -> None:
    ours, theirs = pair
    time.sleep(0.11)
    ours.begin_request()
    theirs.send(b"x")
    assert ours.recv(1) == b"x"


def test_an_answer_that_nobody_takes_is_given_up(pair) -> None:
    with pytest.raises(ConnectionResetError):
        pair[0].sendall(b"x" * 10_000_000)
    assert pair[0].gettimeout() is None


def test_the_web_servers_run_with_it() -> None:
    module, _, name = gunicorn_setting("worker_class").rpartition(".")
    assert (module, name) == (DeadlineWorker.__module__, DeadlineWorker.__name__)
    # Longer than any of ours, so that gunicorn ends workers and not requests.
    assert gunicorn_setting("timeout") > max(deadlines.REQUEST_GRACE_SECONDS, deadlines.ANSWER_PIECE_SECONDS)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "mailer.example.com", "2001:db8::1", "127.example.com"])  # noqa: S104
def test_other_machines_are_refused_without_a_proxy(host, monkeypatch) -> None:
    monkeypatch.delenv("TRUSTED_PROXIES", raising=False)
    with pytest.raises(CannotListenError, match="Put a proxy in front"):
        Endpoint(host, 8000).require_proxy()
    monkeypatch.setenv("LISTEN_WITHOUT_PROXY", "yes")
    Endpoint(host, 8000).require_proxy()
    monkeypatch.setenv("LISTEN_WITHOUT_PROXY", "")
    monkeypatch.setenv("TRUSTED_PROXIES", "1")
    Endpoint(host, 8000).require_proxy()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "::1", "localhost"])
def test_this_machine_needs_none(host) -> None:
    Endpoint(host, 8000).require_proxy()
