"""A worker's turn at a book: steps until there is nothing to do, or until the others should have theirs."""

import time
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from addressbook import limits
from addressbook.models import BookSync, Pause
from addressbook.services.sync import failures, lease, overview
from addressbook.services.sync.engine import Engine, Rest, Wait
from workspace import limits as workspace_limits
from workspace.services.books import connection


def run(book_id: int) -> None:
    """Work on the book if it is due and free. Raises SyncLostError when another worker took it over."""
    sync = lease.claim(book_id, timezone.now())
    if sync is None:
        return
    look_at = timezone.now() + timedelta(seconds=workspace_limits.JOB_FORGOTTEN_AFTER_SECONDS)
    try:
        client = connection.client_for(sync.book)
    except connection.NotConnectedError:
        _pause(sync, Pause.NOT_CONNECTED)
        lease.release(sync, now=timezone.now(), look_at=look_at)
        return
    try:
        with client:
            overview.begin_turn(sync)
            engine = Engine(sync, client)
            look_at = timezone.now() + timedelta(seconds=_take_turn(engine))
            engine.finish()
    finally:
        # After an exception too: a defect must not hold the book for longer than its pause.
        lease.release(sync, now=timezone.now(), look_at=look_at)


def _take_turn(engine: Engine) -> float:
    """Seconds until the next look."""
    end = time.monotonic() + limits.SYNC_SLICE_SECONDS
    while time.monotonic() < end:
        step = engine.step()
        if isinstance(step, Rest):
            return _seconds_until(step.until) if step.until else limits.SYNC_VERIFY_SECONDS
        if isinstance(step, Wait):
            seconds = _seconds_until(step.until)
            if seconds > limits.SYNC_NAP_SECONDS:
                return seconds
            time.sleep(seconds)
    return 0.0


def _seconds_until(moment: datetime) -> float:
    return max(0.0, (moment - timezone.now()).total_seconds())


def _pause(sync: BookSync, reason: Pause) -> None:
    with transaction.atomic():
        book = lease.locked(sync)
        failures.pause(book.sync, reason)
        lease.keep(book)
