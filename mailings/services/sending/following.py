"""What became of the recipients of accepted parts.

The service is asked for each status by a rhythm, and once a part has finished, for those who were not reached, page by
page. All the others were: "sent" is what finished and is not among the rest.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from libraries import email_addresses, outbound_mailer
from libraries.outbound_mailer import MailerClient
from libraries.outbound_mailer.mail_types import Mail
from mailings import limits
from mailings.models import Mailing, MailingRun, Part, PartState, Recipient, RecipientState, Suppression
from mailings.services.rules import rules_of
from mailings.services.sending import counters, lease
from workspace.services.work import crash_points

# Statuses of a mail that was not delivered, and what its recipient is then.
_NOT_REACHED: Final = {
    "F": RecipientState.FAILED,
    "U": RecipientState.UNSUBSCRIBED,
    "C": RecipientState.CANCELLED,
    "PF": RecipientState.FAILED,
}
_NUMBERS_AT_ONCE: Final = 500
BLOCKED_CODE: Final = "SEND_BLOCK_ADDRESS"
# The service blocks an address for a week after one of these.
HARD_BOUNCES: Final = frozenset(
    {
        "MAILBOX_ERROR",
        "MAIL_CONTENTS_ERROR",
        "NETWORK_ERROR",
        "RECEIVE_MAIL_SERVICE_ERROR",
        "RECIPIENT_ADDRESS_ERROR",
        "SECURITY_AND_POLICY_ERROR",
        "SMTP_ERROR",
    }
)


def follow_next(run: MailingRun, client: MailerClient) -> bool:
    """Ask once about the next part that is due; False when there is none. Raises MailingLostError."""
    now = timezone.now()
    due = Part.objects.filter(mailing=run.mailing_id, state=PartState.ACCEPTED, next_look_at__lte=now)
    part = due.order_by("next_look_at", "number").first()
    if part is None:
        return False
    try:
        status = client.mail.get_request_status(part.request_id)
        if not status.is_done:
            counts = {count.status.code: count.count for count in status.counts_by_status}
            _keep_status(run, part, {"counts": counts, "finished": status.finish_count})
            return True
        while _read_page(run, client, part):
            part.refresh_from_db()
        is_whole = status.request_count == part.recipient_count
        listed = None if is_whole else _listed_as_sent(client, part)
    except (outbound_mailer.MailerError, outbound_mailer.InvalidRequestError) as error:
        if _is_forgotten(part, error, now):
            _finish(run, part, listed=set())
            return True
        code = getattr(error, "code", None) or type(error).__name__
        _keep_status(run, part, {**part.status, "problem": code})
        return True
    _finish(run, part, listed)
    return True


def _is_forgotten(part: Part, error: Exception, now: datetime) -> bool:
    """The service keeps a request for two months: it will not say any more what became of those who are still open."""
    is_unknown_there = isinstance(error, outbound_mailer.PermanentError) and error.does_not_exist
    accepted_at = part.answered_at or part.called_at
    return is_unknown_there and accepted_at is not None and accepted_at < now - timedelta(days=limits.OUTSIDE_KEPT_DAYS)


def next_look_at(mailing_id: int) -> datetime | None:
    due = Part.objects.filter(mailing=mailing_id, state=PartState.ACCEPTED, next_look_at__isnull=False)
    return due.order_by("next_look_at").values_list("next_look_at", flat=True).first()


def _read_page(run: MailingRun, client: MailerClient, part: Part) -> bool:
    """Keep the next page of those who were not reached; whether there are more."""
    page = client.mail.get_list(
        part.request_id,
        send_status=tuple(_NOT_REACHED),
        page=part.cursor,
        size=limits.RESULTS_PAGE_ROWS,
        sort=("id,asc",),
    )
    mails = [client.mail.get(row.mail_id) for row in page.content]
    crash_points.reached("follow: page read")
    with transaction.atomic():
        mailing, _edition = lease.locked(run)
        row = lease.owned_part(run, part.pk)
        if row.cursor != part.cursor:
            return True  # another worker has kept this page
        for mail in mails:
            _keep_results(mailing, row, mail)
        row.cursor += 1
        row.save(update_fields=["cursor"])
        counters.save(mailing)
        crash_points.reached("follow: before the commit of a page")
    return not page.last and bool(page.content)


def _keep_results(mailing: Mailing, part: Part, mail: Mail) -> None:
    now = timezone.now()
    for recipient in mail.recipients:
        code = recipient.status.code if recipient.status else mail.email_status.code
        if code not in _NOT_REACHED:
            continue
        key = _key_of(recipient.address)
        result = recipient.send_result_code or ""
        state = RecipientState.BLOCKED if result == BLOCKED_CODE else _NOT_REACHED[code]
        message = recipient.send_result_message or recipient.send_result_code_message or ""
        own = counters.of_part(part) & Q(key=key)
        moved = counters.move(mailing, own, to=state, at=now, code=result[:60], message=message[:2000])
        if moved:
            _suppress(mailing, recipient.address, key, state, result, now)


def _suppress(mailing: Mailing, email: str, key: str, state: RecipientState, code: str, now: datetime) -> None:
    if state == RecipientState.UNSUBSCRIBED:
        kind, until = Suppression.Kind.UNSUBSCRIBED, None
    elif code in HARD_BOUNCES or state == RecipientState.BLOCKED:
        hours = rules_of(mailing.book).blocked_hours
        kind, until = Suppression.Kind.BLOCKED, now + timedelta(hours=hours)
    else:
        return
    values: dict[str, Any] = {"email": email, "source": Suppression.Source.RESULT, "until": until}
    values |= {"result_code": code, "mailing": mailing, "since": now, "by_admin": False}
    known = Suppression.objects.filter(book=mailing.book, kind=kind, key=key).first()
    if known is None:
        Suppression.objects.create(book=mailing.book, kind=kind, key=key, told_at=now, **values)
    elif known.until is not None:
        known.until, known.result_code = until, code
        known.save(update_fields=["until", "result_code"])
    elif known.origin_id is not None:
        # They refuse themselves, whatever becomes of the list that had them first.
        known.origin = None
        known.save(update_fields=["origin"])


def _key_of(address: str) -> str:
    try:
        return email_addresses.parse(address).key
    except email_addresses.InvalidEmailError:
        return address


def _listed_as_sent(client: MailerClient, part: Part) -> set[str]:
    """The keys of those whom the service names itself, where it has not made a mail for each."""
    keys: set[str] = set()
    number = 0
    while True:
        page = client.mail.get_list(
            part.request_id, send_status=("S",), page=number, size=limits.RESULTS_PAGE_ROWS, sort=("id,asc",)
        )
        keys |= {_key_of(mail.representative_recipient) for mail in page.content}
        if page.last or not page.content:
            return keys
        number += 1


def _finish(run: MailingRun, part: Part, listed: set[str] | None) -> None:
    with transaction.atomic():
        mailing, _edition = lease.locked(run)
        row = lease.owned_part(run, part.pk)
        if row.state != PartState.ACCEPTED:
            return
        now = timezone.now()
        own = counters.of_part(row)
        if listed is not None:
            rows = Recipient.objects.filter(own, mailing=mailing).open().values_list("number", "key")
            missing = [number for number, key in rows if key not in listed]
            # In steps, because a statement takes only so many values.
            for first in range(0, len(missing), _NUMBERS_AT_ONCE):
                some = Q(number__in=missing[first : first + _NUMBERS_AT_ONCE])
                counters.move(mailing, some, to=RecipientState.UNKNOWN, at=now, code="not_listed")
        counters.move(mailing, own, to=RecipientState.SENT, at=now)
        row.state, row.done_at, row.next_look_at = PartState.DONE, now, None
        row.save(update_fields=["state", "done_at", "next_look_at"])
        counters.save(mailing)
        crash_points.reached("follow: before the commit of the end")


def _keep_status(run: MailingRun, part: Part, status: dict[str, Any]) -> None:
    with transaction.atomic():
        lease.locked(run)
        row = lease.owned_part(run, part.pk)
        row.status = status
        row.looks += 1
        last = len(limits.STATUS_LOOKS_SECONDS) - 1
        seconds = limits.STATUS_LOOKS_SECONDS[min(row.looks, last)]
        row.next_look_at = timezone.now() + timedelta(seconds=seconds)
        row.save(update_fields=["status", "looks", "next_look_at"])
