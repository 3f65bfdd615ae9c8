"""Which workers and whether beat are alive: each says so every few seconds, where all web servers can read it.

In Redis where there is one, else as files in the data folder. Not in the database, which this is to work without.
"""

import logging
import os
import platform
import threading
import time
from pathlib import Path
from typing import Any, Final

import redis
from celery import bootsteps, current_app
from django.conf import settings

logger = logging.getLogger(__name__)

NOTED_EVERY_SECONDS: Final = 10.0
# Three are missed.
GONE_AFTER_SECONDS: Final = 35.0
# Beat has something to do every five seconds.
BEAT_LATE_SECONDS: Final = 60.0
_KEPT_SECONDS: Final = 24 * 3600
_REDIS_SECONDS: Final = 2
_PREFIX: Final = "mailerconsole.alive."
_BEAT: Final = "beat"
# What must go on without beat too: a job whose worker is gone, a sync or a mailing whose time has come.
_SWEEPS: Final = (
    "workspace.tasks.wake_forgotten_jobs",
    "addressbook.tasks.wake_syncs",
    "mailings.tasks.wake_mailings",
)


def note(name: str) -> None:
    """Say that this is alive now."""
    if _redis_url():
        with _redis() as server:
            server.set(_PREFIX + name, repr(time.time()), ex=_KEPT_SECONDS)
        return
    _folder().mkdir(exist_ok=True, mode=0o700)
    (_folder() / name).touch()


def note_worker(queue: str, node: str) -> None:
    note(f"worker.{queue}.{node}")


def note_beat() -> None:
    note(_BEAT)


def workers() -> dict[str, int]:
    """How many workers serve each queue. Every queue of the product is named."""
    found = dict.fromkeys(queues(), 0)
    for name, age in _ages().items():
        kind, _, rest = name.partition(".")
        queue = rest.partition(".")[0]
        if kind == "worker" and queue in found and age < GONE_AFTER_SECONDS:
            found[queue] += 1
    return found


def beat_age() -> float | None:
    """Seconds since beat last asked for something; None: not within a day."""
    return _ages().get(_BEAT)


def queues() -> set[str]:
    from workspace.models.work import kinds  # needs Django, which beat and workers have set up by now

    routed = {str(route["queue"]) for route in settings.CELERY_TASK_ROUTES.values()}
    return {settings.CELERY_TASK_DEFAULT_QUEUE, *routed, *(kind.QUEUE for kind in kinds())}


def _ages() -> dict[str, float]:
    now = time.time()
    if _redis_url():
        with _redis() as server:
            keys = list(server.scan_iter(f"{_PREFIX}*", count=1000))
            values = server.mget(keys) if keys else []
        found = [(key.decode(), value) for key, value in zip(keys, values, strict=True) if value is not None]
        noted = {key.removeprefix(_PREFIX): float(value) for key, value in found}
    else:
        noted = {path.name: path.stat().st_mtime for path in _folder().iterdir()} if _folder().exists() else {}
    # A clock that was set back makes nothing older than it is.
    return {name: max(0.0, now - at) for name, at in noted.items()}


def _redis_url() -> str:
    return str(settings.REDIS_URL)


def _redis() -> Any:
    patience = {"socket_timeout": _REDIS_SECONDS, "socket_connect_timeout": _REDIS_SECONDS}
    return redis.Redis.from_url(_redis_url(), **patience)


def _folder() -> Path:
    return Path(settings.DATA_DIR) / "alive"


class Sign(bootsteps.StartStopStep):
    """A thread in the parent of the pool. While beat is away it asks for the sweeps too, which two may do at once."""

    requires = {"celery.worker.components:Pool"}

    def __init__(self, worker: Any, **kwargs: Any) -> None:
        self._over = threading.Event()
        super().__init__(worker, **kwargs)

    def start(self, worker: Any) -> None:
        threading.Thread(target=self._go_on, args=[worker], name="sign-of-life", daemon=True).start()

    def stop(self, worker: Any) -> None:
        self._over.set()

    terminate = stop

    def _go_on(self, worker: Any) -> None:
        served = [str(queue.name) for queue in worker.app.amqp.queues.consume_from.values()]
        began = time.monotonic()
        while True:
            try:
                for queue in served:
                    note_worker(queue, f"{worker.hostname}.{os.getpid()}")
                if time.monotonic() - began > BEAT_LATE_SECONDS:
                    sweep_without_beat()
            except Exception:  # whatever the client of a broker that is down raises
                logger.warning("This worker could not say that it is alive", exc_info=True)
            if self._over.wait(NOTED_EVERY_SECONDS):
                return


def sweep_without_beat() -> bool:
    """Ask for what beat would ask for, where it has not for long; whether that was so."""
    age = beat_age()
    if age is not None and age < BEAT_LATE_SECONDS:
        return False
    logger.warning("Beat is away; %s asks for the sweeps", platform.node())
    for task in _SWEEPS:
        current_app.send_task(task, retry=False)
    return True
