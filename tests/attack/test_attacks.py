"""What a penetration test did to a running console, for `make attack`: it takes longer than a test may.

The console is that of `make run` on a folder of its own, so nothing buffers for it. Ends with 200 answers of /healthz.
"""

import json
import re
import socket
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import pytest
import requests

from tests.run.console import Console
from tests.support.stack import wait_for
from workspace import limits, sqlite

pytestmark = [pytest.mark.engine_independent, pytest.mark.timeout(600)]

# As docker-compose.yml, see project/test_compose.py.
WEB_BYTES = 1536 * 1024**2
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    console = Console(tmp_path_factory.mktemp("attack") / "data").start()
    yield console
    console.stop()


def web_bytes(console: Console) -> int:
    """What gunicorn's processes hold, each with what it shares."""
    web = [process for process in console.family() if any("gunicorn" in part for part in process.cmdline())]
    assert len(web) >= 3
    return sum(process.memory_info().rss for process in web)


class Peak:
    """The most memory while the block runs."""

    def __init__(self, console: Console) -> None:
        self.console, self.bytes, self._is_over = console, 0, threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def _watch(self) -> None:
        while not self._is_over.wait(0.05):
            try:
                self.bytes = max(self.bytes, web_bytes(self.console))
            except psutil.NoSuchProcess:
                continue

    def say(self, what: str) -> None:
        sys.stderr.write(f"{what}: the web server held {self.bytes / 1024**2:.0f} MB at most\n")

    def __enter__(self) -> "Peak":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._is_over.set()
        self._thread.join()


def sign_in(console: Console, body: str) -> int:
    session = requests.Session()
    page = session.get(f"{console.url}/sign-in/", timeout=60).text
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert found
    text = f"csrfmiddlewaretoken={found[1]}&{body}"
    return session.post(f"{console.url}/sign-in/", text, headers=FORM, timeout=120).status_code


