"""Expiry of uploads: files without an OK, refused rows, and leftovers of killed processes."""

import time
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from addressbook.models import Upload
from addressbook.services.uploads import files
from workspace import limits
from workspace.models import AddressBook, JobState
from workspace.models.work import UNFINISHED
from workspace.services.books import books
from workspace.services.work import jobs, stored_files


def tidy() -> None:
    """Expire what is old. Harmless when two run at once, and cheap when there is nothing to do."""
    expired = Upload.objects.exclude(state__in=UNFINISHED).filter(expires_at__lt=timezone.now())
    left = ~Q(stored_file="", rows_file="", refused_file="") | ~Q(groups=[])
    for upload_id in list(expired.filter(left | Q(state=JobState.CHECKED)).values_list("pk", flat=True)):
        _expire(upload_id)
    stored_files.discard_stray(files.FOLDER, _named)
    _remove_stray_scratch()


def _expire(upload_id: int) -> None:
    book = AddressBook.objects.get(editions__uploads=upload_id)
    with transaction.atomic():
        books.lock(book)
        upload = Upload.objects.select_for_update(of=("self",)).get(pk=upload_id)
        if upload.state in UNFINISHED or upload.expires_at >= timezone.now():
            return
        if upload.state == JobState.CHECKED:
            jobs.finish(upload, JobState.CANCELLED, reason="expired")
        stored_files.discard_of(upload)
        upload.forget_listings()
        upload.save()


def _named() -> set[str]:
    rows = Upload.objects.values_list(*Upload.FILE_FIELDS).iterator()
    return {name for names in rows for name in names}


def _remove_stray_scratch() -> None:
    horizon = time.time() - limits.STRAY_FILE_HOURS * 3600
    for path in sorted(Path(settings.FILE_UPLOAD_TEMP_DIR).rglob("*"), reverse=True):
        # The order puts what is in a folder before the folder; another sweep may have been here first.
        try:
            if path.stat().st_mtime > horizon:
                continue
            path.rmdir() if path.is_dir() else path.unlink()
        except OSError:
            continue
