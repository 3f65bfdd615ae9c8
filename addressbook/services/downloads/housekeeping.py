"""What goes when its time has come: files after their week, queries, and what a killed process left behind."""

from collections.abc import Iterator
from datetime import timedelta

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from addressbook import limits
from addressbook.models import Download
from addressbook.services.addresses import tombstones
from addressbook.services.downloads import files
from workspace.models import Edition, JobState
from workspace.services.books import books
from workspace.services.work import crash_points


def tidy() -> None:
    """Harmless when two run at once, and cheap when there is nothing to do. Times are those of the database."""
    _bound_impossible_times()
    complete = Download.objects.filter(state=JobState.COMPLETE)
    for download in complete.filter(expires_at__lte=Now()):
        _close(download, JobState.EXPIRED)
    for download in complete.filter(expires_at__gt=Now()):
        if not default_storage.exists(download.stored_file):
            _close(download, JobState.FAILED, reason="file_gone")
    _forget_queries()
    _remove_stray_files()
    tombstones.forget_all()


def discard_files(edition: Edition) -> None:
    """Take all files of an edition that is being erased out of the store, at once. In the caller's transaction."""
    for download in Download.objects.filter(edition=edition, state=JobState.COMPLETE):
        _expire(download, JobState.EXPIRED, {})


def _bound_impossible_times() -> None:
    # A file that was made while the clock was ahead would be kept until then.
    longest = Now() + timedelta(days=limits.DOWNLOAD_KEPT_DAYS)
    Download.objects.filter(state=JobState.COMPLETE, expires_at__gt=longest).update(expires_at=longest)


def _close(download: Download, state: JobState, **outcome: str) -> None:
    with transaction.atomic():
        books.lock(download.edition.book)
        row = Download.objects.select_for_update(of=("self",)).get(pk=download.pk)
        if row.state == JobState.COMPLETE:
            _expire(row, state, outcome)
            crash_points.reached("download expiry: before commit")
    crash_points.reached("download expiry: done")


def _expire(download: Download, state: JobState, outcome: dict[str, str]) -> None:
    files.discard_on_commit(download.stored_file)
    download.state, download.outcome, download.stored_file = state, outcome, ""
    download.save(update_fields=["state", "outcome", "stored_file"])


def _forget_queries() -> None:
    horizon = timezone.now() - timedelta(hours=limits.DOWNLOAD_QUERY_KEPT_HOURS)
    Download.objects.filter(finished_at__lt=horizon).exclude(query="").update(query="")


def _remove_stray_files() -> None:
    # Listed before the rows are asked: what is stored meanwhile is not in the list.
    stored = list(_stored())
    if not stored:
        return
    named = set(Download.objects.exclude(stored_file="").values_list("stored_file", flat=True))
    for name in stored:
        if name not in named and _is_old(name):
            files.discard(name)


def _is_old(name: str) -> bool:
    """Older than a file that is about to get its row; a time in the future is of no clock that can be believed."""
    try:
        age = timezone.now() - default_storage.get_modified_time(name)
    except FileNotFoundError:
        return False
    return abs(age) > timedelta(hours=limits.STRAY_FILE_HOURS)


def _stored() -> Iterator[str]:
    try:
        _, names = default_storage.listdir(files.FOLDER)
    except FileNotFoundError:
        return
    for name in names:
        yield f"{files.FOLDER}/{name}"
