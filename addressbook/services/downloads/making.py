"""What a worker does with a download: pin the moment, write the file beside the store, put it there whole."""

import errno
import os
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Final

from django.db.models.functions import Now
from django.utils import timezone, translation

from addressbook import limits
from addressbook.models import Download
from addressbook.services.addresses import tombstones
from addressbook.services.downloads import contents, files
from addressbook.services.downloads.snapshot import Moment, pin
from workspace.models import Edition, JobState
from workspace.services.work import crash_points, jobs, stored_files
from workspace.services.work.changing import holding

_NO_SPACE: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class _StaleMomentError(Exception):
    """Rows came back under ids from before the moment (`tombstones.rows_return`): it cannot be told any more."""


def make(download: Download) -> None:
    """Make the file of a claimed download. Safe to repeat; each try pins a new moment. Raises JobLostError."""
    crash_points.reached("download: begin")
    with suppress(jobs.WorkOverError):  # it has been ended
        _make(download)
    tombstones.forget(download.edition.book)
    crash_points.reached("download: done")


def _make(download: Download) -> None:
    try:
        with files.scratch() as folder:
            while not _make_once(download, folder / "file"):
                pass
    except contents.GroupGoneMeanwhileError:
        _end(download, JobState.FAILED, "group_gone")
    except OSError as error:
        if error.errno not in _NO_SPACE:
            raise
        _end(download, JobState.FAILED, "no_space")


def _make_once(download: Download, path: Path) -> bool:
    """Whether the file is there; if not, another moment is to be taken."""
    moment = _begin(download)
    crash_points.reached("download: moment pinned")
    with translation.override(download.language):
        rows = contents.write(path, download, moment, _Heart(download, moment).beat)
    crash_points.reached("download: file written")
    try:
        _keep(download, path, rows)
    except _StaleMomentError:
        path.unlink(missing_ok=True)
        return False
    return True


def _begin(download: Download) -> Moment:
    with jobs.step(download) as step:
        row = step.row
        moment = pin(row.edition)
        row.taken_at = timezone.now()
        row.rows_done, row.rows_total = 0, contents.rows_to_look_at(row, moment)
        row.save(update_fields=["taken_at", "rows_done", "rows_total"])
    return moment


class _Heart:
    """Keeps the lease while the file is written, and notices when it is of no use any more."""

    def __init__(self, download: Download, moment: Moment) -> None:
        self._download = download
        self._moment = moment
        self._looked_at = 0
        self._last = time.monotonic()

    def beat(self, looked_at: int) -> None:
        self._looked_at += looked_at
        crash_points.reached("download: page written")
        if time.monotonic() - self._last < limits.DOWNLOAD_HEARTBEAT_SECONDS:
            return
        self._last = time.monotonic()
        is_wanted = jobs.keep_lease(self._download, rows_done=self._looked_at)
        if not is_wanted or not Edition.objects.filter(pk=self._moment.edition_id, current_of__isnull=False).exists():
            with jobs.step(self._download):
                pass  # it is ended there


def _keep(download: Download, path: Path, rows: int) -> None:
    """Put the file into the store and offer it: from the commit on, for as long as the database's clock says."""
    with path.open("rb") as written:
        sha256 = files.sha256(written)
        os.fsync(written.fileno())
    size = path.stat().st_size
    stored_file = files.keep_path(path)
    crash_points.reached("download: file stored")
    try:
        with jobs.step(download) as step:
            row = step.row
            if row.taken_at is None:
                raise _StaleMomentError
            row.stored_file, row.sha256, row.size, row.row_count = stored_file, sha256, size, rows
            row.state, row.rows_done, row.query = JobState.COMPLETE, row.rows_total, ""
            row.outcome = {}
            row.expires_at = timezone.now()  # in a moment, by the right clock
            jobs.finish(row, JobState.COMPLETE, also=_MADE)
            Download.objects.filter(pk=row.pk).update(expires_at=Now() + timedelta(days=limits.DOWNLOAD_KEPT_DAYS))
    except (jobs.WorkOverError, _StaleMomentError, jobs.JobLostError):
        # Whatever else goes wrong, the commit may have happened: then the sweep decides by the row.
        stored_files.discard(stored_file)
        raise


_MADE: Final = ("stored_file", "sha256", "size", "row_count", "rows_done", "query", "outcome", "expires_at")


def _end(download: Download, state: JobState, reason: str) -> None:
    with holding(download.book):
        jobs.finish(jobs.still_owned(download), state, reason=reason)
        crash_points.reached("download: before the end is committed")
