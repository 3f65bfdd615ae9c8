"""Whether a call without an answer was accepted after all.

Nothing but the marker proves it: the same text may have gone to as many people from somebody else's program.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from libraries import outbound_mailer
from libraries.outbound_mailer import MailerClient
from mailings import limits
from mailings.models import Mailing, MailingRun, Part, PartState, RecipientState
from mailings.services.sending import counters, lease
from mailings.services.sending.calling import accept, become_unknown
from workspace.services.work import crash_points

# Clocks of two machines differ a little.
_BEFORE = timedelta(minutes=1)
_PAGE_ROWS = 100


def find_left_calling(run: MailingRun) -> None:
    """Parts whose worker died between its call and the answer. Raises MailingLostError."""
    if not lease.parts_left_calling(run).exists():
        return
    with transaction.atomic():
        mailing, _edition = lease.locked(run)
        for part in lease.parts_left_calling(run):
            become_unknown(mailing, part)
            part.save()
        counters.save(mailing)


def look_for_next(run: MailingRun, client: MailerClient) -> bool:
    """Look once for the next part that is due; False when there is none. Raises MailingLostError."""
    now = timezone.now()
    due = Part.objects.filter(mailing=run.mailing_id, state=PartState.UNKNOWN, next_look_at__lte=now)
    part = due.order_by("next_look_at", "number").first()
    if part is None:
        return False
    try:
        request_id = _found(client, part, run.mailing, now)
    except (outbound_mailer.MailerError, outbound_mailer.InvalidRequestError):
        _keep_look(run, part, request_id="", answered=False)
    else:
        crash_points.reached("look: answered")
        _keep_look(run, part, request_id=request_id, answered=True)
    return True


def next_look_at(mailing_id: int) -> datetime | None:
    due = Part.objects.filter(mailing=mailing_id, state=PartState.UNKNOWN, next_look_at__isnull=False)
    return due.order_by("next_look_at").values_list("next_look_at", flat=True).first()


def _found(client: MailerClient, part: Part, mailing: Mailing, now: datetime) -> str:
    """The id of the request that carries the part's marker; "" for none."""
    for request_id in _candidates(client, part, mailing, now):
        mails = client.mail.get_list(request_id, size=1)
        if not mails.content:
            continue
        mail = client.mail.get(mails.content[0].mail_id)
        if mail.references_header == part.marker:
            return request_id
    return ""


def _candidates(client: MailerClient, part: Part, mailing: Mailing, now: datetime) -> Iterator[str]:
    """Requests of that time, from that sender, with no more mails, that no other part has.

    The service may have dropped some of the recipients, or not have written the mails yet.
    """
    if part.called_at is None:
        return
    known = set(
        Part.objects.filter(mailing__book=mailing.book).exclude(request_id="").values_list("request_id", flat=True)
    )
    page = 0
    while True:
        found = client.mail.get_request_list(
            min(part.called_at, now) - _BEFORE,
            now + _BEFORE,
            sender_address=mailing.sender_address,
            page=page,
            size=_PAGE_ROWS,
            sort=("createUtc,asc",),
        )
        for row in found.content:
            if row.request_count <= part.recipient_count and row.request_id not in known:
                yield row.request_id
        if found.last or not found.content:
            return
        page += 1


def _keep_look(run: MailingRun, part: Part, *, request_id: str, answered: bool) -> None:
    with transaction.atomic():
        mailing, _edition = lease.locked(run)
        row = lease.owned_part(run, part.pk)
        # Somebody may have decided meanwhile. That it was accepted counts more, as long as it was not called again.
        is_same_call = row.marker == part.marker and row.state in (PartState.UNKNOWN, PartState.WAITING)
        if not is_same_call or (row.state == PartState.WAITING and not request_id):
            return
        if request_id:
            unknown = (RecipientState.UNKNOWN,)
            own = counters.of_part(row)
            counters.move(mailing, own, to=RecipientState.OPEN, at=timezone.now(), from_states=unknown)
            accept(row, request_id=request_id)
            counters.save(mailing)
            return
        if answered:
            row.looks += 1
        row.next_look_at = _following(row)
        row.save(update_fields=["looks", "next_look_at"])


def _following(part: Part) -> datetime | None:
    """When to look again; None: a person has to decide."""
    if part.called_at is None or part.looks >= len(limits.UNKNOWN_LOOKS_SECONDS):
        return None
    planned = part.called_at + timedelta(seconds=limits.UNKNOWN_LOOKS_SECONDS[part.looks])
    return max(planned, timezone.now() + timedelta(seconds=limits.UNKNOWN_LOOKS_SECONDS[0]))
