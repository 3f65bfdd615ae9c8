"""Whether everything that the console stands on is there: for /readyz."""

import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final
from uuid import uuid4

from celery import current_app
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from mailerconsole import liveness
from mailerconsole.operations import checks, static_files
from workspace import sqlite

logger = logging.getLogger(__name__)

# Anybody may ask, so the parts are not asked more often than this; well under what any check of health waits.
_KEPT_SECONDS: Final = 1.0
_BROKER_SECONDS: Final = 2


class NotThereError(Exception):
    """The message is for the log."""


def database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def sqlite_details() -> dict[str, str]:
    """Which library and journal mode; nothing on PostgreSQL."""
    if connection.vendor != "sqlite":
        return {}
    return {"sqlite": sqlite.library().sqlite_version, "journal": sqlite.journal_mode(connection)}


def migrations() -> None:
    """That the database has the tables of this version."""
    executor = MigrationExecutor(connection)
    if plan := executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise NotThereError(f"{len(plan)} migrations are not applied")


def broker() -> None:
    with current_app.connection_for_write(connect_timeout=_BROKER_SECONDS) as broker:
        broker.ensure_connection(max_retries=0, timeout=_BROKER_SECONDS)
        broker.default_channel.queue_declare(settings.CELERY_TASK_DEFAULT_QUEUE)
    if not settings.REDIS_URL:
        _require_writable(settings.BROKER_DIR)


def storage() -> None:
    if isinstance(default_storage, FileSystemStorage):
        settings.MEDIA_ROOT.mkdir(exist_ok=True, mode=0o700)
        _require_writable(settings.MEDIA_ROOT)
    else:
        default_storage.probe()  # type: ignore[attr-defined]  # mailerconsole.s3_store
    _require_writable(settings.FILE_UPLOAD_TEMP_DIR)


def static() -> None:
    """That pages find the names of their style sheets and scripts."""
    if not settings.DEBUG and not getattr(staticfiles_storage, "hashed_files", True):
        raise NotThereError(static_files.NOT_COLLECTED)


def workers() -> None:
    """That each queue is served; all of them at once say so within seconds of their start."""
    if missing := sorted(queue for queue, count in liveness.workers().items() if not count):
        raise NotThereError(f"No worker serves {', '.join(missing)}")


def beat() -> None:
    age = liveness.beat_age()
    if age is None or age > liveness.BEAT_LATE_SECONDS:
        raise NotThereError("Beat has asked for nothing " + (f"for {age:.0f} s" if age is not None else "yet"))


def secrets_keys() -> None:
    """That this machine opens what the others seal."""
    from workspace.services.people import sealing  # as `metrics` does: gunicorn's parent does without the models

    if sealing.is_foreign():
        raise NotThereError(checks.foreign_key_sentence())


PARTS: Final[dict[str, Callable[[], None]]] = {
    "database": database,
    "migrations": migrations,
    "broker": broker,
    "storage": storage,
    "static": static,
    "secrets": secrets_keys,
    "workers": workers,
    "beat": beat,
}
_last: tuple[float, dict[str, bool]] | None = None
_looking = threading.Lock()


def parts() -> dict[str, bool]:
    """By part whether it is there, at most a second ago. Why one is not stands in the log."""
    global _last
    if _is_fresh():
        return _last[1]  # type: ignore[index]
    # One looks; the others are told what was so before: a part that hangs for seconds must not hold each that asks.
    if not _looking.acquire(blocking=_last is None):
        return _last[1]  # type: ignore[index]
    try:
        if not _is_fresh():
            found = {name: _is_there(name, ask) for name, ask in PARTS.items()}
            _last = (time.monotonic(), found)
        return _last[1]  # type: ignore[index]
    finally:
        _looking.release()


def _is_fresh() -> bool:
    return _last is not None and time.monotonic() - _last[0] <= _KEPT_SECONDS


def _is_there(name: str, ask: Callable[[], None]) -> bool:
    try:
        ask()
    except Exception:  # whatever the client of a part raises
        logger.warning("Not ready: %s", name, exc_info=True)
        return False
    return True


def _require_writable(folder: Path) -> None:
    """By writing: a disk that is full or was mounted read-only says so no other way."""
    probe = folder / f".readiness-{os.getpid()}-{uuid4().hex}"
    try:
        probe.write_bytes(b"\0" * 4096)
    finally:
        probe.unlink(missing_ok=True)
