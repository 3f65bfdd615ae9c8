"""The project: settings, URLs, the Celery application. The product itself is the package `addressbook`."""

from mailerconsole.celery import app as celery_app

__all__ = ["celery_app"]
