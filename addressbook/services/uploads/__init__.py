"""Bulk registration: a file is received, checked by a worker, looked at by its owner, and applied by a worker.

- `requests`: what people do with an upload: send, choose, OK.
- `checking` and `applying`: what workers do with it. `run` is their entry.
- `housekeeping`: what goes when its time has come.
- `refused`: the rows that were refused, to be mended.

What was checked is what is applied: the check writes the addresses that it accepted into a file of their own, and OK
applies exactly that file, found by its hash.
"""

from addressbook.models import Upload
from addressbook.services.uploads.applying import apply_rows
from addressbook.services.uploads.checking import check_file
from addressbook.services.uploads.housekeeping import tidy
from addressbook.services.uploads.mending import UnknownFindingError
from addressbook.services.uploads.refused import record_fetch, refused_rows, texts_to_mend
from addressbook.services.uploads.requests import (
    CheckOutdatedError,
    FileTooLargeError,
    NothingToApplyError,
    TooManyUploadsError,
    UploadGoneError,
    apply,
    apply_list,
    apply_rows_of,
    choose,
    find,
    mend,
    receive,
)

__all__ = [
    "CheckOutdatedError",
    "FileTooLargeError",
    "NothingToApplyError",
    "TooManyUploadsError",
    "UnknownFindingError",
    "UploadGoneError",
    "apply",
    "apply_list",
    "apply_rows_of",
    "choose",
    "find",
    "mend",
    "receive",
    "record_fetch",
    "refused_rows",
    "run",
    "texts_to_mend",
    "tidy",
]


def run(upload: Upload) -> None:
    """Work on a claimed upload until it rests or is over. Raises JobLostError when another worker has it."""
    if upload.phase == Upload.Phase.CHECK:
        check_file(upload)
    else:
        apply_rows(upload)
