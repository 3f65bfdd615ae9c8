"""How a book's sync stands, in words for people who do not know what an API is."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from addressbook.models import Pause
from addressbook.services.sync import Parked, State, Status
from workspace.numbers import number


@dataclass(frozen=True, slots=True)
class Line:
    """What the line says; `mood` is good, moving, waiting or bad. A bar when `total` is known."""

    text: str
    mood: str
    sent: int = 0
    total: int = 0
    parked: str = ""


def line_of(status: Status) -> Line:
    parked = ""
    if status.parked_count:
        text = ngettext("%(count)s was not accepted", "%(count)s were not accepted", status.parked_count)
        parked = text % {"count": number(status.parked_count)}
    if status.state == State.SENDING and status.sent < status.total:
        text = _("Syncing %(sent)s of %(total)s") % {"sent": number(status.sent), "total": number(status.total)}
        return Line(text, "moving", status.sent, status.total, parked)
    # Green says that everything is there.
    mood = "waiting" if parked and _MOODS[status.state] == "good" else _MOODS[status.state]
    return Line(_text(status), mood, parked=parked)


_MOODS = {
    State.OFF: "off",
    State.PAUSED: "bad",
    State.WAITING: "waiting",
    State.SENDING: "moving",
    State.LANDING: "moving",
    State.IN_SYNC: "good",
    State.SETTLED: "good",
    State.DIFFERS: "bad",
}


def _text(status: Status) -> str:
    match status.state:
        case State.OFF:
            return _("Sync is off")
        case State.PAUSED:
            return pause_text(status.pause)
        case State.WAITING:
            if status.next_try_at is None:
                return _("Waiting for the service")
            return _("Waiting for the service, next try %(time)s") % {"time": moment(status.next_try_at)}
        case State.SENDING:
            return _("Syncing changes")
        case State.LANDING:
            if status.sent < status.total or status.removals_waiting:
                return _("Waiting until the service has processed what it received")
            return _("Synced, the service is processing")
        case State.IN_SYNC if status.parked_count:
            return _("Everything else is in sync, %(time)s") % {"time": moment(status.at)}
        case State.IN_SYNC:
            return _("In sync, %(time)s") % {"time": moment(status.at)}
        case State.SETTLED:
            return _("Synced, %(time)s") % {"time": moment(status.at)}
        case State.DIFFERS:
            return _("Differs, %(time)s") % {"time": moment(status.at)}


def pause_text(pause: Pause | None) -> str:
    match pause:
        case Pause.NOT_EMPTY:
            return _("Paused: the service already holds addresses")
        case Pause.NOT_CONNECTED:
            return _("Paused: there are no keys")
        case Pause.KEYS_REFUSED:
            return _("Paused: the keys were refused")
        case Pause.NO_PERMISSION:
            return _("Paused: the keys have no permission")
        case Pause.CLOCK_SKEW:
            return _("Paused: the clock of this server is wrong")
        case Pause.NOT_SUBSCRIBED:
            return _("Paused: the account has not subscribed to the service")
        case Pause.RETIRED:
            return _("Paused: the service is not offered any more")
        case Pause.REFUSING:
            return _("Paused: the service accepts nothing")
    return _("Paused")


def advice(status: Status) -> str:
    """What it means, and what to do about it."""
    match status.state:
        case State.OFF:
            return _("Nothing is synced. Addresses and groups are kept here only.")
        case State.PAUSED:
            return _advice_on_pause(status.pause)
        case State.WAITING:
            return _("The service does not answer just now. It is tried again by itself; nothing is lost.")
        case State.SENDING | State.LANDING:
            return _("You can go on working. Everything is synced automatically.")
        case State.IN_SYNC if status.parked_count:
            return _("All counts are the same here and at the service, except for what the service did not accept.")
        case State.IN_SYNC:
            return _("All counts are the same here and at the service.")
        case State.SETTLED:
            return _(
                "Everything from here is at the service. It held more before, so that it cannot be told whether both "
                "are the same. “Replace the service’s copy” makes them the same."
            )
        case State.DIFFERS:
            return _(
                "The service does not hold the same as this address book. Somebody may have changed it in the "
                "provider’s console. “Sync again” adds what is missing there; “Replace the service’s copy” also "
                "deletes extra entries."
            )


def _advice_on_pause(pause: Pause | None) -> str:
    match pause:
        case Pause.BY_USER:
            return _("Nothing is synced until an admin resumes. Changes made in the meantime are synced then.")
        case Pause.NOT_EMPTY:
            return _("An admin has to say whether what the service holds stays or goes.")
        case Pause.REFUSING:
            return _("One entry after the other was refused. See below why, or ask the provider’s support.")
        case Pause.RETIRED:
            return _("The provider does not offer this connection (any more). Nothing here is lost.")
    return _("Nothing is synced until this is fixed. An admin can test the connection in the settings, then resume.")


def parked_reason(entry: Parked) -> str:
    """Why the service did not accept it, as far as that can be told; its own answer is shown beside it."""
    if entry.is_removal:
        return _("The service does not delete this. It may be in use there.")
    if entry.address is None:
        return _("The service does not accept this group name.")
    return _("The service does not accept this address. Check it for typing errors, or delete it.")


def moment(at: datetime | None) -> str:
    """The time, with its day unless that is today."""
    if at is None:
        return "–"
    local = timezone.localtime(at)
    return date_format(local, "H:i" if local.date() == timezone.localdate() else "Y-m-d H:i")
