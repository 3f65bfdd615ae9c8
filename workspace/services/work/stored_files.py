"""The store of files as services and views see it: what it raises when it cannot be used, and how files leave it."""

from collections.abc import Callable, Collection, Iterator
from datetime import timedelta

from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from workspace import limits
from workspace.models import LeasedWork


class StoreAwayError(Exception):
    """The store does not answer, or refuses; nothing was stored. The message is a sentence for the log."""


def discard(*names: str) -> None:
    """Remove these files, if they are there; an empty name is none."""
    for name in filter(None, names):
        default_storage.delete(name)


def discard_on_commit(*names: str) -> None:
    """Remove these files once the rows that named them say so no more.

    What cannot be removed then is left to the sweep of stray files: the work itself is done, and must not seem to fail.
    """
    transaction.on_commit(lambda: discard(*names), robust=True)


def discard_of(work: LeasedWork, *fields: str) -> None:
    """Remove what these fields name (none given: all its files) on commit, and blank them; does not save."""
    for field in fields or work.FILE_FIELDS:
        discard_on_commit(getattr(work, field))
        setattr(work, field, "")


def discard_stray(folder: str, named: Callable[[], Collection[str]]) -> None:
    """Remove what is old in the folder and stands in no row; `named` tells what does."""
    # Listed before the rows are asked: what is stored meanwhile is not in the list.
    stored = list(_stored(folder))
    if not stored:
        return
    known = named()
    for name in stored:
        if name not in known and _is_old(name):
            discard(name)


def _stored(folder: str) -> Iterator[str]:
    try:
        _, names = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in names:
        yield f"{folder}/{name}"


def _is_old(name: str) -> bool:
    """Older than a file that is about to get its row; a time in the future is of no clock that can be believed."""
    try:
        age = timezone.now() - default_storage.get_modified_time(name)
    except FileNotFoundError:
        return False  # another sweep, or the end of its work, was here first
    return abs(age) > timedelta(hours=limits.STRAY_FILE_HOURS)
