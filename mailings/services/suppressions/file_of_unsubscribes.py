"""The list of unsubscribes as a file, made and kept as every download of the book."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from addressbook import limits
from addressbook.models import Download
from addressbook.services.downloads.writers import Progress, Writer
from libraries.spreadsheets import CsvFile, Table, Workbook
from mailings.models import Suppression
from mailings.models.recipients import SuppressionQuerySet
from mailings.services.suppressions import reading

_WIDTHS: Final = (40, 22, 18, 24, 20, 24)


def rows(download: Download) -> int:
    return _held(download).count()


def write(path: Path, download: Download, progress: Progress) -> int:
    """Who refuses advertising now, oldest first; returns how many."""
    zone = {"zone": settings.TIME_ZONE}
    headings = (
        _("Email"),
        _("Since (%(zone)s)") % zone,
        _("Admin registered"),
        _("Source"),
        _("Registered by"),
        _("At the service (%(zone)s)") % zone,
    )
    written = 0
    with _table(path, download, headings) as table:
        for page in _pages(download):
            table.append([_row(one) for one in page if one.email])
            written += sum(1 for one in page if one.email)
            progress(len(page))
    return written


def _table(path: Path, download: Download, headings: tuple[str, ...]) -> Table:
    if download.format == Download.Format.CSV:
        return CsvFile(path, headings=headings)
    return Workbook(path, sheet=str(Download.Scope.UNSUBSCRIBED.label), widths=_WIDTHS, headings=headings)


def _held(download: Download) -> SuppressionQuerySet:
    return Suppression.objects.unsubscribed().filter(book=download.edition.book_id)


def _pages(download: Download) -> Iterator[list[Suppression]]:
    """As the ledger was when the file was begun, but for who was removed since: a long read would hold up writers."""
    held = _held(download)
    last = held.order_by("-pk").values_list("pk", flat=True).first() or 0
    after = 0
    while found := list(held.filter(pk__gt=after, pk__lte=last).order_by("pk")[: limits.ROWS_PER_DOWNLOAD_PAGE]):
        yield reading.with_files(found)
        after = found[-1].pk


def _row(one: Suppression) -> tuple[str, ...]:
    admin = "" if one.by_admin is None else "Y" if one.by_admin else "N"
    source = f"{one.get_source_display()} {one.file_name}".strip()
    told = _time(one.told_at) if one.told_at else ""
    return one.email, _time(one.since), admin, source, one.added_by, told


def _time(moment: datetime) -> str:
    return localtime(moment).strftime("%Y-%m-%d %H:%M:%S")


WRITERS: Final = {"optout": Writer(rows, write)}
