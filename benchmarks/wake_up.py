"""How long a job waits for an idle worker, through the broker that needs no server."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from django.conf import settings

from addressbook.models import Job
from addressbook.services.addresses import bulk_jobs
from benchmarks import Rows
from mailerconsole.operations.supervisor import BASE_DIR, read_procfile
from workspace.models import AddressBook, Region, User, Zone
from workspace.services.books import books
from workspace.services.history.audit import Actor

JOBS = 30
PROMISED_MS = 500


def rows() -> Rows:
    by = Actor(User.objects.create_user("bench-wake-up"))
    book = books.create_book(name="Bench wake-up", zone=Zone.PUBLIC, region=Region.KR, by=by)
    with worker():
        wake(book, by)  # meets a worker that still loads its code
        milliseconds = sorted(wake(book, by) for _ in range(JOBS))
    what = "from a click to the start of its job, through the data folder"
    yield what, f"{median(milliseconds):.0f} ms, worst {milliseconds[-1]:.0f} ms", f"≤ {PROMISED_MS} ms"


def wake(book: AddressBook, by: Actor) -> float:
    """Milliseconds from the start of the service to the claim of the worker."""
    selection: dict[str, object] = {"group_id": None, "query": "", "address_ids": [], "through_id": 0, "seen_count": 0}
    parameters = {"selection": selection, "add": [], "remove": [], "subject": ""}
    assert book.current_edition is not None  # noqa: S101 - create_book has just opened it
    start = time.time()
    job = bulk_jobs.start(
        kind=Job.Kind.DELETE_ADDRESSES, edition=book.current_edition, parameters=parameters, rows_total=0, by=by
    )
    while job.finished_at is None:
        time.sleep(0.01)
        job.refresh_from_db()
    assert job.started_at is not None  # noqa: S101 - it is over
    return (job.started_at.timestamp() - start) * 1000


@contextmanager
def worker() -> Iterator[None]:
    """The Procfile's worker for changes, ready."""
    mark = Path(settings.DATA_DIR, "worker-ready")
    command = [str(Path(sys.executable).parent / "celery"), *read_procfile()["changes"].split()[1:]]
    with Path(settings.DATA_DIR, "worker.log").open("w") as log:
        process = subprocess.Popen(  # noqa: S603 - a line of our own Procfile
            command, cwd=BASE_DIR, env=os.environ | {"WORKER_READY_FILE": str(mark)}, stdout=log, stderr=log
        )
    try:
        while not mark.exists() and process.poll() is None:
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)
