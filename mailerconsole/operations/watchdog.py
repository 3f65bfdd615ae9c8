"""Ends a worker that has gone deaf: alive, idle, and not hearing the messages that wait for it.

Clients of brokers lose connections in ways that they do not notice (celery #10502 is one that was mended). The jobs
are safe in the database, but nobody works on them. Whoever started the worker starts it anew: the supervisor, or the
restart policy of the container.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from typing import Any, Final

from celery import bootsteps
from celery.worker import state
from django.conf import settings

logger = logging.getLogger(__name__)

_LOOK_SECONDS: Final = 1.0
# How often it asks the broker, as a share of the time after which a worker is taken for deaf.
_QUESTIONS: Final = 8


class Watchdog(bootsteps.StartStopStep):
    """A thread in the parent of the pool. It asks the broker over a connection of its own: the worker's may be dead."""

    requires = {"celery.worker.components:Pool"}

    def __init__(self, worker: Any, **kwargs: Any) -> None:
        self._over = threading.Event()
        super().__init__(worker, **kwargs)

    def start(self, worker: Any) -> None:
        threading.Thread(target=self._watch, args=[worker], name="watchdog", daemon=True).start()

    def stop(self, worker: Any) -> None:
        self._over.set()

    terminate = stop

    def _watch(self, worker: Any) -> None:
        # Those that it was told to serve: what it serves now may be what went wrong.
        queues = list(worker.app.amqp.queues.consume_from.values())
        patience = settings.WORKER_DEAF_AFTER_SECONDS
        hearing = Hearing(patience, lambda: waiting(worker.app, queues))
        first, asked_at = children(worker), time.monotonic()
        while not self._over.wait(_LOOK_SECONDS):
            # What was handed to the pool and not begun does not count: the pool may be what is stuck.
            busy = bool(state.active_requests)
            if patience and time.monotonic() - asked_at >= patience / _QUESTIONS:
                asked_at = time.monotonic()
                if hearing.is_lost(heard=sum(state.total_count.values()), busy=busy):
                    self._end("This worker hears nothing of the messages that wait for it; it ends to be started anew")
            # Without an event loop (files as the broker) the pool shares one pipe with a lock, and a child that was
            # killed may have held it: then no other gets anything ever more.
            if not worker.use_eventloop and not busy and not first <= children(worker):
                self._end("A process of this worker was killed; it ends to be started anew")

    def _end(self, why: str) -> None:
        if not self._over.is_set():
            logger.critical(why)
            # Not by a signal: what handles those may be what is stuck. Nothing is held, and the pool follows.
            os._exit(1)


def children(worker: Any) -> set[int]:
    """The processes of the pool."""
    return {process.pid for process in list(worker.pool._pool._pool)}


class Hearing:
    """Judges by what was heard, what is in work, and what waits. Kept apart from threads and brokers."""

    def __init__(
        self, patience: float, waiting: Callable[[], int], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._patience = patience
        self._waiting = waiting
        self._clock = clock
        self._heard = -1
        self._since = clock()

    def is_lost(self, *, heard: int, busy: bool) -> bool:
        """Whether messages have waited for all of `patience` in which an idle worker took none."""
        now = self._clock()
        if busy or heard != self._heard or not self._waiting():
            self._heard, self._since = heard, now
            return False
        return now - self._since >= self._patience


def waiting(app: Any, queues: list[Any]) -> int:
    """Messages in these queues. 0 when the broker cannot be asked: then a new start would not help."""
    try:
        with app.connection_for_read(connect_timeout=2) as connection:
            connection.ensure_connection(max_retries=0, timeout=2)
            bound = [queue(connection.default_channel) for queue in queues]
            return sum(queue.queue_declare(passive=True).message_count for queue in bound)
    except Exception:  # whatever the broker's client raises
        return 0
