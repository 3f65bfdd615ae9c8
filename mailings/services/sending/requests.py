"""The request of a part: who is still to get the mail, and what it says."""

import re
from datetime import datetime
from typing import Final

from django.db.models import Q

from libraries import outbound_mailer
from libraries.outbound_mailer import MailRequest
from libraries.outbound_mailer import Recipient as MailRecipient
from libraries.outbound_mailer import limits as mailer_limits
from mailings.models import Mailing, Part, Recipient, RecipientState, Suppression
from mailings.services.content.composing import Composed, MissingValueError, compose
from mailings.services.sending import counters
from mailings.services.sending.content import content_of

_RECIPIENT: Final = re.compile(r"recipients\[(\d+)\]")


def exclude_suppressed(mailing: Mailing, part: Part, now: datetime) -> None:
    """Those who refused, or were blocked, since the confirmation."""
    held = Q(until__isnull=True) | Q(until__gt=now)
    active = Suppression.objects.filter(held, book=mailing.book)
    own = counters.of_part(part)
    if mailing.is_advertising:
        refused = own & Q(key__in=active.filter(kind=Suppression.Kind.UNSUBSCRIBED).values("key"))
        counters.move(mailing, refused, to=RecipientState.UNSUBSCRIBED, at=now, code="suppressed")
    stopped = own & Q(key__in=active.filter(kind=Suppression.Kind.BLOCKED).values("key"))
    counters.move(mailing, stopped, to=RecipientState.BLOCKED, at=now, code="suppressed")
    # Forgotten while nobody knew of the part's outcome, and now it is called again.
    counters.move(mailing, own & Q(email=""), to=RecipientState.LEFT_OUT, at=now, code="forgotten")


def recipients_of(mailing: Mailing, part: Part, now: datetime) -> list[MailRecipient]:
    """With the parameters of each; those without a value for some placeholder are left out."""
    composed = compose(content_of(mailing))
    rows = Recipient.objects.filter(counters.of_part(part), mailing=mailing).open().order_by("number")
    found, incomplete = [], []
    for number, email, name, values in rows.values_list("number", "email", "name", "values"):
        try:
            parameters = composed.parameters_for(values or {})
        except MissingValueError:
            incomplete.append(number)
            continue
        found.append(MailRecipient(address=email, name=_shown_name(name), parameters=parameters or None))
    if incomplete:
        rows_of = counters.of_part(part) & Q(number__in=incomplete)
        counters.move(mailing, rows_of, to=RecipientState.LEFT_OUT, at=now, code="missing_value")
    return found


def request_for(mailing: Mailing, marker: str, recipients: list[MailRecipient]) -> MailRequest:
    composed: Composed = compose(content_of(mailing))
    return MailRequest(
        sender_address=mailing.sender_address,
        sender_name=mailing.sender_name or None,
        title=composed.title,
        body=composed.body,
        recipients=tuple(recipients),
        individual=True,
        advertising=mailing.is_advertising,
        references_header=marker,
        use_basic_unsubscribe_msg=not mailing.refusal_text,
        unsubscribe_message=mailing.refusal_text or None,
        attach_file_ids=tuple(attachment.file_id for attachment in mailing.attachments.all()) or None,
    )


def _shown_name(name: str) -> str | None:
    """As the service takes it: one line, and cut off where it is longer."""
    return " ".join(name.split())[: mailer_limits.RECIPIENT_NAME_CHARACTERS].strip() or None


def unsendable(part: Part, error: Exception) -> Q | None:
    """The recipient whom no request may name, by the client's own check. The others of the part still get theirs."""
    found = _RECIPIENT.match(error.field) if isinstance(error, outbound_mailer.InvalidRequestError) else None
    if found is None:
        return None
    named = Recipient.objects.filter(counters.of_part(part), mailing=part.mailing_id).open().order_by("number")
    return Q(pk=named.values_list("pk", flat=True)[int(found[1])])
