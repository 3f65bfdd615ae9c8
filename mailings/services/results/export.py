"""Files of results: the recipients of a mailing, the list of mailings, every mail to one address.

Who may fetch them, how long they are kept and where they go is the matter of the book's downloads. Addresses are masked
where the book masks them to everybody.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from addressbook.models import Download
from addressbook.services.downloads.writers import Progress, Writer
from libraries.email_addresses import masked, masked_within
from libraries.spreadsheets import CsvFile, Table, Workbook
from mailings.models import COUNTERS, Mailing, MailingState, OutsideRequest, Recipient, RecipientState
from mailings.services.results import listing
from mailings.services.results.listing import Filters, Place, Sort
from mailings.services.results.reasons import reason_sentence
from workspace.models import Masking, Role

_PAGE_ROWS: Final = 2_000
_MAILINGS_AT_ONCE: Final = 500

Cells = Sequence[str]


def parameters_of(filters: Filters, sort: Sort) -> dict[str, Any]:
    """The list of mailings as JSON."""
    values = asdict(filters)
    days = {name: values[name].isoformat() for name in ("since", "until") if values[name]}
    return {**values, "since": None, "until": None, **days, "sort": sort}


def _recipients(download: Download) -> QuerySet[Recipient]:
    wanted = download.parameters
    rows = Recipient.objects.filter(mailing=wanted["mailing"], mailing__book=download.edition.book)
    if wanted.get("state"):
        rows = rows.filter(state=wanted["state"])
    if wanted.get("not_reached"):
        rows = rows.exclude(state__in=[RecipientState.SENT, RecipientState.OPEN])
    return rows.defer("values")


def _count_recipients(download: Download) -> int:
    return _recipients(download).count()


def _write_recipients(path: Path, download: Download, progress: Progress) -> int:
    headings = [_("Email"), _("Name"), _("Result"), _("Reason"), _("Code"), _("Answer"), _at(_("Known since"))]
    mask, mask_text = _masks(download)

    def pages() -> Iterator[list[Cells]]:
        after = 0
        while rows := list(_recipients(download).filter(number__gt=after).order_by("number")[:_PAGE_ROWS]):
            after = rows[-1].number
            yield [
                (mask(row.email), mask_text(row.name), *_result(row, mask_text), _time(row.result_at)) for row in rows
            ]

    return _write(path, download, headings, pages(), progress)


def _result(row: Recipient, mask_text: Callable[[str], str]) -> Cells:
    reason = reason_sentence(row.result_code) if row.result_code else ""
    return str(RecipientState(row.state).label), reason, row.result_code, mask_text(row.result_message)


def _listed(download: Download) -> Iterator[list[listing.Row]]:
    values = dict(download.parameters)
    sort = Sort(values.pop("sort"))
    days = {name: date.fromisoformat(values[name]) for name in ("since", "until") if values[name]}
    filters = Filters(**{**values, **days})
    place: Place | None = None
    while True:
        page = listing.page_of(
            download.edition.book, filters, sort, place=place, with_drafts=True, size=_MAILINGS_AT_ONCE
        )
        yield page.rows
        place = page.following
        if place is None:
            return


def _count_mailings(download: Download) -> int:
    return Mailing.objects.filter(book=download.edition.book).count()


def _write_mailings(path: Path, download: Download, progress: Progress) -> int:
    headings = [_("Mail subject"), _("Sender address"), _("Mail type"), _("Status"), _("Planned"), *_count_labels()]
    headings += [_at(_("Requested")), _at(_("Began")), _at(_("Done")), _("Sent with"), _("Request ID")]
    pages = ([_mailing(row) for row in rows] for rows in _listed(download))
    return _write(path, download, headings, pages, progress)


def _count_labels() -> list[str]:
    return [str(RecipientState(name).label) for name in COUNTERS]


def _mailing(row: listing.Row) -> Cells:
    if isinstance(row, OutsideRequest):
        known = [row.template_name, row.sender_address, "", row.status, str(row.recipient_count)]
        times = [_time(row.requested_at), "", _time(row.sent_at)]
        return [*known, *[""] * len(COUNTERS), *times, row.tool, row.request_id]
    known = [row.subject, row.sender_address, row.get_kind_display(), str(MailingState(row.state).label)]
    counts = [str(getattr(row, name)) for name in ("planned", *COUNTERS)]
    times = [_time(row.created_at), _time(row.began_at), _time(row.done_at)]
    requests = pgettext("between two in a list", ", ").join(
        row.parts.exclude(request_id="").order_by("number").values_list("request_id", flat=True)[:100]
    )
    return [*known, *counts, *times, str(listing.Tool.HERE.label), requests]


def _person(download: Download) -> QuerySet[Recipient]:
    # What was searched for is dropped when the file is made: then nobody is meant any more.
    rows = Recipient.objects.filter(key=download.query, mailing__book=download.edition.book)
    return rows.exclude(mailing__state=MailingState.DRAFT) if download.query else rows.none()


def _count_person(download: Download) -> int:
    return _person(download).count()


def _write_person(path: Path, download: Download, progress: Progress) -> int:
    headings = [_("Mail subject"), _("Email"), _("Result"), _("Reason"), _("Code"), _("Answer"), _at(_("Sent at"))]
    mask, mask_text = _masks(download)
    rows = _person(download).select_related("mailing").defer("mailing__body", "values").order_by("-mailing")
    cells: list[Cells] = [
        (row.mailing.subject, mask(row.email), *_result(row, mask_text), _time(row.mailing.began_at)) for row in rows
    ]
    return _write(path, download, headings, iter([cells]), progress)


def _write(
    path: Path, download: Download, headings: list[str], pages: Iterator[list[Cells]], progress: Progress
) -> int:
    written = 0
    with _table(path, download, tuple(headings)) as table:
        for rows in pages:
            table.append([tuple(row) for row in rows])
            written += len(rows)
            progress(len(rows))
    return written


def _table(path: Path, download: Download, headings: tuple[str, ...]) -> Table:
    if download.format == Download.Format.CSV:
        return CsvFile(path, headings=headings)
    widths = (40, *[20] * (len(headings) - 1))
    return Workbook(path, sheet=_("Results"), widths=widths, headings=headings)


def _masks(download: Download) -> tuple[Callable[[str], str], Callable[[str], str]]:
    """For an address, and for a text that may quote one."""
    if Masking(download.edition.book.masking).applies_to(Role.MANAGER):
        return masked, masked_within
    return str, str


def _at(label: str) -> str:
    return f"{label} ({settings.TIME_ZONE})"


def _time(moment: datetime | None) -> str:
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M:%S") if moment else ""


WRITERS: Final = {
    Download.Scope.MAIL.value: Writer(_count_recipients, _write_recipients),
    Download.Scope.MAILS.value: Writer(_count_mailings, _write_mailings),
    Download.Scope.PERSON.value: Writer(_count_person, _write_person),
}
