"""The real processes while a file of 10 MB comes in, is checked and is applied: their memory, and how pages answer."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from uuid import uuid4

import psutil
import requests
from django.conf import settings
from django.test import Client

from addressbook.models import Upload
from addressbook.services import uploads
from benchmarks import Rows
from benchmarks.uploads import ROWS, content
from mailerconsole.operations import static_files
from mailerconsole.operations.supervisor import BASE_DIR
from tests.support.postgresql import free_port
from workspace.models import AddressBook, Region, User, Zone
from workspace.services.books import books
from workspace.services.history.audit import Actor

MIB = 1024 * 1024
WEB_GROWTH_MIB = 20
WORKER_MIB = 400
PAGE_MS = 300


def rows() -> Rows:
    static_files.collect_if_changed()
    user = User.objects.create_user("bench-live")
    book = books.create_book(name="Bench live", zone=Zone.PUBLIC, region=Region.KR, by=Actor(user))
    with console() as (url, pid):
        session = signed_in(user, url)
        page = f"{url}/books/{book.slug}/"
        for _ in range(10):
            session.get(page, timeout=60)  # both processes of the web server have loaded their code
        watch = Watch(pid)
        before = watch.web()
        with watch:
            send(session, page, content(ROWS).encode())
            grown = watch.most_web - before
            milliseconds = list(pages_until(session, page, "checked"))
            accept(book, user)
            milliseconds += pages_until(session, page, "complete")
    yield (
        f"web process, growth while {len(content(ROWS)) / MIB:.0f} MB come in",
        f"{grown / MIB:.0f} MB",
        f"≤ {WEB_GROWTH_MIB} MB",
    )
    yield "worker and its child, at most", f"{watch.most_worker / MIB:.0f} MB", f"≤ {WORKER_MIB} MB"
    yield (
        f"pages while {ROWS:,} rows are checked and applied, {len(milliseconds)} of them",
        f"p95 {quantiles(milliseconds, n=20)[-1]:.0f} ms",
        f"≤ {PAGE_MS} ms",
    )


@contextmanager
def console() -> Iterator[tuple[str, int]]:
    """Web server, worker and scheduler under the supervisor; its URL and process."""
    port = free_port()
    environment = os.environ | {"PORT": str(port), "HOST": "127.0.0.1"}
    with Path(settings.DATA_DIR, "console.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.stack"], cwd=BASE_DIR, env=environment, stdout=log, stderr=log
        )
    url = f"http://127.0.0.1:{port}"
    try:
        while "is ready at" not in Path(settings.DATA_DIR, "console.log").read_text():
            if process.poll() is not None:
                raise RuntimeError(Path(settings.DATA_DIR, "console.log").read_text())
            time.sleep(0.1)
        yield url, process.pid
    finally:
        process.terminate()
        process.wait(timeout=60)


def signed_in(user: User, url: str) -> requests.Session:
    client = Client()
    client.force_login(user)
    session = requests.Session()
    name = settings.SESSION_COOKIE_NAME
    session.cookies.set(name, client.cookies[name].value)
    session.headers["Referer"] = url
    return session


def send(session: requests.Session, page: str, data: bytes) -> None:
    session.get(f"{page}register/", timeout=60)
    session.headers["X-CSRFToken"] = session.cookies["csrftoken"]
    answer = session.post(
        f"{page}uploads/send/", data={"token": str(uuid4())}, files={"file": ("list.csv", data)}, timeout=60
    )
    answer.raise_for_status()


def accept(book: AddressBook, user: User) -> None:
    upload = Upload.objects.latest("pk")
    uploads.apply(book=book, upload_id=upload.pk, group_id=None, seen=upload.attempt, by=Actor(user))


def pages_until(session: requests.Session, page: str, state: str) -> Iterator[float]:
    """Milliseconds of one page after the other, until the upload is in the state."""
    while Upload.objects.latest("pk").state != state:
        start = time.perf_counter()
        session.get(page, timeout=60).raise_for_status()
        yield (time.perf_counter() - start) * 1000
        time.sleep(0.05)


class Watch:
    """The most memory that was resident at any look, in bytes: of a web process, of a worker with its children, and of
    the largest of these.
    """

    def __init__(self, pid: int, worker: str = "celery --app mailerconsole worker") -> None:
        self._worker = worker
        self._supervisor = psutil.Process(pid)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self.most_web = self.most_worker = self.most_process = 0

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()

    def web(self) -> int:
        return max(map(resident, self._children("gunicorn")), default=0)

    def _look(self) -> None:
        while not self._over.wait(0.05):
            self.most_web = max(self.most_web, self.web())
            for worker in self._children(self._worker):
                sizes = [resident(process) for process in (worker, *worker.children())]
                self.most_worker, self.most_process = max(self.most_worker, sum(sizes)), max(self.most_process, *sizes)

    def _children(self, command: str) -> list[psutil.Process]:
        return [
            child
            for process in self._supervisor.children()
            if process.status() != psutil.STATUS_ZOMBIE and command in " ".join(process.cmdline())
            for child in process.children()
        ]


def resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0
