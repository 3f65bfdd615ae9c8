"""Starting: what a newcomer sees, and what is refused with a sentence."""

import re
import socket
import stat
from collections.abc import Callable

import pytest
import requests

from tests.run.console import Console

pytestmark = pytest.mark.engine_independent

PASSWORD = "a strong password of mine"


def sign_in(console: Console, password: str | None, *, seconds: float = 20) -> requests.Response:
    """The first page after signing in with a real form."""
    session = requests.Session()
    form = session.get(f"{console.url}/", timeout=seconds)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form.text)
    assert token is not None
    values = {"username": "admin", "password": password, "csrfmiddlewaretoken": token[1]}
    return session.post(form.url, data=values, timeout=seconds)


def test_first_start_says_where_and_how_to_sign_in(console: Console) -> None:
    lines = console.first_output.splitlines()
    assert lines.count(f"Mailer Console is ready at {console.url}") == 1
    assert "Sign in as admin with the password shown above." in lines
    assert console.password


def test_first_admin_signs_in_and_finds_the_book(console: Console) -> None:
    page = sign_in(console, console.password)
    assert page.status_code == 200
    assert page.url == f"{console.url}/books/main/"


def test_data_folder_is_for_its_owner_only(console: Console) -> None:
    assert stat.S_IMODE(console.data_dir.stat().st_mode) == 0o700
    assert [path for path in console.data_dir.iterdir() if path.is_file() and path.stat().st_mode & 0o077] == []


def test_password_is_nowhere_in_the_data_folder_or_the_processes(console: Console) -> None:
    password = console.password
    assert password
    files = [path for path in console.data_dir.rglob("*") if path.is_file()]
    assert [path for path in files if password.encode() in path.read_bytes()] == []


def test_weak_password_is_refused(make_console: Callable[..., Console]) -> None:
    console = make_console()
    console.begin(ADMIN_PASSWORD="password")
    assert console.wait(60) == 1
    assert "ADMIN_PASSWORD is refused. This password is too short." in console.output
    assert "Traceback" not in console.output


@pytest.mark.parametrize("port", ["http", "0", "70000", "-1"])
def test_impossible_port_is_refused(make_console: Callable[..., Console], port: str) -> None:
    console = make_console()
    console.begin(PORT=port)
    assert console.wait(60) == 1
    assert console.output.strip() == f"CommandError: PORT must be a number from 1 to 65535, not '{port}'."


def test_taken_port_is_said_before_anything_starts(make_console: Callable[..., Console]) -> None:
    console = make_console()
    with socket.create_server(("127.0.0.1", console.port)):
        console.begin()
        assert console.wait(60) == 1
    assert f"Cannot listen on 127.0.0.1:{console.port}: Address already in use." in console.output
    assert "Traceback" not in console.output
    assert not (console.data_dir / "mailerconsole.sqlite3").exists()
    assert not (console.data_dir / "logs").exists()


def test_second_console_in_one_folder_is_refused_and_harms_nothing(
    console: Console, make_console: Callable[..., Console]
) -> None:
    second = make_console(console.data_dir)
    second.begin()
    assert second.wait(60) == 1
    assert f"A Mailer Console runs already in {console.data_dir}." in second.output
    assert console.is_healthy()


def test_listens_on_loopback_only(console: Console) -> None:
    listening = {
        connection.laddr.ip
        for process in console.family()
        for connection in process.net_connections("inet")
        if connection.status == "LISTEN"
    }
    assert listening == {"127.0.0.1"}


def test_simulated_service_runs_beside_the_console_and_the_page_says_so(console: Console) -> None:
    """Its port is not the web server's, and it refuses whoever has no keys, as the service does."""
    log = (console.data_dir / "logs" / "simulator.log").read_text()
    found = re.search(r"Simulated Outbound Mailer at (http://127\.0\.0\.1:\d+)", log)
    assert found is not None
    answer = requests.get(f"{found[1]}/api/v1/address-book", timeout=10)
    assert (answer.status_code, answer.json()["error"]["errorCode"]) == (401, "200")
    control = requests.get(f"{found[1]}/_simulator/status", timeout=10)
    assert control.status_code == 403
    token = (console.data_dir / "simulator_token").read_text()
    headers = {"Authorization": f"Bearer {token}"}
    assert requests.get(f"{found[1]}/_simulator/status", headers=headers, timeout=10).status_code == 200
    page = sign_in(console, console.password).text
    assert "Practice mode" in page
    assert "Bundled simulator, no mail service is touched." in page
