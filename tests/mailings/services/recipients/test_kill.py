"""kill -9 at every crash point of reading a recipient file: the draft ends as if nothing had happened."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from addressbook.models import Upload
from mailings.models import LeftOutEntry, RecipientFile, RecipientSource, SourceRow
from mailings.services import drafts
from mailings.services.recipients import files, reading
from mailings.services.recipients.counting import count
from tests.support.kill import Doom, telling
from workspace.models import Region, Zone
from workspace.services.books import books

if TYPE_CHECKING:
    from workspace.services.history.audit import Actor

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]

CONTENT = "\n".join(
    ["email,city", *(f"r{number}@example.com,c{number}" for number in range(5)), "r0@example.com,x", "b@,"]
)


def begin(by: Actor) -> RecipientFile:
    book = books.create_book(name="Kill", zone=Zone.PUBLIC, region=Region.KR, by=by)
    draft = drafts.begin(book=book, token=uuid4(), by=by)
    content = ContentFile(CONTENT.encode())
    acts = {"book": book, "mailing_id": draft.pk, "token": uuid4(), "by": by}
    return files.add(**acts, file=content, name="guests.csv", registers=True)


def test_a_worker_killed_at_any_point_of_reading(by, dooms: Doom, settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    target = "tests.mailings.services.recipients.doomed:read"
    points = dooms.run(0, tmp_path, target, begin(by).pk, RECIPIENT_FILE_BATCH_ROWS=2)
    own = [number for number in telling(points) if points[number - 1].startswith("recipient file")]
    assert len(own) >= 3, points
    for fatal in own:
        file = begin(by)
        dooms.run(fatal, tmp_path, target, file.pk, RECIPIENT_FILE_BATCH_ROWS=2)
        book = file.mailing.book
        where = f"{points[fatal - 1]} ({fatal})"
        assert count(file.mailing, book.current_edition).chosen == 0, where

        # Nobody has it until the lease of the killed worker has run out.
        reading.read_file(file.pk)
        assert not RecipientFile.objects.get(pk=file.pk).is_read, where
        RecipientFile.objects.filter(pk=file.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
        reading.read_file(file.pk)
        files.sweep_unfinished()

        numbers = count(file.mailing, book.current_edition)
        assert (numbers.chosen, numbers.doubled, numbers.invalid, numbers.recipients) == (7, 1, 1, 5), where
        assert Upload.objects.filter(edition__book=book).count() == 1, where
    assert not RecipientSource.objects.filter(mailing=None).exists()
    assert SourceRow.objects.count() == 5 * (len(own) + 1)
    assert LeftOutEntry.objects.count() == 2 * (len(own) + 1)
