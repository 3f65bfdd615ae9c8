"""The files of uploads in the default storage, under random names of ours."""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final
from uuid import uuid4

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage

FOLDER: Final = "uploads"
_CHUNK_BYTES: Final = 64 * 1024


def keep(content: File) -> str:
    """Store the content, a chunk at a time; returns its name."""
    return default_storage.save(f"{FOLDER}/{uuid4().hex}", content)


def keep_path(path: Path) -> str:
    with path.open("rb") as content:
        return keep(File(content))


@contextmanager
def local(name: str) -> Iterator[Path]:
    """The stored file as a path on this machine. Raises FileNotFoundError, for an empty name too."""
    if not name:
        raise FileNotFoundError
    try:
        path = default_storage.path(name)
    except NotImplementedError:  # a store that is not a folder of this machine
        with scratch() as folder, default_storage.open(name) as stored:
            copy = folder / "copy"
            with copy.open("wb") as file:
                file.writelines(stored.chunks(_CHUNK_BYTES))
            yield copy
    else:
        yield Path(path)


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for files that are not finished. What a killed process leaves there, `housekeeping` removes."""
    with tempfile.TemporaryDirectory(dir=settings.FILE_UPLOAD_TEMP_DIR) as folder:
        yield Path(folder)


def sha256(file: IO[bytes]) -> str:
    return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # any readable file will do
