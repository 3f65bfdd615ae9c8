"""The check: every row of the file is accounted for, and what may be registered is written into a file of its own."""

import re
import time
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from django.utils import timezone

from addressbook import limits
from addressbook.models import Upload
from addressbook.services.uploads import files, lists, refused
from addressbook.services.uploads.mending import choice_of, mending_of
from addressbook.services.uploads.tally import Tally
from libraries import spreadsheets
from libraries.spreadsheets import Layout, Refusal, RefusedFileError
from workspace.models import JobState
from workspace.services.work import crash_points, jobs, stored_files
from workspace.services.work.changing import holding

# What the owner of a file can mend by another choice: the upload rests, and the popup says what is to be chosen.
_OPEN_TO_CHOICE: Final = frozenset({Refusal.UNKNOWN_ENCODING, Refusal.UNKNOWN_SHEET})

# What a JSON column of PostgreSQL has no way to hold.
UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


def check_file(upload: Upload) -> None:
    """Check a claimed upload. Repeats safely: nothing counts until the last transaction. Raises JobLostError."""
    crash_points.reached("check: begin")
    try:
        try:
            with files.local(upload.stored_file) as path, files.scratch() as folder:
                _check(upload, path, folder)
        except RefusedFileError as error:
            if error.code not in _OPEN_TO_CHOICE:
                raise
            result = {"refusal": error.code, "detail": storable(error.detail), **_choices(upload)}
            _rest(upload, result, [], "", "", "")
    except RefusedFileError as error:
        _end_owned(upload, JobState.REFUSED, {"refusal": error.code, "detail": storable(error.detail)})
    except FileNotFoundError:
        _end_owned(upload, JobState.FAILED, {"reason": "file_gone"})


def _check(upload: Upload, path: Path, folder: Path) -> None:
    with path.open("rb") as stored:
        if files.sha256(stored) != upload.sha256:
            raise FileNotFoundError  # another file stands in its place: ours is gone
    with spreadsheets.read(path, name=upload.name, choice=choice_of(upload)) as reading:
        layout = reading.layout
        with Tally(upload.edition, folder, mending_of(upload), looks_up=not upload.is_list) as tally:
            heartbeat = _Heartbeat(upload, tally)
            for batch in reading:
                tally.add(batch)
                heartbeat.if_due()
            tally.look_up_rest()
    crash_points.reached("check: file read")
    _go_on(upload, tally.rows)
    if tally.invalid:
        refused.write_cells(path, upload.name, layout, tally.notes_path, folder, beat=heartbeat.if_due)
    result = {**tally.result(), "layout": storable(layout.as_json())}
    if upload.is_list:
        result |= lists.arrange(upload, tally.rows_path, beat=heartbeat.if_due)
    kept: list[str] = []
    try:
        with tally.rows_path.open("rb") as written:
            rows_sha256 = files.sha256(written)
        kept.append(files.keep_path(tally.rows_path))
        kept.append(files.keep_path(folder / refused.FILE_NAME) if tally.invalid else "")
        crash_points.reached("check: results stored")
        _rest(upload, result, tally.groups(), kept[0], rows_sha256, kept[1])
    except BaseException:
        stored_files.discard(*kept)
        raise
    crash_points.reached("check: done")


class _Heartbeat:
    """Says how far the check is and keeps its lease, wherever it reads the file. Raises what `jobs.step` raises."""

    def __init__(self, upload: Upload, tally: Tally) -> None:
        self._upload = upload
        self._tally = tally
        self._last = time.monotonic()

    def if_due(self) -> None:
        if time.monotonic() - self._last > limits.UPLOAD_HEARTBEAT_SECONDS:
            _go_on(self._upload, self._tally.rows)
            self._last = time.monotonic()


def _go_on(upload: Upload, rows: int) -> None:
    if not jobs.keep_lease(upload, rows_done=rows):
        with jobs.step(upload, end=_end):
            pass  # it is ended there


def _rest(
    upload: Upload,
    result: dict[str, Any],
    groups: list[dict[str, Any]],
    stored_rows: str,
    rows_sha256: str,
    stored_refused: str,
) -> None:
    """Leave the upload to its owner, with what was found."""
    with jobs.step(upload, end=_end) as step:
        row = step.row
        stored_files.discard_of(row, "rows_file", "refused_file")
        row.check_result, row.groups = result, groups
        row.rows_file, row.rows_sha256, row.refused_file = stored_rows, rows_sha256, stored_refused
        row.rows_done = result.get("rows", 0)
        row.state, row.lease_until = JobState.CHECKED, None
        row.expires_at = timezone.now() + timedelta(hours=limits.UPLOAD_KEPT_HOURS)
        row.save()


def _end_owned(upload: Upload, state: JobState, outcome: dict[str, Any]) -> None:
    with holding(upload.book):
        row = jobs.still_owned(upload)
        row.outcome = outcome
        _end(row, state)
        crash_points.reached("check: before the end is committed")


def _end(upload: Upload, state: JobState, reason: str = "") -> None:
    stored_files.discard_of(upload)
    jobs.finish(upload, state, reason=reason, also=("outcome", *Upload.FILE_FIELDS))


def _choices(upload: Upload) -> dict[str, Any]:
    """The layout of the check before, so that what can be chosen stays on the screen."""
    layout = upload.check_result.get("layout")
    return {"layout": layout} if layout else {}


def layout_of(upload: Upload) -> Layout | None:
    """How the file was read by the last check; None when it could not be read."""
    layout = upload.check_result.get("layout")
    return Layout.from_json(layout) if layout else None


def storable(value: Any) -> Any:
    """The same JSON value with what the database cannot hold replaced."""
    if isinstance(value, str):
        return UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {key: storable(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [storable(entry) for entry in value]
    return value
