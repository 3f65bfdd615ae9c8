"""A backup of the whole installation in one folder, and the way back.

Rehearsed by tests/mailerconsole/operations/test_backups.py.

The database is copied at one moment, while the console runs; then the files that it names. The keys are left out unless
asked for: whoever has both the database and the keys has the API keys of the books.
"""

import hashlib
import json
import logging
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Final
from uuid import uuid4

from django.conf import settings
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection, connections
from django.utils import timezone

from workspace import sqlite
from workspace.models.work import kinds

MANIFEST: Final = "manifest.json"
_FILES: Final = "files"
_SQLITE: Final = "database.sqlite3"
_DUMP: Final = "database.dump"
_KEYS: Final = ("secrets_key",)
# Entries of a dump.
_NEEDS_TRIGRAMS: Final = re.compile(r" EXTENSION - pg_trgm | INDEX \S+ address_key_trigrams ")

logger = logging.getLogger(__name__)


class BackupError(Exception):
    """The message is a sentence for the operator."""


def back_up(folder: Path, *, with_keys: bool) -> dict[str, Any]:
    """Write a backup into the folder, which must not be there yet; returns its manifest. Raises BackupError."""
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError as error:
        raise BackupError(f"{folder} is there already.") from error
    database = _copy_sqlite(folder) if connection.vendor == "sqlite" else _dump_postgresql(folder)
    files, missing = _copy_files(folder / _FILES)
    keys = [name for name in _KEYS if with_keys and (settings.DATA_DIR / name).exists()]
    for name in keys:
        shutil.copy2(settings.DATA_DIR / name, folder / name)
    manifest = {
        "made_at": timezone.now().isoformat(),
        "engine": connection.vendor,
        "database": {"name": database.name, "sha256": _sha256(database)},
        "files": files,
        # Gone between the two copies: their time was over.
        "missing": missing,
        "keys": keys,
    }
    # Written last and whole: a backup without it was never finished.
    draft = folder / f"{MANIFEST}.draft"
    draft.write_text(json.dumps(manifest, indent=1))
    draft.rename(folder / MANIFEST)
    return manifest


def restore(folder: Path) -> dict[str, Any]:
    """Bring a backup back into an empty installation of the same engine; returns the manifest. Raises BackupError.

    Nothing is changed before the whole backup was found to be what was written, the database empty, and the store of
    files ready. The files come first: where one cannot be stored, the database is as empty as before.
    """
    manifest = _read(folder)
    if manifest["engine"] != connection.vendor:
        raise BackupError(f"This is a backup of {manifest['engine']}; restore it there, then use move_database.")
    _require_whole(folder, manifest)
    _require_empty()
    _require_store()
    for name in manifest["files"]:
        if not default_storage.exists(name):
            with (folder / _FILES / name).open("rb") as content:
                default_storage.save(name, File(content))
    database = folder / manifest["database"]["name"]
    if connection.vendor == "sqlite":
        _restore_sqlite(database)
    else:
        _restore_postgresql(database)
    for name in manifest["keys"]:
        if not (settings.DATA_DIR / name).exists():
            shutil.copy2(folder / name, settings.DATA_DIR / name)
            (settings.DATA_DIR / name).chmod(0o600)
    return manifest


def _require_empty() -> None:
    if connection.vendor == "sqlite":
        path = Path(str(settings.DATABASES["default"]["NAME"]))
        # A log or journal that was left there would be played into what is restored.
        for name in (path, *(path.with_name(path.name + suffix) for suffix in sqlite.SUFFIXES)):
            if name.exists():
                raise BackupError(f"{name} is there already. Move it away first.")
    elif connection.introspection.table_names():
        raise BackupError("The database of DATABASE_URL is not empty. Restore into a new one.")


def _require_store() -> None:
    try:
        default_storage.delete(default_storage.save(f"restore-{uuid4().hex}", ContentFile(b"")))
    except Exception as error:  # whatever the client of a store raises
        where = os.environ.get("S3_BUCKET") or settings.MEDIA_ROOT
        raise BackupError(f"No file can be stored in {where}; nothing was restored. {error}") from error


