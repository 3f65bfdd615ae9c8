"""Downloads as tests make them: asked for and made, without a worker process; and what stands in their files."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from addressbook.models import Download
    from workspace.models import AddressBook
    from workspace.services.history.audit import Actor


@pytest.fixture
def ask(book: AddressBook, by: Actor, file_store: Path, no_other_worker: None) -> Callable[..., Download]:
    """Asks for a file and leaves the download waiting."""
    from addressbook.services import downloads

    def ask(**options: Any) -> Download:
        values = {"book": book, "scope": "book", "format": "xlsx", "group_id": None, "query": "", "reason": ""}
        return downloads.request(**{**values, "language": "en", "token": uuid4(), "by": by, **options})

    return ask


@pytest.fixture
def made(ask: Callable[..., Download]) -> Callable[..., Download]:
    """Asks for a file and makes it."""
    return lambda **options: make(ask(**options))


def make(download: Download) -> Download:
    """What a worker does when it hears of the download."""
    from addressbook.models import Download
    from workspace.services.work import claiming, jobs

    claimed = claiming.claim(Download, download.pk)
    assert claimed is not None
    jobs.work_on(claimed)
    download.refresh_from_db()
    return download


def path_of(download: Download) -> Path:
    from django.core.files.storage import default_storage

    return Path(default_storage.path(download.stored_file))


def rows_of(download: Download) -> list[list[str]]:
    """All rows below the headings, read by somebody else's reader."""
    if download.format == "csv":
        text = path_of(download).read_text("utf-8-sig")
        return list(csv.reader(io.StringIO(text)))[1:]
    return workbook_rows(path_of(download).read_bytes())[1:]


def workbook_rows(content: bytes) -> list[list[str]]:
    from python_calamine import CalamineWorkbook

    workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return [row for name in workbook.sheet_names for row in workbook.get_sheet_by_name(name).to_python()]


def parts_of(download: Download) -> dict[str, list[str]]:
    """Of a zip for the console: the addresses of every workbook in it."""
    with zipfile.ZipFile(path_of(download)) as archive:
        return {name: [row[0] for row in workbook_rows(archive.read(name))] for name in archive.namelist()}


def groups_in(rows: list[list[str]]) -> dict[str, set[str]]:
    """As `invariants.contents`: the groups of each address."""
    return {row[0]: set(filter(None, row[1].split(", "))) for row in rows}
