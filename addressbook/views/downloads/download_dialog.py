"""What the popup "Excel download list" shows: what can be asked for, and every request with how it stands."""

from collections.abc import Set
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from addressbook import limits
from addressbook.forms.listing import Listing
from addressbook.models import Download, Group
from addressbook.models.searching import Search, beginning_of, ending_of
from addressbook.services import downloads
from workspace.models import JobState, LeasedWork
from workspace.numbers import number
from workspace.views.pages.access import Access

TEMPLATE = "dialogs/downloads.html"


@dataclass(frozen=True, slots=True)
class Line:
    """A request as the list shows it. `state` is of JobState; `percent` is None while nobody has begun."""

    download: Download
    state: str
    what: str
    percent: int | None
    fault: str
    may_fetch: bool
    may_retry: bool


_OF_MAIL: Final = (
    Download.Scope.MAIL,
    Download.Scope.MAILS,
    Download.Scope.PERSON,
    Download.Scope.UNSUBSCRIBED,
)


def download_dialog(
    access: Access,
    listing: Listing,
    *,
    picked: Set[int] = frozenset(),
    chosen: dict[str, Any] | None = None,
    problem: str = "",
) -> dict[str, Any]:
    """`picked`: the ids that are ticked. `chosen`: what the form was sent with, where it was refused.

    What is offered first is what the user looks at, and not the whole book: the narrowest comes first.
    """
    group = Group.objects.filter(edition=access.edition, pk=listing.group_id).first() if listing.group_id else None
    scopes = _scopes(access, group, listing.query, picked)
    narrowest = scopes[-1][0]
    scopes.append((str(Download.Scope.UNSUBSCRIBED), str(Download.Scope.UNSUBSCRIBED.label)))
    return {
        "listing": listing,
        "scopes": scopes,
        "picked": ",".join(map(str, sorted(picked))),
        "formats": Download.Format.choices,
        "chosen": {"scope": narrowest, "format": Download.Format.XLSX, "reason": "", **(chosen or {})},
        "problem": problem,
        "token": uuid4(),
        **download_list(access),
    }


def download_list(access: Access) -> dict[str, Any]:
    lines = [_line(access, download) for download in downloads.listed(access.edition)]
    return {"lines": lines, "downloads_unfinished": any(line.download.is_working for line in lines)}


def download_lines(access: Access, rows: QuerySet[Download]) -> list[tuple[LeasedWork, Any]]:
    """The same as the page shows it beside other work."""
    return [(download, _line(access, download)) for download in rows.order_by("pk")]


def file_name(download: Download) -> str:
    """What the browser calls the file: the book, the group, the day; nothing that a system has no file names with."""
    parts = [str(download.edition.book), download.group_name]
    if download.scope == Download.Scope.SEARCH:
        parts.append(_("search"))
    if download.scope in _OF_MAIL:
        parts.append(_what(download))
    if download.taken_at is not None:
        parts.append(f"{download.taken_at:%Y-%m-%d}")
    text = " ".join(filter(None, parts))
    clean = "".join(" " if c in '\\/:*?"<>|' or not c.isprintable() else c for c in text)
    extension = "zip" if download.format == Download.Format.CONSOLE else download.format
    return f"{' '.join(clean.split()).lstrip('.') or 'list'}.{extension}"


def _scopes(access: Access, group: Group | None, query: str, picked: Set[int]) -> list[tuple[str, str]]:
    access.edition.refresh_from_db(fields=["address_count"])
    count = {"count": number(access.edition.address_count)}
    scopes = [(str(Download.Scope.BOOK), _("All addresses (%(count)s)") % count)]
    if group is not None:
        values = {"group": group.name, "count": number(group.address_count)}
        scopes.append((str(Download.Scope.GROUP), _("Group “%(group)s” (%(count)s)") % values))
    if query:
        scopes.append((str(Download.Scope.SEARCH), _search(group, query)))
    if picked:
        scopes.append(
            (str(Download.Scope.CHOSEN), _("Selected addresses (%(count)s)") % {"count": number(len(picked))})
        )
    return scopes


def _search(group: Group | None, query: str) -> str:
    if group is not None:
        return _("“%(query)s” in group “%(group)s”") % {"query": query, "group": group.name}
    if beginning := beginning_of(query):
        return _("Addresses that begin with “%(beginning)s”") % {"beginning": beginning}
    if ending := ending_of(query):
        return _("Addresses that end with “%(ending)s”") % {"ending": ending}
    if keys := Search.of(query).keys:
        return _("Those of %(count)s addresses searched for that are here") % {"count": number(len(keys))}
    return _("Addresses that contain “%(query)s”") % {"query": query}


def _line(access: Access, download: Download) -> Line:
    is_over = bool(getattr(download, "is_over", False)) and download.state == JobState.COMPLETE
    state = str(JobState.EXPIRED) if is_over else download.state
    return Line(
        download=download,
        state=state,
        what=_what(download),
        percent=_percent(download),
        fault=fault(download) if state == JobState.FAILED else "",
        may_fetch=access.may_edit and state == JobState.COMPLETE,
        may_retry=access.may_edit and downloads.may_retry(download),
    )


def _percent(download: Download) -> int | None:
    if download.state != JobState.RUNNING:
        return None
    return min(99, 100 * download.rows_done // download.rows_total) if download.rows_total else 0


def _what(download: Download) -> str:
    if download.scope == Download.Scope.CHOSEN:
        return _("Selected addresses")
    if download.scope == Download.Scope.MAIL:
        return _("Recipients of “%(subject)s”") % {"subject": download.parameters["subject"]}
    if download.scope in _OF_MAIL:
        return str(Download.Scope(download.scope).label)
    if download.scope == Download.Scope.SEARCH:
        group = {"group": download.group_name}
        return _("Search in group “%(group)s”") % group if download.group_name else _("Search")
    return _("Group “%(group)s”") % {"group": download.group_name} if download.group_name else _("All addresses")


def fault(download: Download) -> str:
    """Why there is no file, and what to do about it."""
    match download.outcome.get("reason"):
        case "reset":
            return _("The address book was reset meanwhile. Request a new file.")
        case "group_gone":
            return _("The group was deleted before the file was begun. Request a new file.")
        case "no_space":
            return _("There was no room for the file on the server. Tell whoever runs it, then try again.")
        case "file_gone":
            return _("The file is no longer on the server. Please try again.")
        case _:
            return _("Creating the file failed several times. Please try again.")


def too_many() -> str:
    limit = number(limits.DOWNLOADS_PER_BOOK)
    return _("This address book has %(limit)s files already. Wait until one expires, or use one of them.") % {
        "limit": limit
    }
