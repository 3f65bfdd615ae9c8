"""Uploads whose workers are killed again and again, anywhere. `FAULT_SEED=n` repeats a run; a failure names it."""

import os
import random
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from addressbook.models import Upload
from addressbook.services import uploads
from addressbook.services.addresses import groups
from tests.addressbook.services.uploads.doomed import CONTENT
from tests.addressbook.services.uploads.test_kill import EXPECTED, assert_no_stray_file, doom, take_over  # noqa: F401 - a fixture
from tests.support.invariants import assert_consistent, contents
from tests.support.uploads import assert_accounted_for, work
from workspace.models import JobState, Region, Zone
from workspace.services.books import books

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]

RUNS = int(os.environ.get("FAULT_RUNS") or "6")
SECOND = timedelta(seconds=1)


def kills(dice: random.Random, points: int) -> list[int]:
    """None, one anywhere, or another as soon as it was taken over. A third in a row is given up, and said so."""
    return [[], [dice.randint(1, points)], [dice.randint(1, points), 1]][dice.randrange(3)]


def over(upload: Upload) -> bool:
    upload.refresh_from_db()
    return upload.state not in (JobState.WAITING, JobState.RUNNING)


def test_an_upload_outlives_any_kills(doom, send, by, file_store, reading_in_this_process) -> None:  # noqa: F811
    seed = int(os.environ.get("FAULT_SEED") or random.randrange(2**32))
    print(f"FAULT_SEED={seed}")  # noqa: T201 - shown by pytest when it fails
    dice = random.Random(seed)
    points = {}
    for run in range(RUNS):
        book = books.create_book(name="Kill", zone=Zone.PUBLIC, region=Region.KR, by=by)
        group = groups.create_group(book=book, name="VIP", token=uuid4(), by=by)
        upload = send(CONTENT, book=book)
        for phase in ("check", "apply"):
            if phase == "apply":
                uploads.apply(book=book, upload_id=upload.pk, group_id=group.pk, seen=upload.attempt, by=by)
            if phase not in points:
                # How many there are is told by a run without a kill.
                points[phase] = len(doom(0, "work", upload.pk))
            for fatal in kills(dice, points[phase]):
                if over(upload):
                    break
                doom(fatal, "work", upload.pk)
                Upload.objects.filter(pk=upload.pk, state=JobState.RUNNING).update(lease_until=timezone.now() - SECOND)
            upload.refresh_from_db()
            if upload.state == JobState.WAITING:
                upload = work(upload)
            upload = take_over(upload)
        where = f"run {run} of FAULT_SEED={seed}"
        assert upload.state == JobState.COMPLETE, where
        assert contents(book) == EXPECTED, where
        assert_accounted_for(upload)
        assert_consistent(book)
    assert_no_stray_file(file_store)
