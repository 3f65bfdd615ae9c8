"""Secrets of an installation that was given none: made once, kept in the data folder, readable by their owner."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path


def read_or_create_secret_key(path: Path, generate: Callable[[], str] = lambda: secrets.token_urlsafe(64)) -> str:
    """The key stored at `path`; made there first when there is none.

    Several processes may start at once: the one whose hard link comes first wins and the others read its key.
    """
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(generate())
            # What is sealed with it may reach the disk before it does.
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another process was first
        finally:
            draft.unlink()
    return path.read_text().strip()
