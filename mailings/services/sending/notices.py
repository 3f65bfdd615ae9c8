"""A word by e-mail to who confirmed a mailing: it has ended, or it waits for a person. Where there is a mail server."""

import logging
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from mailings.models import COUNTERS, Mailing, MailingRun, MailingState, Part, PartState, RecipientState
from mailings.services.sending import lease
from workspace.models import BookMember

logger = logging.getLogger(__name__)


def tell(run: MailingRun) -> None:
    """Tell of the state that the mailing has come to, once. A mail server that does not answer stops nothing."""
    if not settings.EMAIL_HOST:
        return
    mailing = Mailing.objects.without_content().select_related("book", "confirmed_by").get(pk=run.mailing_id)
    word = _worth_a_word(mailing)
    # Kept first: an e-mail too few is better than one after every restart.
    if mailing.is_test or word == run.told or not lease.keep_told(run, word) or not word:
        return
    user = mailing.confirmed_by
    # Who is no member any more has no business with what the book sends.
    if user is None or not user.email or not BookMember.objects.filter(book=mailing.book, user=user).exists():
        return
    with translation.override(settings.LANGUAGE_CODE):
        subject, text = _written(mailing)
    try:
        send_mail(subject, text, None, [user.email])
    except (SMTPException, OSError) as error:
        # Only the kind: its text may have the address in it.
        logger.warning("The mail server did not take the word about %s: %s", run, type(error).__name__)


def _worth_a_word(mailing: Mailing) -> str:
    """What to tell of; empty while the mailing goes on by itself."""
    match mailing.state:
        case MailingState.SENT | MailingState.STOPPED if mailing.done_at is not None:
            return str(mailing.state)
        case MailingState.MISSED:
            return str(mailing.state)
        case MailingState.PAUSED if mailing.reason.get("code") != "person":
            return f"{mailing.state} {mailing.reason.get('code')}"
        case MailingState.UNKNOWN:
            unknown = Part.objects.filter(mailing=mailing, state=PartState.UNKNOWN)
            return "" if unknown.filter(next_look_at__isnull=False).exists() else str(mailing.state)
    return ""


def _written(mailing: Mailing) -> tuple[str, str]:
    state = str(MailingState(mailing.state).label)
    subject = " ".join(f"{state}: {mailing.subject}".split())
    is_over = mailing.state in (MailingState.SENT, MailingState.STOPPED)
    counts = [(_("Planned"), mailing.planned)]
    counts += [(str(RecipientState(name).label), getattr(mailing, name)) for name in COUNTERS]
    lines = [
        _("Address book %(book)s") % {"book": mailing.book.name},
        _("It has ended.") if is_over else _("It waits for a decision."),
        "",
        *(f"{label}: {count:,}" for label, count in counts),
    ]
    if settings.SITE_URL:
        path = reverse("mailing", args=[mailing.book.slug, mailing.pk])
        lines += ["", f"{settings.SITE_URL.rstrip('/')}{path}"]
    return subject, "\n".join(lines)
