"""A file of a draft is there as long as the draft names it."""

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from mailings.services import attachments
from workspace import limits

pytestmark = pytest.mark.django_db


@pytest.fixture
def attach(file_store, book, draft, by):
    def attach(name: str):
        content = ContentFile(b"contents", name=name)
        return attachments.add(book=book, mailing_id=draft.pk, file=content, name=name, by=by)

    return attach


def names() -> set[str]:
    return {f"{attachments.FOLDER}/{name}" for name in default_storage.listdir(attachments.FOLDER)[1]}


def test_a_file_without_a_row_goes_after_an_hour_and_one_with_a_row_stays(attach, monkeypatch) -> None:
    kept = attach("list.pdf")
    stray = default_storage.save(f"{attachments.FOLDER}/stray", ContentFile(b"x"))
    attachments.tidy()
    assert names() == {kept.stored_file, stray}
    long_ago = timezone.now() - timedelta(hours=limits.STRAY_FILE_HOURS, minutes=1)
    monkeypatch.setattr(default_storage, "get_modified_time", lambda name: long_ago)
    attachments.tidy()
    assert names() == {kept.stored_file}


def test_a_removed_attachment_takes_its_file_along(attach, book, draft, by, django_capture_on_commit_callbacks) -> None:
    first, second = attach("a.pdf"), attach("b.pdf")
    with django_capture_on_commit_callbacks(execute=True):
        attachments.remove(book=book, mailing_id=draft.pk, attachment_id=first.pk, by=by)
    assert names() == {second.stored_file}