def _copy_sqlite(folder: Path) -> Path:
    """SQLite's own backup: one moment, without making others wait for long. One file, whatever the journal mode."""
    path = folder / _SQLITE
    connection.ensure_connection()
    source = connection.connection
    with closing(sqlite.library().connect(path)) as copy:
        is_one_snapshot = sqlite.journal_mode(connection) == "wal"
        if is_one_snapshot:
            # Between two pieces of the copy others may write; without a snapshot it would begin again each time.
            source.execute("BEGIN")
            source.execute("SELECT count(*) FROM sqlite_master").fetchall()
        try:
            source.backup(copy, pages=2_000, sleep=0.01)
        finally:
            if is_one_snapshot:
                source.execute("ROLLBACK")
        # A file in WAL mode cannot be read where no file can be made beside it, nor safely by every library.
        copy.execute("PRAGMA journal_mode=DELETE").fetchall()
    path.chmod(0o600)
    return path


def _dump_postgresql(folder: Path) -> Path:
    path = folder / _DUMP
    _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={path}")
    path.chmod(0o600)
    return path


def _restore_sqlite(database: Path) -> None:
    path = Path(str(settings.DATABASES["default"]["NAME"]))
    connections.close_all()
    draft = path.with_suffix(".restoring")
    shutil.copyfile(database, draft)
    draft.chmod(0o600)
    with draft.open("rb") as copy:
        os.fsync(copy.fileno())
    draft.rename(path)


def _restore_postgresql(dump: Path) -> None:
    has_trigrams = _add_trigrams()
    connections.close_all()
    # No comments: that of an extension may only be written by its owner.
    how = ["--single-transaction", "--no-owner", "--no-privileges", "--no-comments"]
    with NamedTemporaryFile("w", suffix=".list") as chosen:
        if not has_trigrams:
            entries = _run("pg_restore", "--list", str(dump)).splitlines(keepends=True)
            chosen.writelines(entry for entry in entries if not _NEEDS_TRIGRAMS.search(entry))
            chosen.flush()
            how.append(f"--use-list={chosen.name}")
        _run("pg_restore", *how, f"--dbname={_conninfo()}", str(dump))


def _add_trigrams() -> bool:
    """Whether the database has the extension that an index of the dump may need; nothing else of it does."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except DatabaseError as error:
        logger.warning("Restored without the index of trigrams: docs/operations.md says what to do later. %s", error)
        return False
    return True


def _run(program: str, *arguments: str) -> str:
    """What the program says; raises BackupError when it fails."""
    database = settings.DATABASES["default"]
    where = [] if program == "pg_restore" else [f"--dbname={_conninfo()}"]
    environment = os.environ | {"PGPASSWORD": str(database.get("PASSWORD") or "")}
    try:
        done = subprocess.run(  # noqa: S603 - PostgreSQL's own program
            [program, *where, *arguments], env=environment, check=True, capture_output=True, text=True
        )
    except FileNotFoundError as error:
        raise BackupError(f"{program} is not in the PATH: install the client of PostgreSQL.") from error
    except subprocess.CalledProcessError as error:
        raise BackupError(f"{program} failed: {error.stderr.strip()}") from error
    return done.stdout


def _conninfo() -> str:
    """Without the password, which other users of the machine could read in the list of processes."""
    database = settings.DATABASES["default"]
    parts = {"host": database["HOST"], "port": database["PORT"], "user": database["USER"], "dbname": database["NAME"]}
    return " ".join(f"{name}='{value}'" for name, value in parts.items() if value)


def _copy_files(folder: Path) -> tuple[dict[str, str], list[str]]:
    """Every file that a row names: its hash by name, and those that were gone."""
    copied, missing = {}, []
    for name in _named_files():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            with default_storage.open(name) as stored, target.open("wb") as copy:
                shutil.copyfileobj(stored, copy)
        except FileNotFoundError:
            target.unlink(missing_ok=True)
            missing.append(name)
        else:
            copied[name] = _sha256(target)
    return copied, missing


def _named_files() -> Iterator[str]:
    for model in kinds():
        for row in model._default_manager.only("pk", *model.FILE_FIELDS).iterator() if model.FILE_FIELDS else ():
            yield from row.files


def _read(folder: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
    except (OSError, ValueError) as error:
        raise BackupError(f"{folder} holds no finished backup.") from error
    return manifest


def _require_whole(folder: Path, manifest: dict[str, Any]) -> None:
    database = manifest["database"]
    for name, sha256 in {
        database["name"]: database["sha256"],
        **{f"{_FILES}/{n}": h for n, h in manifest["files"].items()},
    }.items():
        path = folder / name
        if not path.is_file() or _sha256(path) != sha256:
            raise BackupError(f"{name} is not what was backed up.")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
