"""The Celery application. A message is only a wake-up; the truth of a job is its row in the database."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailerconsole.settings")

app = Celery("mailerconsole")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
