"""The recipients of a confirmed mailing become rows, and the rows parts.

All are read at one moment into a file, because a transaction that wrote a million rows would stop everybody else. A
worker that dies begins again: nothing has been sent by then.
"""

import hashlib
import json
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import IO, Any, Final

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from addressbook.services.addresses.integrity import one_moment
from mailings import actions, limits
from mailings.models import (
    Mailing,
    MailingRun,
    MailingState,
    Part,
    Recipient,
)
from mailings.services.content.composing import MissingValueError, compose
from mailings.services.forgetting import HashedSuppressions
from mailings.services.recipients.chosen import people
from mailings.services.recipients.counting import active_suppressions
from mailings.services.rules import rules_of
from mailings.services.sending import lease
from mailings.services.sending.content import content_of
from workspace.models import Edition
from workspace.services.history.audit import record_by_operator
from workspace.services.work import crash_points

Person = tuple[str, str, str, dict[str, str] | None]

_READ_ROWS: Final = 2_000


class _MovedError(Exception):
    """The recipient count changed or a value is missing; the mailing returns to draft."""

    def __init__(self, reason: dict[str, Any]) -> None:
        super().__init__(reason["code"])
        self.reason = reason


def freeze(run: MailingRun) -> None:
    """Raises MailingLostError."""
    with transaction.atomic():
        mailing, edition = lease.locked(run)
    if mailing.state != MailingState.FREEZING:
        return
    clear(run)
    with tempfile.TemporaryFile("w+", dir=settings.FILE_UPLOAD_TEMP_DIR, encoding="utf-8") as spool:
        try:
            count, digest = _spool(mailing, edition, spool)
            crash_points.reached("freeze: everybody read")
            expected = mailing.reason.get("seen")
            if expected is not None and expected != count:
                raise _MovedError({"code": "moved", "seen": expected, "now": count})
            _insert(run, mailing.version, spool)
        except _MovedError as moved:
            _give_back(run, mailing.version, moved.reason)
            return
    crash_points.reached("freeze: rows inserted")
    _finish(run, mailing.version, count, digest)


def clear(run: MailingRun) -> None:
    """Delete the rows of recipients that an undone confirmation or a dead worker left, in steps."""
    own = Recipient.objects.filter(mailing=run.mailing_id)
    while ids := list(own.values_list("pk", flat=True)[: limits.FREEZE_BATCH_ROWS]):
        with transaction.atomic():
            lease.locked(run)
            Recipient.objects.filter(pk__in=ids).delete()


def _spool(mailing: Mailing, edition: Edition, spool: IO[str]) -> tuple[int, str]:
    """Write everybody into the file, a line each; their number and the sha256 over the lines."""
    composed = compose(content_of(mailing))
    count, digest, missing = 0, hashlib.sha256(), 0
    # One snapshot for all sources, which keeps no writer waiting.
    with one_moment():
        forgotten = HashedSuppressions(mailing.book)
        for person in _everybody(mailing, edition):
            if forgotten.recognises(person[1]):
                continue
            try:
                composed.values_for(person[3] or {})
            except MissingValueError:
                missing += 1
            line = json.dumps(person, ensure_ascii=False, sort_keys=True) + "\n"
            spool.write(line)
            digest.update(line.encode())
            count += 1
    forgotten.restore()
    if missing:
        raise _MovedError({"code": "missing_values", "count": missing})
    spool.seek(0)
    return count, digest.hexdigest()


def _everybody(mailing: Mailing, edition: Edition) -> Iterator[Person]:
    conditions, excluded = [], []
    kinds = ["unsubscribed", "blocked"] if mailing.is_advertising else ["blocked"]
    for kind in kinds:
        sql, values = active_suppressions(mailing.book, kind)
        conditions.append(f"key NOT IN ({sql})")
        excluded += values
    for sql, values in people(list(mailing.sources.all()), edition):
        statement = (
            f"SELECT email, key, name, vals FROM ({sql}) AS everybody"  # noqa: S608
            f" WHERE {' AND '.join(conditions)} ORDER BY tie"
        )
        with connection.chunked_cursor() as cursor:
            cursor.execute(statement, [*values, *excluded])
            while rows := cursor.fetchmany(_READ_ROWS):
                for email, key, name, own in rows:
                    yield email, key, name, json.loads(own) if isinstance(own, str) else own


def _is_still(mailing: Mailing, version: int) -> bool:
    """Whether it is the confirmation that this turn began with, not one after an undo."""
    return mailing.state == MailingState.FREEZING and mailing.version == version


def _insert(run: MailingRun, version: int, spool: IO[str]) -> None:
    first = 1
    while lines := list(islice(spool, limits.FREEZE_BATCH_ROWS)):
        with transaction.atomic():
            mailing, _edition = lease.locked(run)
            if not _is_still(mailing, version):
                return
            Recipient.objects.bulk_create(
                Recipient(mailing_id=run.mailing_id, number=number, email=email, key=key, name=name, values=values)
                for number, (email, key, name, values) in enumerate(map(json.loads, lines), start=first)
            )
            crash_points.reached("freeze: before the commit of a batch")
        first += len(lines)


def _finish(run: MailingRun, version: int, count: int, digest: str) -> None:
    with transaction.atomic():
        mailing, _edition = lease.locked(run)
        if not _is_still(mailing, version):
            return
        Part.objects.filter(mailing=mailing).delete()
        size = limits.PART_RECIPIENTS
        Part.objects.bulk_create(
            Part(mailing=mailing, number=number, first=first, last=min(first + size - 1, count))
            for number, first in enumerate(range(1, count + 1, size), start=1)
        )
        mailing.planned = mailing.open = count
        mailing.recipients_sha256 = digest
        mailing.reason = {}
        begin_waiting(mailing)
        mailing.save()
        lease.wake(mailing, at=mailing.held_until or mailing.send_at)
        crash_points.reached("freeze: before the commit of the end")


def begin_waiting(mailing: Mailing, *, is_approved: bool = False) -> None:
    """Held, scheduled, or awaiting a second person; does not save."""
    second_from = rules_of(mailing.book).second_person_from
    if second_from is not None and mailing.planned >= second_from and not is_approved:
        mailing.state, mailing.held_until = MailingState.AWAITING, None
    elif mailing.send_at is not None:
        mailing.state, mailing.held_until = MailingState.SCHEDULED, None
    else:
        mailing.state = MailingState.HELD
        mailing.held_until = timezone.now() + timedelta(seconds=limits.HELD_SECONDS)


def _give_back(run: MailingRun, version: int, reason: dict[str, Any]) -> None:
    """To a draft again, with the reason; nothing was sent."""
    clear(run)
    with transaction.atomic():
        mailing, _edition = lease.locked(run)
        if _is_still(mailing, version):
            to_draft(mailing, reason)
            mailing.save()
            detail = {"mailing": mailing.pk, "reason": reason["code"]}
            record_by_operator(action=actions.RETURN_MAILING, book=mailing.book, detail=detail)


def to_draft(mailing: Mailing, reason: dict[str, Any]) -> None:
    """Back to a draft as it was, a version later; does not save."""
    mailing.state = MailingState.DRAFT
    mailing.reason = reason
    mailing.version += 1
    mailing.confirmed_by = mailing.confirmed_at = mailing.held_until = mailing.approved_at = None
    mailing.confirmer = mailing.approver = mailing.content_sha256 = mailing.recipients_sha256 = ""
    mailing.planned = mailing.open = 0
