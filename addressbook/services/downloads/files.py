"""The files of downloads in the default storage, under random names of ours."""

from pathlib import Path
from typing import IO, Final
from uuid import uuid4

from django.core.files import File
from django.core.files.storage import default_storage

from addressbook.services.uploads.files import scratch, sha256

__all__ = ["FOLDER", "keep_path", "open_stored", "scratch", "sha256"]

FOLDER: Final = "downloads"


class _Movable(File):
    """A file of ours that the data folder takes by a rename; any other store reads it."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        super().__init__(file)
        self._path = path

    def temporary_file_path(self) -> str:
        return str(self._path)


def keep_path(path: Path) -> str:
    """Store the file, which need not be there afterwards; returns its name."""
    with path.open("rb") as content:
        return default_storage.save(f"{FOLDER}/{uuid4().hex}", _Movable(content, path))


def open_stored(name: str) -> IO[bytes]:
    """The stored file, to be read. Raises FileNotFoundError or StoreAwayError.

    A bucket's file is brought here at once: a store that hangs is found before anything is answered or recorded.
    """
    file = default_storage.open(name)
    file.seek(0)
    return file
