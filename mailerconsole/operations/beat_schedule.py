"""The file in which beat keeps when it last ran what."""

import dbm
import shelve
from pathlib import Path


def discard_if_damaged(path: Path) -> bool:
    """Delete the schedule at `path` when it cannot be read; whether it was. Beat begins a new one then.

    Kept otherwise: a task that runs once an hour would never run on a machine that is started more often than that.
    """
    try:
        with shelve.open(str(path), flag="r") as schedule:  # noqa: S301 - our own file in our own folder
            _ = dict(schedule)
    except Exception as error:  # whatever unpickling garbage raises
        if isinstance(error, dbm.error) and not _files(path):
            return False  # there is none yet
        for file in _files(path):
            file.unlink()
        return True
    return False


def _files(path: Path) -> list[Path]:
    # dbm may write one file or several with suffixes, by what the machine has.
    return list(path.parent.glob(f"{path.name}*"))
