"""What people do with a download: ask for it, try again, fetch its file."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import IO, Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from addressbook import actions, limits
from addressbook.models import Download
from addressbook.services.addresses import groups
from addressbook.services.downloads import files
from workspace.models import AddressBook, Edition, JobState
from workspace.services.books import books
from workspace.services.history import audit
from workspace.services.history.audit import Actor
from workspace.services.work import crash_points, jobs, owners
from workspace.services.work.submissions import Submitted


class ReasonRequiredError(Exception):
    """This book wants to know why."""


class TooManyDownloadsError(Exception):
    """The book has limits.DOWNLOADS_PER_BOOK files already, or is about to."""


class DownloadGoneError(Exception):
    """There is no such download in the book, or it has no file."""


class DownloadExpiredError(Exception):
    """The time of the file is over."""


def listed(edition: Edition) -> QuerySet[Download]:
    """The last requests of the book, newest first, each with `is_over`."""
    return Download.objects.judged().filter(edition=edition).order_by("-pk")[: limits.DOWNLOADS_LISTED]


def request(
    *,
    book: AddressBook,
    scope: Download.Scope,
    format: Download.Format,  # noqa: A002 - the field's name
    group_id: int | None,
    query: str,
    address_ids: Sequence[int] = (),
    parameters: Mapping[str, Any] = MappingProxyType({}),
    reason: str,
    language: str,
    token: UUID,
    by: Actor,
) -> Download:
    """Ask for a file: of the book, of a group, of what a search finds (there, if a group is given), or of some ids.
    For other scopes `parameters` tell their writer what is meant.

    Raises GroupGoneError, ReasonRequiredError or TooManyDownloadsError, and then nothing was asked for.
    """
    contents = [scope, format, group_id, query, list(address_ids), reason, dict(parameters)]
    submitted = Submitted(by, token, "request_download", contents, book)
    with transaction.atomic():
        edition = books.lock(book)
        if earlier := submitted.earlier_outcome():
            return find(edition, earlier["download"])
        group = groups.find(edition, group_id) if group_id is not None else None
        if not reason and AddressBook.objects.filter(pk=book.pk, download_reason_required=True).exists():
            raise ReasonRequiredError
        _require_room(edition)
        download = Download.objects.create(
            edition=edition,
            requested_by=by.user,
            requester=by.user.get_username(),
            requested_from=by.ip_address,
            created_at=timezone.now(),
            scope=scope,
            format=format,
            group=group,
            group_name=group.name if group else "",
            query=query,
            address_ids=list(address_ids),
            parameters=dict(parameters),
            reason=reason,
            language=language,
        )
        _record(actions.REQUEST_DOWNLOAD, download, by, group=download.group_name)
        submitted.remember({"download": download.pk})
        jobs.announce_on_commit(download)
        crash_points.reached("download request: before commit")
    return download


def retry(*, book: AddressBook, download_id: int, by: Actor) -> None:
    """Have a failed one made again. Raises DownloadGoneError or TooManyDownloadsError; of no effect on any other."""
    with transaction.atomic():
        edition = books.lock(book)
        download = find(edition, download_id, locked=True)
        if not may_retry(download):
            return
        _require_room(edition)
        download.outcome, download.taken_at = {}, None
        download.rows_done = download.rows_total = 0
        jobs.put_back(download)
        _record(actions.REQUEST_DOWNLOAD, download, by, again=True)


def may_retry(download: Download) -> bool:
    """Whether all is there that making it needs; the query of a search is dropped after a day."""
    lacks_query = download.scope in (Download.Scope.SEARCH, Download.Scope.PERSON) and not download.query
    return download.state in (JobState.FAILED, JobState.CANCELLED) and not lacks_query


def find(edition: Edition, download_id: int, *, locked: bool = False) -> Download:
    """Raises DownloadGoneError; a download of another edition or book is as good as gone."""
    rows = Download.objects.select_for_update(of=("self",)) if locked else Download.objects.judged()
    download = rows.filter(edition=edition, pk=download_id).first()
    if download is None:
        raise DownloadGoneError
    return download


def fetchable(edition: Edition, download_id: int) -> Download:
    """The download, if its file may be fetched now, by the clock of the database.

    Raises DownloadExpiredError or DownloadGoneError.
    """
    download = find(edition, download_id)
    if download.state == JobState.EXPIRED or (download.state == JobState.COMPLETE and download.is_over):  # type: ignore[attr-defined]
        raise DownloadExpiredError
    if download.state != JobState.COMPLETE:
        raise DownloadGoneError
    return download


def open_file(download: Download, *, whole: bool, by: Actor) -> IO[bytes]:
    """The file, to be read, and into the history who fetched it. Raises DownloadGoneError when it is not there."""
    try:
        file = files.open_stored(download.stored_file)
    except FileNotFoundError as error:
        raise DownloadGoneError from error
    _record(actions.FETCH_DOWNLOAD, download, by, rows=download.row_count, **({} if whole else {"part": True}))
    if whole:
        # A user who has the file need not dismiss its line as well.
        owners.dismiss(Download, book=download.edition.book, work_id=download.pk, by=by)
    return file


def _require_room(edition: Edition) -> None:
    if Download.objects.kept().filter(edition=edition).count() >= limits.DOWNLOADS_PER_BOOK:
        raise TooManyDownloadsError


def _record(action: str, download: Download, by: Actor, **more: Any) -> None:
    detail = {"download": download.pk, "scope": download.scope, "format": download.format, **more}
    audit.record(by=by, action=action, book=download.edition.book, detail=detail, reason=download.reason)
