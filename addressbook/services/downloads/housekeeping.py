"""Expiry of downloads: files after their week, queries, and leftovers of killed processes."""

from datetime import timedelta

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from addressbook import limits
from addressbook.models import Download
from addressbook.services.addresses import tombstones
from addressbook.services.downloads import files
from workspace.models import JobState
from workspace.services.books import books
from workspace.services.work import crash_points, stored_files


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
    stored_files.discard_stray(files.FOLDER, _named)
    tombstones.forget_all()


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
    stored_files.discard_of(download)
    download.state, download.outcome = state, outcome
    download.save(update_fields=["state", "outcome", "stored_file"])


def _forget_queries() -> None:
    horizon = timezone.now() - timedelta(hours=limits.DOWNLOAD_QUERY_KEPT_HOURS)
    Download.objects.filter(finished_at__lt=horizon).exclude(query="").update(query="")


def _named() -> set[str]:
    return set(Download.objects.exclude(stored_file="").values_list("stored_file", flat=True))
