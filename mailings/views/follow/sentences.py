"""What a mailing's page says: its state in a word and a sentence, results in words, and the service's codes."""

from datetime import datetime, timedelta
from operator import itemgetter
from typing import Final

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.timesince import timeuntil
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext, pgettext_lazy

from addressbook.services.addresses import bulk
from mailings import limits
from mailings.models import Mailing, MailingState, OutsideReading, Part, PartState, Recipient, RecipientState
from mailings.services.results import history
from mailings.services.results.reasons import Reason, reason_sentence
from mailings.services.sending.progress import Progress
from workspace.models import AddressBook, AuditEvent
from workspace.views.history import history_sentences
from workspace.views.pages.sentences import number

_MINUTE_SECONDS: Final = 60
# The words of the service's console for its codes.
_STATUSES: Final[dict[str, str | Promise]] = {
    "P": gettext_lazy("Preparing to send"),
    "R": gettext_lazy("Ready to send"),
    "I": pgettext_lazy("status of the service", "Sending"),
    "S": gettext_lazy("Sent successfully"),
    "F": gettext_lazy("Failed to send"),
    "U": gettext_lazy("Unsubscribe"),
    "C": gettext_lazy("Cancel sending"),
    "PF": gettext_lazy("Partial failure"),
}
_PAUSES: Final[dict[str, str | Promise]] = {
    "keys_refused": gettext_lazy("The service refused the API keys."),
    "no_permission": gettext_lazy("The API keys may not send mail."),
    "clock_skew": gettext_lazy("The clock of this server is wrong."),
    "not_subscribed": gettext_lazy("The account is not subscribed to the service."),
    "retired": gettext_lazy("The service has ended this API for the account."),
    "no_keys": gettext_lazy("The book has no API keys."),
    "keys_unreadable": gettext_lazy("The API keys can no longer be read. Enter them again."),
    "host_not_allowed": gettext_lazy("The operator does not allow the host of this book."),
    "no_such_place": gettext_lazy("The zone does not have this region."),
    "no_http_proxy": gettext_lazy(
        "The proxy settings of this server name no HTTP proxy. Ask its operator to check them."
    ),
    "quota": gettext_lazy("The quota of the account at the service is used up. Resume when there is room again."),
    "unanswered": gettext_lazy("Several parts got no answer. It goes on once you have decided about them below."),
    "refused": gettext_lazy("The service refused a part. Decide below what to do with it."),
    "content_changed": gettext_lazy("The content is not what was confirmed. Copy it as a new draft."),
}


def state(mailing: Mailing) -> str:
    return str(MailingState(mailing.state).label)


def standing(mailing: Mailing) -> str:
    """A sentence where the word for the state does not say it all."""
    reason = mailing.reason
    match mailing.state:
        case MailingState.FREEZING:
            return _("The recipients are being put together.")
        case MailingState.HELD:
            return _("It is sent in a moment. Until then you can undo it.")
        case MailingState.AWAITING:
            return _("%(who)s has confirmed it. A second person has to confirm it, too.") % {"who": mailing.confirmer}
        case MailingState.MISSED:
            return _("Its time passed while the console was not running. Send it now, or make it a draft again.")
        case MailingState.PAUSED if reason.get("code") == "person":
            return _("Paused by %(who)s.") % {"who": reason.get("who", "")}
        case MailingState.PAUSED:
            return str(_PAUSES.get(reason.get("code", ""), ""))
        case MailingState.UNKNOWN:
            return _("Of some recipients nobody knows whether their mail was accepted. It is not sent again by itself.")
        case MailingState.ACCEPTED:
            return _("The service has accepted everything and is delivering it.")
    return ""


def pace(mailing: Mailing, progress: Progress) -> str:
    """How far a mailing is, how quickly it goes and how long it will take; empty where that is not the question."""
    if mailing.state not in (MailingState.SENDING, MailingState.PAUSED, MailingState.STOPPED) or not mailing.planned:
        return ""
    numbers = {"accepted": number(progress.accepted), "planned": number(mailing.planned)}
    if mailing.state == MailingState.STOPPED:
        return _("Stopped after %(accepted)s of %(planned)s recipients had been handed to the service.") % numbers
    if progress.waits_for_another:
        return _("Waits until another mail of this address book has gone out.")
    said = [_("%(accepted)s of %(planned)s handed to the service") % numbers]
    if progress.again_at is not None and mailing.state == MailingState.SENDING:
        moment = timezone.localtime(progress.again_at).strftime("%H:%M:%S")
        said.append(_("goes on at %(time)s, as the service has asked for") % {"time": moment})
    elif progress.a_minute and progress.seconds_left is not None:
        said.append(_("%(count)s a minute") % {"count": number(progress.a_minute)})
        said.append(_("about %(time)s left") % {"time": lasting(progress.seconds_left)})
    return pgettext("between two in a list", ", ").join(said)


def tab(mailing: Mailing, progress: Progress) -> str:
    """What the title of the tab begins with, for people who look at another one."""
    if mailing.state == MailingState.SENDING and mailing.planned:
        return f"{100 * progress.accepted // mailing.planned} %"
    return state(mailing)


def lasting(seconds: int) -> str:
    """The two largest units: 2 days 4 h, 3 h 20 min, 5 min, 40 s."""
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if days:
        text = ngettext("%(days)s day %(hours)s h", "%(days)s days %(hours)s h", days)
        return text % {"days": days, "hours": hours % 24}
    if hours:
        return _("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": minutes % 60}
    if minutes:
        return _("%(minutes)s min") % {"minutes": minutes}
    return _("%(seconds)s s") % {"seconds": seconds}


