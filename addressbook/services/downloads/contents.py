"""The contents of a download: the rows of one moment, in the format that was asked for.

- Excel and CSV: an address a row, with its groups and the time of its registration.
- For the provider's console: workbooks of addresses alone, one or more for each group, in one zip. There a file is
  registered into the group that is chosen, at most 10 MB at a time, and what it makes of a heading is not documented.
"""

import zipfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Final, NamedTuple

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from addressbook import limits
from addressbook.models import Download
from addressbook.services.downloads.snapshot import Moment, Page, pages
from addressbook.services.downloads.writers import Progress, writer_of
from libraries.spreadsheets import CsvFile, Table, Workbook
from libraries.spreadsheets import limits as spreadsheet_limits

_WIDTHS: Final = (40, 40, 22)
_ADDRESS_WIDTHS: Final = (40,)

# What the compressor may still hold, with the parts that come at the end: a page of the longest addresses is 0.9 MB.
_UNSEEN_BYTES: Final = 1_500_000


class GroupGoneMeanwhileError(Exception):
    """The group was deleted before the making began."""


class _Wanted(NamedTuple):
    """Which addresses: of a group, that a search finds, with these ids; None or empty: all."""

    group_id: int | None
    query: str
    ids: Sequence[int] | None


def write(path: Path, download: Download, moment: Moment, progress: Progress) -> int:
    """Write the file and return the number of its rows."""
    if (writer := writer_of(download)) is not None:
        return writer.write(path, download, progress)
    group_id = _group_of(download, moment)
    if download.format == Download.Format.CONSOLE:
        return _write_for_console(path, moment, _Wanted(group_id, download.query, _ids_of(download)), progress)
    headings = (_("Email"), _("In groups"), _registered_heading())
    with _table(path, download, headings) as table:
        return _write_rows(table, moment, _Wanted(group_id, download.query, _ids_of(download)), progress)


def _ids_of(download: Download) -> Sequence[int] | None:
    return download.address_ids if download.scope == Download.Scope.CHOSEN else None


def rows_to_look_at(download: Download, moment: Moment) -> int:
    """For the progress: how many addresses `write` will tell of, by the counts of now."""
    if (writer := writer_of(download)) is not None:
        return writer.count(download)
    edition, group_id = download.edition, _group_of(download, moment)
    sizes = dict(edition.groups.values_list("pk", "address_count"))
    if group_id is not None:
        return sizes.get(group_id, 0)
    in_groups = sum(sizes.values()) if download.format == Download.Format.CONSOLE else 0
    own = len(download.address_ids) if download.scope == Download.Scope.CHOSEN else edition.address_count
    return own + in_groups


def _group_of(download: Download, moment: Moment) -> int | None:
    if not download.group_name:
        return None
    if download.group_id not in moment.group_names:
        raise GroupGoneMeanwhileError
    return download.group_id


def _registered_heading() -> str:
    return _("Registered (%(zone)s)") % {"zone": settings.TIME_ZONE}


def _table(path: Path, download: Download, headings: tuple[str, ...]) -> Table:
    if download.format == Download.Format.CSV:
        return CsvFile(path, headings=headings)
    return Workbook(path, sheet=_("Email addresses"), widths=_WIDTHS, headings=headings)


def _write_rows(table: Table, moment: Moment, wanted: _Wanted, progress: Progress) -> int:
    names = _Names(moment)
    written = 0
    for page in pages(moment, group_id=wanted.group_id, query=wanted.query, ids=wanted.ids):
        groups = page.groups
        table.append([(email, names.of(groups.get(pk, "")), _time(at)) for pk, email, at in page.rows])
        written += len(page.rows)
        progress(page.looked_at)
    return written


class _Names:
    """The groups of an address in words. The same few sets of groups come again and again."""

    def __init__(self, moment: Moment) -> None:
        self._names = moment.group_names
        self.of = lru_cache(maxsize=10_000)(self._of)

    def _of(self, group_ids: str) -> str:
        names = sorted(self._names[int(group_id)] for group_id in group_ids.split(",") if group_id)
        text = ", ".join(names)
        if len(text) > spreadsheet_limits.CELL_CHARACTERS:
            text = f"{text[: spreadsheet_limits.CELL_CHARACTERS - 2].rpartition(',')[0]}, …"
        return text


@lru_cache(maxsize=10_000)
def _time(moment: str | datetime) -> str:
    # Addresses of one batch share their time, so that few of a million are worked out.
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M:%S")


def _write_for_console(path: Path, moment: Moment, wanted: _Wanted, progress: Progress) -> int:
    written = 0
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        parts = _Parts(archive, path.parent)
        chosen = sorted(moment.group_names.items(), key=lambda group: (group[1], group[0]))
        for pk, name in chosen:
            if wanted.group_id in (None, pk):
                members = pages(moment, group_id=pk, query=wanted.query, ids=wanted.ids, with_groups=False)
                written += parts.write(name, _told(members, progress))
        if wanted.group_id is None:
            found = _told(pages(moment, query=wanted.query, ids=wanted.ids), progress)
            written += parts.write(_("no group"), (_without_group(page) for page in found))
    return written


def _told(found: Iterator[Page], progress: Progress) -> Iterator[Page]:
    for page in found:
        yield page
        progress(page.looked_at)


def _without_group(page: Page) -> Page:
    return Page([row for row in page.rows if row[0] not in page.groups], {}, page.looked_at)


class _Parts:
    """Workbooks in a zip, each as large as the console takes. A number makes their names different on every system."""

    def __init__(self, archive: zipfile.ZipFile, folder: Path) -> None:
        self._archive = archive
        self._folder = folder
        self._numbers = count(1)

    def write(self, name: str, found: Iterator[Page]) -> int:
        """The addresses of these pages; nothing for none. Returns how many there were."""
        rows = ([(row[1],) for row in page.rows] for page in found)
        waiting = next(filter(None, rows), None)
        number, written = next(self._numbers), 0
        for part in count(1):
            if waiting is None:
                break
            path = self._folder / "part"
            with Workbook(path, sheet=_("Email addresses"), widths=_ADDRESS_WIDTHS) as workbook:
                while waiting is not None and self._has_room(workbook, len(waiting)):
                    workbook.append(waiting)
                    written += len(waiting)
                    waiting = next(filter(None, rows), None)
            if path.stat().st_size > limits.CONSOLE_FILE_BYTES:
                raise AssertionError(f"A part has {path.stat().st_size} bytes")
            suffix = f"-{part}" if part > 1 else ""
            self._archive.write(path, f"{number:03d} {name}{suffix}.xlsx")
        return written

    def _has_room(self, workbook: Workbook, rows: int) -> bool:
        fits = workbook.size() + _UNSEEN_BYTES <= limits.CONSOLE_FILE_BYTES
        return fits and workbook.row_count + rows <= spreadsheet_limits.SHEET_ROWS