class Admin:
    """Signed in at the running console, with two books."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.session = requests.Session()
        self.session.headers["Referer"] = console.url
        self.post("sign-in/", {"username": "admin", "password": console.password})
        self.post("new-book/", {"token": str(uuid4()), "name": "Other", "zone": "public", "region": "KR"})

    def post(self, path: str, values: dict[str, Any], **more: Any) -> None:
        self.session.get(f"{self.console.url}/sign-in/", timeout=60)
        self.session.headers["X-CSRFToken"] = self.session.cookies["csrftoken"]
        answer = self.session.post(f"{self.console.url}/{path}", data=values, timeout=120, **more)
        assert answer.status_code == 200, answer.text[-2000:]

    def send(self, book: str, content: bytes) -> None:
        self.post(f"books/{book}/uploads/send/", {"token": str(uuid4())}, files={"file": ("a.csv", content)})

    def uploads(self) -> list[tuple[str, str]]:
        """The state of each, and why it was refused, in the order in which they were sent."""
        from addressbook.models import Upload

        file = sqlite.for_reading(self.console.data_dir / "mailerconsole.sqlite3")["NAME"]
        with closing(sqlite.library().connect(file, uri=True)) as database:
            columns = f"SELECT state, outcome FROM {Upload._meta.db_table} ORDER BY id"  # noqa: S608 - our own name
            return [(state, json.loads(outcome).get("refusal", "")) for state, outcome in database.execute(columns)]


@pytest.mark.parametrize(
    "body",
    ["username=a&password=&pad=" + "%C3%A9" * 800_000, "username=a&password=b&pad=" + "%C3%A9" * 10_000],
    ids=["large", "hashed"],
)
def test_ten_forms_of_nobody_at_once(console: Console, body: str) -> None:
    with Peak(console) as peak, ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: sign_in(console, body), range(10)))
    expected = {413} if len(body) > 64 * 1024 else {200, 429}
    assert set(answers) <= expected
    peak.say("ten forms of nobody")
    assert peak.bytes < WEB_BYTES


def test_all_threads_with_the_largest_that_they_take(console: Console) -> None:
    """Forms of a member, as large as they may be, and passwords of nobody beside them: what `mem_limit` must hold."""
    admin = Admin(console)
    text = "%C3%A9" * (limits.LARGE_FORM_BYTES // 6 - 200)

    def register(_: int) -> int:
        values = f"token={uuid4()}&text={text}"
        headers = FORM | {"X-CSRFToken": admin.session.cookies["csrftoken"], "Referer": console.url}
        cookies = admin.session.cookies.get_dict()
        url = f"{console.url}/books/main/register/check/"
        return requests.post(url, values, headers=headers, cookies=cookies, timeout=300).status_code

    with Peak(console) as peak, ThreadPoolExecutor(20) as pool:
        large = [pool.submit(register, number) for number in range(10)]
        small = [pool.submit(sign_in, console, "username=a&password=b&pad=" + "%C3%A9" * 10_000) for _ in range(10)]
        assert {form.result() for form in large} <= {200, 413, 422, 503}
        assert {form.result() for form in small} <= {200, 429}
    peak.say("ten large forms of a member and ten passwords of nobody")
    assert peak.bytes < WEB_BYTES


def test_files_of_nothing_but_rubbish_hold_no_other_book_up(console: Console) -> None:
    """Two files of 10 MB, an unbalanced quote before rows that are all wrong; then a line of the other book."""
    admin = Admin(console)
    too_many = b'email\n"' + b"a\n" * 5_242_000
    as_many_as_a_sheet = b'email\n"' + b"a,bcdefg\n" * 1_048_000
    for content in (as_many_as_a_sheet, too_many):
        admin.send("main", content)
    admin.send("other", b"email\na@example.com\n")
    began = time.monotonic()
    wait_for(lambda: admin.uploads()[2][0] == "checked", 60, admin.uploads)
    waited = time.monotonic() - began
    wait_for(lambda: all(state != "running" and state != "waiting" for state, _ in admin.uploads()), 300, admin.uploads)
    taken = time.monotonic() - began
    sys.stderr.write(f"the other book waited {waited:.0f} s, the files took {taken:.0f} s, {admin.uploads()}\n")
    assert admin.uploads()[1] == ("refused", "too_many_rows")
    assert admin.uploads()[0][0] in {"checked", "refused"}
    assert console.is_healthy()


def drip(console: Console, head: bytes, is_over: threading.Event) -> float:
    """Seconds until the server closes a connection that brings a byte every second."""
    start = time.monotonic()
    with socket.create_connection(("127.0.0.1", console.port), timeout=1) as client:
        client.sendall(head)
        while not is_over.is_set() and time.monotonic() - start < 120:
            try:
                client.sendall(b"x")
                if client.recv(1024) == b"":
                    break
            except TimeoutError:
                continue
            except OSError:
                break
    return time.monotonic() - start


HEADERS = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: "
BODY = (
    b"POST /sign-in/ HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: csrftoken=abcdefghijklmnopqrstuvwxyzabcdef\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 60000\r\n\r\n"
)


@pytest.mark.parametrize("head", [HEADERS, BODY], ids=["headers", "body"])
def test_slow_clients_are_let_go(console: Console, head: bytes) -> None:
    is_over = threading.Event()
    with ThreadPoolExecutor(12) as pool:
        clients = [pool.submit(drip, console, head, is_over) for _ in range(12)]
        assert max(client.result() for client in clients) < 60
    assert requests.get(f"{console.url}/healthz", timeout=10).status_code == 200


def test_no_file_of_nobody_is_written(console: Console) -> None:
    incoming = Path(console.data_dir) / "incoming"
    cookies = {"csrftoken": "abcdefghijklmnopqrstuvwxyzabcdef"}
    for size in (1000, 10_000_000):
        file = {"file": ("a.csv", b"a" * size)}
        answer = requests.post(f"{console.url}/sign-in/", files=file, cookies=cookies, timeout=60)
        assert answer.status_code in {403, 413}
    assert list(incoming.iterdir()) == []
