"""The Celery application. A message is only a wake-up; the truth of a job is its row in the database."""

import logging.config
import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from celery import Celery
from celery.signals import (
    beat_init,
    before_task_publish,
    setup_logging,
    task_postrun,
    task_prerun,
    worker_init,
    worker_process_init,
    worker_ready,
)
from kombu.transport import TRANSPORT_ALIASES

from mailerconsole import logs
from mailerconsole.operations import end_with_parent
from workspace import request_ids

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailerconsole.settings")

logger = logging.getLogger(__name__)

# The sweeps run every few seconds, mostly for nothing; only a slow one is worth a line.
_WORTH_A_LINE_SECONDS: Final = 1.0
# Of 19: jobs still get a tenth of a processor that is wanted all the time.
_NICENESS: Final = 10

# By the name in the URL, which is then shown as it was given.
TRANSPORT_ALIASES |= dict.fromkeys(("redis", "rediss"), "mailerconsole.redis_broker:Transport")


class _Application(Celery):
    @property
    def Beat(self) -> Any:  # noqa: N802 - Celery's name
        """Without its banner: the log is read line by line as JSON."""
        beat = super().Beat
        return lambda **options: beat(**options | {"quiet": True})


app = _Application("mailerconsole")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# No app of its own: its models belong to `addressbook` (docs/decisions/0012).
app.autodiscover_tasks(["workspace"])


@setup_logging.connect
def configure_logs(**kwargs: Any) -> None:
    """As everywhere else; Celery would add lines of a format of its own."""
    from django.conf import settings

    logging.config.dictConfig(settings.LOGGING)


@worker_init.connect
def give_way(**kwargs: Any) -> None:
    """Where jobs and clicks want the same processors, clicks go first."""
    os.nice(_NICENESS)
    # Linux may weigh sessions against each other before processes, and each process of the supervisor is a session.
    with suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(_NICENESS))


@worker_init.connect
def say_in_json(sender: Any, **kwargs: Any) -> None:
    """No banner, and as a line of the log what Celery prints on its way out: `worker: Warm shutdown (MainProcess)`."""
    from celery.apps import worker

    sender.quiet = True
    worker.safe_say = logs.write_at_once


@beat_init.connect
def mark_beat(**kwargs: Any) -> None:
    from mailerconsole import liveness

    def note(**kwargs: Any) -> None:
        with suppress(Exception):  # the broker is down: then nothing could be asked for, and its client says so
            liveness.note_beat()

    # Each task that it asks for is a sign of its life; kept, since a signal holds its receivers weakly.
    before_task_publish.connect(note, weak=False)
    note()
    logger.info("Beat is ready")


@worker_process_init.connect
def end_with_worker(**kwargs: Any) -> None:
    """A process of the pool would outlive a worker that is killed, go on with its job, and never hear of another."""
    end_with_parent.ask_for(signal.SIGKILL)


@worker_init.connect
def watch(sender: Any, **kwargs: Any) -> None:
    from mailerconsole.liveness import Sign
    from mailerconsole.operations.watchdog import Watchdog

    app.steps["worker"].update({Sign, Watchdog})


@worker_ready.connect
def mark_ready(**kwargs: Any) -> None:
    """Leave a mark for whoever waits for the first worker (`mailerconsole.operations.readiness`)."""
    if mark := os.environ.get("WORKER_READY_FILE"):
        Path(mark).touch()


@task_prerun.connect
def begin_work(task: Any, **kwargs: Any) -> None:
    """What is logged from here on belongs to the request that caused the task."""
    request_ids.begin(task.request.get(request_ids.MESSAGE_HEADER) or "")
    task.request.began = time.monotonic()


@task_postrun.connect
def end_work(task: Any, args: Any = (), state: str = "", **kwargs: Any) -> None:
    seconds = time.monotonic() - task.request.began
    if request_ids.current() or seconds > _WORTH_A_LINE_SECONDS or state != "SUCCESS":
        # The arguments are ids of rows.
        fields = {"task": task.name, "args": list(args), "state": state, "milliseconds": round(seconds * 1000)}
        logger.info("Task ended", extra={"fields": fields})
    request_ids.begin("")
