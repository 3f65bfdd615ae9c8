"""Downloads: a file of the book is asked for, made by a worker, offered for a week, and then gone.

- `requests`: what people do: ask, try again, fetch.
- `snapshot`, `contents`, `making`: what a worker does. The file shows the book at the moment when its making began.
- `housekeeping`: what goes when its time has come.
"""

from addressbook.services.downloads.housekeeping import tidy
from addressbook.services.downloads.making import make
from addressbook.services.downloads.requests import (
    DownloadExpiredError,
    DownloadGoneError,
    ReasonRequiredError,
    TooManyDownloadsError,
    fetchable,
    find,
    listed,
    may_retry,
    open_file,
    request,
    retry,
)

__all__ = [
    "DownloadExpiredError",
    "DownloadGoneError",
    "ReasonRequiredError",
    "TooManyDownloadsError",
    "fetchable",
    "find",
    "listed",
    "make",
    "may_retry",
    "open_file",
    "request",
    "retry",
    "tidy",
]
