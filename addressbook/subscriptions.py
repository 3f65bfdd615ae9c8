"""What the address book is told of by the packages below, and what it tells them.

Services are imported inside: see `addressbook.tasks`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from workspace.services.work.changing import Change, on_change

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from addressbook.models import Download, Job, Upload
    from workspace.views.pages.access import Access


def _tell_sync(change: Change) -> None:
    from addressbook.services.sync import switches

    switches.book_changed(change)


def _show_work() -> None:
    from addressbook.models import Download, Job, Upload
    from addressbook.models.jobs import Erasure
    from addressbook.views.downloads.download_dialog import download_lines
    from addressbook.views.reset.recovery import erasures
    from workspace.views.work.strips import show_work

    def jobs(access: Access) -> QuerySet[Job]:
        own = Job.objects.filter(edition=access.edition).shown_to(access.by.user.pk)
        return own.select_related("requested_by", "act")

    def uploads(access: Access) -> QuerySet[Upload]:
        own = Upload.objects.filter(edition=access.edition).shown_to(access.by.user.pk)
        return own.without_details().select_related("act")

    def downloads(access: Access) -> QuerySet[Download]:
        return Download.objects.filter(edition=access.edition).shown_to(access.by.user.pk)

    show_work(Erasure, "erasure_line.html", rows=erasures)
    show_work(Job, "job.html", rows=jobs)
    show_work(Upload, "upload_line.html", rows=uploads)
    show_work(Download, "download_line.html", rows=downloads, read=download_lines)


def subscribe() -> None:
    from addressbook import actions  # noqa: F401 - so that the history can tell of them
    from addressbook.views.reset.offers import restore_offers
    from addressbook.views.undo.offers import undo_offers
    from workspace.views.history.offers import offer_beside_lines

    on_change(_tell_sync)
    _show_work()
    offer_beside_lines(undo_offers)
    offer_beside_lines(restore_offers)
