"""One part, one call.

The marker and the state *calling* are committed before the call. Whatever happens then, the part is never called again
by itself unless the service has said that it refused it.
"""

import random
from datetime import timedelta
from typing import Any, Final
from uuid import uuid4

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from libraries import outbound_mailer
from libraries.outbound_mailer import MailerClient, MailRequest
from mailings import limits
from mailings.models import (
    Mailing,
    MailingRun,
    MailingState,
    Part,
    PartState,
    RecipientState,
)
from mailings.services.sending import counters, lease, uploading
from mailings.services.sending.content import sha256_of
from mailings.services.sending.requests import exclude_suppressed, recipients_of, request_for, unsendable
from workspace.services.work import crash_points

Failure = outbound_mailer.MailerError | outbound_mailer.InvalidRequestError
_FAILURES: Final = (outbound_mailer.MailerError, outbound_mailer.InvalidRequestError)


# Answers to a call that was not let through, besides no answer of a service that was not reached.
_NOT_TAKEN: Final = (None, 407, 425, 429)
# The client signs each call with the time, so that one that is held up even later is refused as too old.
_CALLED_AT_ONCE: Final = timedelta(seconds=30)
# The gateway's code for a number of calls that is used up until a person or a month changes that.
_QUOTA_EXCEEDED: Final = "400"


class ContentChangedError(Exception):
    """The content is not what was confirmed. It must not be sent."""


def call_next(run: MailingRun, client: MailerClient) -> bool:
    """Call the next part that may be called; False when there is none now. Raises MailingLostError."""
    part = _due_part(run)
    if part is None:
        return False
    try:
        uploading.upload_missing(run.mailing_id, client)
    except _FAILURES as error:
        _keep_failed_upload(run, part, error)
        return True
    prepared = _prepare(run)
    if prepared is None:
        return False
    part, request = prepared
    if request is None:
        return True
    crash_points.reached("call: before it")
    if part.called_at is not None and timezone.now() - part.called_at > _CALLED_AT_ONCE:
        # Suspended in between: by now others may have looked for the part in vain, and a person may have sent it again.
        raise lease.MailingLostError(f"{part} was not called in time")
    try:
        accepted = client.mail.create_request(request)
    except _FAILURES as error:
        crash_points.reached("call: after a failure")
        _keep_failure(run, part, error)
    else:
        crash_points.reached("call: after the answer")
        _keep_acceptance(run, part, accepted.request_id, accepted.count)
    crash_points.reached("call: kept")
    return True


def is_unknown(error: Failure) -> bool:
    """Whether the mail may have been accepted all the same."""
    if isinstance(error, outbound_mailer.TemporaryError):
        # Stricter than the client, which believes a gateway that its backend was not reached.
        return error.outcome_unknown or error.status not in _NOT_TAKEN
    if isinstance(error, outbound_mailer.PermanentError):
        # A refusal without a code is not the service's: something in between answers 400 for reasons of its own.
        return error.code is None and not error.too_large
    return False


def _due_part(run: MailingRun) -> Part | None:
    if not Mailing.objects.filter(pk=run.mailing_id, state=MailingState.SENDING).exists():
        return None
    if waits_for_unknown(run.mailing_id):
        return None
    due = Q(not_before__isnull=True) | Q(not_before__lte=timezone.now())
    return Part.objects.filter(due, mailing=run.mailing_id, state=PartState.WAITING).order_by("number").first()


def waits_for_unknown(mailing_id: int) -> bool:
    """Whether more has to be known of earlier calls first: an outage must not make every part unknown, one by one."""
    unknown = Part.objects.filter(mailing=mailing_id, state=PartState.UNKNOWN)
    is_service_silent = unknown.filter(looks=0, next_look_at__isnull=False).exists()
    return is_service_silent or unknown.count() >= limits.UNKNOWN_PARTS_MOST


def _prepare(run: MailingRun) -> tuple[Part, MailRequest | None] | None:
    """Mark the next part as being called and build its request; None when it has no recipients left."""
    with transaction.atomic():
        mailing, _edition = lease.locked(run)
        part = _due_part(run)
        if part is None:
            return None
        now = timezone.now()
        if sha256_of(mailing) != mailing.content_sha256:
            raise ContentChangedError
        exclude_suppressed(mailing, part, now)
        recipients = recipients_of(mailing, part, now)
        counters.save(mailing)
        if not recipients:
            part.state, part.done_at = PartState.DONE, now
            part.save(update_fields=["state", "done_at"])
            return part, None
        part.state = PartState.CALLING
        part.marker = f"<{uuid4().hex}@{mailing.sender_address.rpartition('@')[2]}>"
        part.attempts += 1
        part.called_at, part.recipient_count = now, len(recipients)
        part.save()
        request = request_for(mailing, part.marker, recipients)
        crash_points.reached("call: before the commit of its mark")
    crash_points.reached("call: marked")
    return part, request


def _keep_acceptance(run: MailingRun, part: Part, request_id: str, count: int) -> None:
    with transaction.atomic():
        mailing, _edition = lease.locked(run)
        row = lease.owned_part(run, part.pk)
        accept(row, request_id=request_id, count=count)
        MailingRun.objects.filter(pk=run.pk).update(failures=0)
        counters.save(mailing)


def accept(part: Part, *, request_id: str, count: int | None = None) -> None:
    """The service has it; its status is asked for from now on."""
    now = timezone.now()
    part.state = PartState.ACCEPTED
    part.request_id = request_id
    part.answered_at = now
    part.answer = {} if count is None or count == part.recipient_count else {"count": count}
    part.looks, part.next_look_at = 0, now + timedelta(seconds=limits.STATUS_LOOKS_SECONDS[0])
    part.save()