def from_now(moment: datetime) -> str:
    """As in "in 3 h 20 min"; empty for what is over."""
    seconds = round((moment - timezone.now()).total_seconds())
    return _("in %(time)s") % {"time": lasting(seconds)} if seconds > 0 else ""


def counts(mailing: Mailing) -> list[tuple[str, int]]:
    """Label and number; the first is the sum of the others."""
    return [
        (_("Planned"), mailing.planned),
        (_("Sent"), mailing.sent),
        (_("Failed"), mailing.failed),
        (_("Unsubscribed"), mailing.unsubscribed),
        (_("Blocked"), mailing.blocked),
        (_("Left out"), mailing.left_out),
        (_("Cancelled"), mailing.cancelled),
        (_("Unknown"), mailing.unknown),
        (_("Open"), mailing.open),
    ]


def part(part: Part) -> str:
    """What the service said of a part, for people who may have to ask its support."""
    answer = part.answer
    if part.state == PartState.UNKNOWN and part.next_look_at is not None:
        return _("No answer came. It is being looked for at the service.")
    if part.state == PartState.UNKNOWN:
        return _("No answer came, and the service does not list it. It may have been sent all the same.")
    if part.state == PartState.REFUSED:
        return _("The service refused it: %(words)s") % {"words": answer.get("words", "")}
    if part.state == PartState.ACCEPTED and _is_late(part):
        return _late(part)
    if part.state == PartState.WAITING and part.not_before:
        return _("The service did not take it now. It is tried again.")
    return ""


def _is_late(part: Part) -> bool:
    moment = part.answered_at or part.called_at
    return moment is not None and moment < timezone.now() - timedelta(hours=limits.UNFINISHED_HOURS)


def _late(part: Part) -> str:
    """What is known of a request that the service does not finish."""
    hours = {"hours": limits.UNFINISHED_HOURS}
    said = _("The service has not finished this part for more than %(hours)s hours. It is still asked.") % hours
    most_first = sorted(part.status.get("counts", {}).items(), key=itemgetter(1), reverse=True)
    counts = [f"{service_status(code)}: {number(count)}" for code, count in most_first]
    if counts:
        known = _("It says: %(counts)s.") % {"counts": pgettext("between two in a list", ", ").join(counts)}
        return f"{said} {known}"
    return said


def result(row: Recipient) -> tuple[str, str]:
    """The state in a word, and the reason in a sentence."""
    return str(RecipientState(row.state).label), reason_sentence(row.result_code, row.result_message)


def reason_line(reason: Reason) -> str:
    """`Failed: The address does not exist.`"""
    said = reason_sentence(reason.code)
    return f"{reason.state.label}: {said}" if said else str(reason.state.label)


def service_status(code: str) -> str:
    """The service's code for a mail, in the words of its console."""
    return str(_STATUSES.get(code, code))


def reading_problem(book: AddressBook) -> str:
    """Why the list of what was sent elsewhere may be old; "" where it is not, or is not read at all."""
    reading = OutsideReading.objects.filter(book=book).exclude(problem="").first()
    if reading is None:
        return ""
    why = _PAUSES.get(reading.problem) or _("The service did not answer as it should.")
    return _("What was sent elsewhere could not be read from the service. %(why)s") % {"why": why}


def time_line(mailing: Mailing) -> list[tuple[str, datetime, str]]:
    """What happened when, and what is to be said of it; in this order."""
    took = ""
    if mailing.done_at and mailing.began_at and (mailing.done_at - mailing.began_at).total_seconds() >= _MINUTE_SECONDS:
        took = timeuntil(mailing.done_at, mailing.began_at)
    moments = [
        (_("Confirmed"), mailing.confirmed_at, mailing.confirmer),
        (_("Confirmed by a second person"), mailing.approved_at, mailing.approver),
        (_("Scheduled for"), mailing.send_at, ""),
        (_("Began"), mailing.began_at, ""),
        (_("Accepted"), mailing.accepted_at, ""),
        (_("Done"), mailing.done_at, _("%(time)s after it began") % {"time": took} if took else ""),
    ]
    return [(label, moment, text) for label, moment, text in moments if moment is not None]


def history_lines(mailing: Mailing) -> list[tuple[AuditEvent, str, list[tuple[str, str]]]]:
    """Line, title, and label and value of the rest, without the number of the mailing that they stand beside."""
    found = []
    for line in history.lines_about(mailing):
        facts = [(label, value) for label, value in history_sentences.facts(line) if label != _("Mail number")]
        found.append((line, history_sentences.title(line.action), facts))
    return found


def too_late(now: MailingState) -> str:
    return _("Too late: the mail is already in the state “%(state)s”.") % {"state": str(now.label)}


def follow_ups() -> list[tuple[str, str]]:
    """The acts on those who were not reached, by the name of their URL."""
    return [
        ("send_to_not_reached", _("Send to those not reached")),
        ("take_out_of_book", _("Take out of the address book")),
        ("put_into_group", _("Put into a group")),
    ]


def followed(done: bulk.Done) -> list[tuple[str, int]]:
    """What an act on addresses of the book has changed."""
    labels = {"deleted": _("Deleted"), "added": _("Added to groups"), "removed": _("Removed from groups")}
    return [(labels[name], count) for name, count in done.changes.items() if name != "removed" or count]
