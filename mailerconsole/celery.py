"""The Celery application. A message is only a wake-up; the truth of a job is its row in the database."""

import os
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailerconsole.settings")

app = Celery("mailerconsole")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_ready.connect
def mark_ready(**kwargs: Any) -> None:
    """Leave a mark for whoever waits for the first worker (`mailerconsole.readiness`)."""
    if mark := os.environ.get("WORKER_READY_FILE"):
        Path(mark).touch()
