"""The recipients of a confirmed mailing become rows, and the rows parts.

All are read at one moment into a file, because a transaction that wrote a million rows would stop everybody else. A
worker that dies begins again: nothing has been sent by then.
"""

import hashlib
import json
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from typing import IO, Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from addressbook.services.addresses.integrity import one_moment
from mailings import actions, limits
from mailings.models import (
    Mailing,
    MailingRun,
    MailingState,
    Part,
    Recipient,
    RecipientState,
)
from mailings.services.content.composing import Composed, MissingValueError, compose
from mailings.services.forgetting import HashedSuppressions
from mailings.services.recipients import rows
from mailings.services.recipients.chosen import people
from mailings.services.recipients.suppressed import not_suppressed
from mailings.services.rules import rules_of
from mailings.services.sending import lease
from mailings.services.sending.content import content_of
from workspace.models import Edition
from workspace.services.history.audit import record_by_operator
from workspace.services.work import crash_points

Person = tuple[str, str, str, dict[str, str] | None]


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


def prepared(mailing: Mailing) -> tuple[int, int]:
    """How many of its recipients are rows by now, and of how many: while it is frozen."""
    last = Recipient.objects.filter(mailing=mailing).aggregate(last=Max("number"))["last"]
    return last or 0, mailing.reason.get("seen") or 0


def clear(run: MailingRun) -> None:
    """Delete the rows of recipients that an undone confirmation or a dead worker left, in steps."""
    own = Recipient.objects.filter(mailing=run.mailing_id)
    while ids := list(own.values_list("pk", flat=True)[: limits.FREEZE_BATCH_ROWS]):
        with transaction.atomic():
            lease.locked(run)
            Recipient.objects.filter(pk__in=ids).delete()


def _spool(mailing: Mailing, edition: Edition, spool: IO[str]) -> tuple[int, str]:
    """Write everybody into the file, a batch a line after its size; their number, and a sha256 whatever the batches."""
    composed = compose(content_of(mailing))
    count, digest, missing = 0, hashlib.sha256(), 0
    # One snapshot for all sources, which keeps no writer waiting.
    with one_moment():
        forgotten = HashedSuppressions(mailing.book)
        for found in _everybody(mailing, edition):
            batch = [person for person in found if not forgotten.recognises(person[1])]
            if composed.names:
                missing += sum(_lacks_a_value(composed, own) for *_, own in batch)
            if batch:
                text = rows.as_batch(batch)
                spool.write(f"{len(batch)}\t{text}\n")
                digest.update(text[1:-1].encode() + b",")
                count += len(batch)
    forgotten.restore()
    if missing:
        raise _MovedError({"code": "missing_values", "count": missing})
    spool.seek(0)
    return count, digest.hexdigest()


def _lacks_a_value(composed: Composed, own: dict[str, str] | None) -> bool:
    try:
        composed.values_for(own or {})
    except MissingValueError:
        return True
    return False


def _everybody(mailing: Mailing, edition: Edition) -> Iterator[list[Person]]:
    condition, excluded = not_suppressed(mailing)
    for sql, values in people(list(mailing.sources.all()), edition):
        statement = (
            f"SELECT email, key, name, vals FROM ({sql}) AS everybody"  # noqa: S608
            f" WHERE {condition} ORDER BY tie"
        )
        with connection.chunked_cursor() as cursor:
            cursor.execute(statement, [*values, *excluded])
            while found := cursor.fetchmany(limits.FREEZE_BATCH_ROWS):
                yield [(*person, json.loads(own) if isinstance(own, str) else own) for *person, own in found]


def _is_still(mailing: Mailing, version: int) -> bool:
    """Whether it is the confirmation that this turn began with, not one after an undo."""
    return mailing.state == MailingState.FREEZING and mailing.version == version


def _insert(run: MailingRun, version: int, spool: IO[str]) -> None:
    first = 1
    same = {"mailing": run.mailing_id, "state": RecipientState.OPEN.value, "result_code": "", "result_message": ""}
    for line in spool:
        size, _tab, batch = line.partition("\t")
        with transaction.atomic():
            mailing, _edition = lease.locked(run)
            if not _is_still(mailing, version):
                return
            rows.insert(Recipient, ("email", "key", "name", "values"), batch, same=same, first=first)
            crash_points.reached("freeze: before the commit of a batch")
        first += int(size)


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
