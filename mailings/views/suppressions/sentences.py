"""What the pages of unsubscribes and blocks say in words."""

from collections.abc import Collection

from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mailings import limits
from mailings.models import Suppression
from mailings.services.suppressions.reading import Standing
from mailings.services.suppressions.unsubscribes import Registered, Removed
from workspace import limits as workspace_limits
from workspace.numbers import number
from workspace.services.books.connection import Obstacle

Counts = list[tuple[str, int]]


def registered(report: Registered) -> Counts:
    return [
        (_("Registered"), report.registered),
        (_("Already there"), report.already_there),
        (_("Duplicates"), report.doubled),
        (_("Invalid"), report.invalid),
    ]


def removed(report: Removed) -> Counts:
    return [
        (_("Removed"), report.removed),
        (_("Not in the list"), report.not_there),
        (_("Duplicates"), report.doubled),
        (_("Invalid"), report.invalid),
    ]


def too_many(count: int) -> str:
    text = _("These are %(count)s addresses; at most %(limit)s can be typed at a time. Nothing was changed.")
    return text % {"count": number(count), "limit": number(workspace_limits.TYPED_ADDRESSES_PER_REGISTRATION)}


def too_many_to_look_up(count: int) -> str:
    text = _("These are %(count)s addresses; at most %(limit)s can be looked up at a time.")
    return text % {"count": number(count), "limit": number(limits.BLOCKS_LOOKED_UP_AT_ONCE)}


def waiting(standing: Standing) -> str:
    """What the service does not know yet; "" when it knows everything."""
    parts = []
    if standing.untold:
        text = ngettext(
            "%(count)s unsubscribe has not been told to the service yet.",
            "%(count)s unsubscribes have not been told to the service yet.",
            standing.untold,
        )
        parts.append(text % {"count": number(standing.untold)})
    if standing.removals_untold:
        text = ngettext(
            "%(count)s removal has not been told to the service yet.",
            "%(count)s removals have not been told to the service yet.",
            standing.removals_untold,
        )
        parts.append(text % {"count": number(standing.removals_untold)})
    if parts and not problem(standing):
        parts.append(_("That happens by itself within seconds."))
    return " ".join(parts)


def told(standing: Standing) -> str:
    if standing.telling is None or standing.telling.told_at is None:
        return _("The service has not been told anything from here yet.")
    moment = date_format(localtime(standing.telling.told_at), "Y-m-d H:i:s")
    return _("The service was last told at %(time)s.") % {"time": moment}


def listed(standing: Standing) -> str:
    """Whether the service's own list is in what is shown, and as of when."""
    telling = standing.telling
    if telling is None or (telling.can_read is None and telling.read_due_at is None):
        return _("The service’s own list has not been read yet.")
    if telling.can_read is None:
        return _("The service’s own list is being read.")
    if not telling.can_read:
        return _("The service does not show its own list, so this is the list that is kept here.")
    if telling.read_at is None:
        return ""
    text = ngettext(
        "The service’s own list was last read at %(time)s: %(count)s address. It is read once a day.",
        "The service’s own list was last read at %(time)s: %(count)s addresses. It is read once a day.",
        telling.read_count,
    )
    moment = date_format(localtime(telling.read_at), "Y-m-d H:i:s")
    return text % {"time": moment, "count": number(telling.read_count)}


def at_service(row: Suppression, standing: Standing) -> str:
    """Whether the service knows of this unsubscribe, and since when."""
    read_at = standing.telling.read_at if standing.telling else None
    if row.told_at is None:
        return _("Not accepted") if row.result_code == Suppression.REFUSED else _("Not told yet")
    if read_at is not None and row.told_at < read_at and (row.read_at is None or row.read_at < read_at):
        return _("Not in its list any more")
    return date_format(localtime(row.told_at), "Y-m-d H:i")


def answered(standing: Standing) -> Counts:
    """The three numbers of the service's last answer."""
    telling = standing.telling
    if telling is None or telling.told_at is None:
        return []
    return [
        (_("Told to the service"), telling.asked_count),
        (_("Changed there"), telling.changed_count),
        (_("Known there already"), telling.ignored_count),
    ]


def problem(standing: Standing) -> str:
    """Why the service could not be told; "" while nothing is in the way."""
    telling = standing.telling
    if telling is None or not telling.problem:
        return ""
    if telling.problem in set(Obstacle):
        return _("The service cannot be told: the connection of this address book has to be put right first.")
    text = _("The service could not be told (%(code)s). This is tried again by itself; nothing is lost.")
    return text % {"code": telling.problem}


def suppression_lines(row: Suppression) -> list[str]:
    """Since when an address is suppressed, by what or whom, and until when."""
    since = _("since %(time)s") % {"time": date_format(localtime(row.since), "Y-m-d H:i")}
    source = str(row.get_source_display())
    if row.file_name:
        source += f" “{row.file_name}”"
    if row.added_by:
        source += f" ({row.added_by})"
    lines = [f"{since} · {source}"]
    if row.mailing is not None:
        lines.append(row.mailing.subject)
    if row.result_code and row.kind == Suppression.Kind.BLOCKED:
        lines.append(row.result_code)
    if row.until is not None:
        lines.append(_("until %(time)s") % {"time": date_format(localtime(row.until), "Y-m-d H:i")})
    return lines


def badges(kinds: Collection[str]) -> SafeString:
    """What stands beside an address of the list that is unsubscribed or blocked."""
    return format_html_join(
        "",
        ' <span class="badge badge-{}">{}</span>',
        ((kind.value, kind.label) for kind in Suppression.Kind if kind in kinds),
    )


def refused(standing: Standing) -> str:
    if not standing.refused:
        return ""
    text = ngettext(
        "The service does not take %(count)s of the addresses. From here it gets no advertising all the same.",
        "The service does not take %(count)s of the addresses. From here they get no advertising all the same.",
        standing.refused,
    )
    return text % {"count": number(standing.refused)}
