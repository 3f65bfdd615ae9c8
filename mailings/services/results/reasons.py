"""Why recipients of a mailing were not reached, and how many for each reason."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from django.db.models import Count, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from mailings.models import Mailing, Recipient, RecipientState
from mailings.services.sending.following import HARD_BOUNCES

# The codes that the service documents; others are shown as they came.
REASONS: Final[dict[str, str | Promise]] = {
    "MAIL_SENT": gettext_lazy("The recipient’s mail server has accepted the mail."),
    "MAILBOX_ERROR": gettext_lazy("The mailbox cannot take the mail; it may be full."),
    "MAIL_CONTENTS_ERROR": gettext_lazy("The recipient’s mail server refused the content."),
    "NETWORK_ERROR": gettext_lazy("The recipient’s mail server could not be reached."),
    "RECEIVE_MAIL_SERVICE_ERROR": gettext_lazy("The recipient’s mail service failed."),
    "RECIPIENT_ADDRESS_ERROR": gettext_lazy("The address does not exist."),
    "SECURITY_AND_POLICY_ERROR": gettext_lazy(
        "The recipient’s mail server refused it by its rules, such as DMARC or spam protection."
    ),
    "SMTP_ERROR": gettext_lazy("The recipient’s mail server reported an error."),
    "SEND_BLOCK_ADDRESS": gettext_lazy(
        "This recipient is on the send block list after an earlier failure. It is not about your sender."
    ),
    "suppressed": gettext_lazy("Refused or blocked before this part was sent."),
    "unsendable": gettext_lazy("The address, the name or a value of this recipient cannot be sent."),
    "missing_value": gettext_lazy("There is no value for a placeholder."),
    "person": gettext_lazy("Left out by a person."),
    "forgotten": gettext_lazy("Left out, because the person asked to be forgotten."),
    "stopped": gettext_lazy("Not sent, because sending was stopped."),
    "not_listed": gettext_lazy("The service lists no mail to this recipient."),
}
# Reached, or not known yet.
_NO_REASON: Final = (RecipientState.OPEN, RecipientState.SENT)
_FORGOTTEN: Final = "forgotten"


def reason_sentence(code: str, message: str = "") -> str:
    """In a sentence; a code that nobody has documented is shown as it came, with the service's words."""
    known = REASONS.get(code)
    return str(known) if known else " ".join(filter(None, (code, message)))


@dataclass(frozen=True, slots=True)
class Reason:
    """A state with the service's code, or ours; `count` recipients have it."""

    state: RecipientState
    code: str
    count: int = 0

    @property
    def name(self) -> str:
        return f"{self.state}:{self.code}"

    @property
    def is_hard_bounce(self) -> bool:
        """Whether the service blocks the address after it."""
        return self.state == RecipientState.FAILED and self.code in HARD_BOUNCES


def reasons_of(mailing: Mailing) -> list[Reason]:
    """All that recipients have, the most frequent of each state first."""
    rows = Recipient.objects.filter(mailing=mailing).exclude(state__in=_NO_REASON).order_by()
    counted = rows.values_list("state", "result_code").annotate(count=Count("pk"))
    found = [Reason(RecipientState(state), code, count) for state, code, count in counted]
    order = list(RecipientState)
    return sorted(found, key=lambda reason: (order.index(reason.state), -reason.count, reason.code))


def named(mailing: Mailing, names: Collection[str]) -> list[Reason]:
    """Those of the mailing's reasons that have one of the names."""
    return [reason for reason in reasons_of(mailing) if reason.name in names]


def may_be_sent_to(reason: Reason) -> bool:
    """Not to people who refused or asked to be forgotten."""
    return reason.state != RecipientState.UNSUBSCRIBED and reason.code != _FORGOTTEN


def with_reasons(mailing: Mailing, reasons: Collection[Reason]) -> QuerySet[Recipient]:
    """The recipients that have one of them; those who were forgotten have no address and are not among them."""
    wanted = Q(pk__in=[])
    for reason in reasons:
        wanted |= Q(state=reason.state, result_code=reason.code)
    return Recipient.objects.filter(wanted, mailing=mailing).exclude(email="")
