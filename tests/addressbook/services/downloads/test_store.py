"""Files on an S3-compatible store: the same promises as in the data folder."""

import hashlib
from uuid import uuid4

import boto3
import pytest
from django.core.files.storage import default_storage
from django.db.models.functions import Now
from django.urls import reverse

from addressbook import actions
from addressbook.models import Download
from addressbook.services import downloads
from mailerconsole.file_store import default_store
from tests.support.downloads import workbook_rows
from workspace.models import AuditEvent, JobState


@pytest.fixture
def bucket(s3_server, settings, monkeypatch, file_store):
    """A new bucket, which the console keeps its files in."""
    name = f"bucket-{uuid4().hex}"
    account = {"endpoint_url": s3_server, "region_name": "us-east-1"}
    keys = {"aws_access_key_id": "any", "aws_secret_access_key": "any"}
    bucket = boto3.resource("s3", **account, **keys).create_bucket(Bucket=name)
    variables = {"BUCKET": name, "ENDPOINT_URL": s3_server, "REGION": "us-east-1", "PREFIX": "console"}
    for variable, value in {**variables, "ACCESS_KEY": "any", "SECRET_KEY": "any"}.items():
        monkeypatch.setenv(f"S3_{variable}", value)
    settings.STORAGES = {**settings.STORAGES, "default": default_store()}
    return bucket


def names_in(bucket) -> set[str]:
    return {entry.key for entry in bucket.objects.all()}


def test_made_fetched_in_parts_and_expired(
    bucket, made, register, bob, client_of, file_store, django_capture_on_commit_callbacks
) -> None:
    register("a@example.com b@example.com")
    download = made()
    assert names_in(bucket) == {f"console/{download.stored_file}"}
    assert not (file_store.parent / "downloads").exists()
    url = reverse("fetch_download", args=[download.edition.book.slug, download.pk])
    client = client_of(bob)
    content = b"".join(client.get(url).streaming_content)
    assert hashlib.sha256(content).hexdigest() == download.sha256
    assert len(workbook_rows(content)) == 3
    part = client.get(url, headers={"Range": "bytes=100-199"})
    assert (part.status_code, b"".join(part.streaming_content)) == (206, content[100:200])
    Download.objects.update(expires_at=Now())
    assert client.get(url).status_code == 410
    with django_capture_on_commit_callbacks(execute=True):
        downloads.tidy()
    assert names_in(bucket) == set()


def test_a_file_that_is_gone_from_the_store(bucket, made, register, bob, client_of) -> None:
    register("a@example.com")
    download = made()
    bucket.Object(f"console/{download.stored_file}").delete()
    url = reverse("fetch_download", args=[download.edition.book.slug, download.pk])
    assert client_of(bob).get(url).status_code == 404
    assert not AuditEvent.objects.filter(action=actions.FETCH_DOWNLOAD).exists()
    downloads.tidy()
    download.refresh_from_db()
    assert (download.state, download.outcome) == (JobState.FAILED, {"reason": "file_gone"})


def test_stray_objects_go_after_an_hour(bucket, made, register, monkeypatch) -> None:
    from workspace import limits

    register("a@example.com")
    download = made()
    bucket.put_object(Key="console/downloads/stray", Body=b"x")
    downloads.tidy()
    assert "console/downloads/stray" in names_in(bucket)
    # The store dates its objects itself, so the hour is shortened instead.
    monkeypatch.setattr(limits, "STRAY_FILE_HOURS", 0)
    downloads.tidy()
    assert names_in(bucket) == {f"console/{download.stored_file}"}


def test_uploads_live_there_too(bucket, check, accept, book) -> None:
    upload = check("email\na@example.com\nwrong\n")
    assert len(names_in(bucket)) == 3
    assert accept(upload).outcome["registered"] == 1
    assert default_storage.exists(upload.refused_file)


def test_without_a_bucket_files_are_in_the_data_folder(monkeypatch) -> None:
    monkeypatch.delenv("S3_BUCKET", raising=False)
    assert default_store() == {"BACKEND": "django.core.files.storage.FileSystemStorage"}