def _keep_failed_upload(run: MailingRun, part: Part, error: Failure) -> None:
    """Nothing of the mail itself was called."""
    with transaction.atomic():
        mailing, _edition = lease.locked(run)
        row = lease.owned_part(run, part.pk)
        if row.state != PartState.WAITING:
            return  # somebody has stopped the mailing
        row.answer, row.answered_at = _answer(error), timezone.now()
        _wait_or_pause(run, mailing, row, error)
        row.save()
        counters.save(mailing, "state", "reason")


def _keep_failure(run: MailingRun, part: Part, error: Failure) -> None:
    with transaction.atomic():
        mailing, _edition = lease.locked(run)
        row = lease.owned_part(run, part.pk)
        had_files_again = bool(row.answer.get("files_again"))
        row.answer, row.answered_at = _answer(error), timezone.now()
        if is_unknown(error):
            become_unknown(mailing, row)
        elif (nobody := unsendable(row, error)) is not None:
            counters.move(mailing, nobody, to=RecipientState.LEFT_OUT, at=timezone.now(), code="unsendable")
            row.state = PartState.WAITING
            if mailing.state == MailingState.STOPPED:
                cancel(mailing, row)
        elif mailing.state == MailingState.STOPPED:
            # Stopped during the call, and the call was refused: do not call it again.
            cancel(mailing, row)
        elif isinstance(error, outbound_mailer.PermanentError) and error.too_large and row.recipient_count > 1:
            _split(row)
        elif not had_files_again and _misses_files(mailing, error):
            mailing.attachments.update(file_id="")
            row.answer["files_again"] = True
            row.state = PartState.WAITING
        else:
            _wait_or_pause(run, mailing, row, error)
        row.save()
        counters.save(mailing, "state", "reason")


def _wait_or_pause(run: MailingRun, mailing: Mailing, part: Part, error: Failure) -> None:
    """After an answer that nothing was accepted; saves neither."""
    if isinstance(error, outbound_mailer.ConfigurationError):
        part.state = PartState.WAITING
        pause(mailing, {"code": error.problem.value, "part": part.number})
    elif isinstance(error, outbound_mailer.TemporaryError) and error.code == _QUOTA_EXCEEDED and error.status == 429:
        part.state = PartState.WAITING
        pause(mailing, {"code": "quota", "part": part.number})
    elif isinstance(error, outbound_mailer.TemporaryError):
        part.state = PartState.WAITING
        part.not_before = timezone.now() + timedelta(seconds=_pause_seconds(run, error.retry_after))
        # What the service asks for holds for all calls, not only for the part that was told.
        mailing.parts.filter(state=PartState.WAITING).update(not_before=part.not_before)
    else:
        part.state = PartState.REFUSED
        pause(mailing, {"code": "refused", "part": part.number})


def cancel(mailing: Mailing, part: Part) -> None:
    """Nobody else in it gets the mail, because the mailing was stopped; saves neither."""
    now = timezone.now()
    counters.move(mailing, counters.of_part(part), to=RecipientState.CANCELLED, at=now, code="stopped")
    part.state, part.done_at, part.next_look_at = PartState.CANCELLED, now, None


def become_unknown(mailing: Mailing, part: Part) -> None:
    """Nobody knows what became of the call; neither is saved here."""
    now = timezone.now()
    part.state, part.looks = PartState.UNKNOWN, 0
    part.next_look_at = now + timedelta(seconds=limits.UNKNOWN_LOOKS_SECONDS[0])
    counters.move(mailing, counters.of_part(part), to=RecipientState.UNKNOWN, at=now)


def pause(mailing: Mailing, reason: dict[str, Any]) -> None:
    if mailing.state == MailingState.SENDING:
        mailing.state, mailing.reason = MailingState.PAUSED, reason


def _split(part: Part) -> None:
    """The body was too large: two parts of half the recipients each."""
    middle = (part.first + part.last) // 2
    following = Part.objects.filter(mailing=part.mailing_id).order_by("-number").first()
    number = (following.number if following else part.number) + 1
    Part.objects.create(mailing_id=part.mailing_id, number=number, first=middle + 1, last=part.last)
    part.last, part.state = middle, PartState.WAITING


def _misses_files(mailing: Mailing, error: Failure) -> bool:
    """Whether the service has forgotten an upload, which a new one can mend."""
    return isinstance(error, outbound_mailer.PermanentError) and error.does_not_exist and mailing.attachments.exists()


def _pause_seconds(run: MailingRun, retry_after: float | None) -> float:
    """Never earlier than the service asked for, and not all mailings at the same moment."""
    row = MailingRun.objects.get(pk=run.pk)
    row.failures += 1
    row.save(update_fields=["failures"])
    doubled = limits.CALL_PAUSE_SECONDS * 2 ** min(row.failures - 1, 10)
    backoff = min(doubled, limits.CALL_PAUSE_LONGEST_SECONDS) * random.uniform(0.75, 1.25)
    return max(backoff, (retry_after or 0) * random.uniform(1, 1.25))


def _answer(error: Failure) -> dict[str, Any]:
    """For people and for the service's support; the client keeps addresses out of it."""
    names = ("status", "code", "trace_id", "field")
    values = {name: getattr(error, name, None) for name in names}
    return {"words": str(error)[:300], **{name: value for name, value in values.items() if value is not None}}
