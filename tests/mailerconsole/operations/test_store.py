"""A bucket that is missing, refuses or hangs: /readyz says so within seconds, users a sentence, and no thread waits."""

from __future__ import annotations

import http.server
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from uuid import uuid4

import boto3
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.http.response import HttpResponseBase
from django.urls import reverse

from addressbook import actions
from addressbook.models import Upload
from mailerconsole import file_store as store_settings
from mailerconsole import s3_store
from mailerconsole.file_store import default_store
from mailerconsole.operations import health
from tests.support.stack import ROOT
from workspace import limits
from workspace.models import AuditEvent
from workspace.services.work.stored_files import StoreAwayError


@pytest.fixture
def use(settings, monkeypatch, file_store) -> Callable[..., None]:
    """Keep files in this bucket from now on, as a web server does."""
    monkeypatch.setattr(health, "_last", None)

    def use(endpoint: str, bucket: str) -> None:
        variables = {"BUCKET": bucket, "ENDPOINT_URL": endpoint, "REGION": "us-east-1", "PREFIX": "console"}
        for variable, value in {**variables, "ACCESS_KEY": "any", "SECRET_KEY": "any"}.items():
            monkeypatch.setenv(f"S3_{variable}", value)
        monkeypatch.setenv("SERVES_CLICKS", "1")
        # The test need not wait as long as people do.
        monkeypatch.setattr(store_settings, "_CLICK_READ_SECONDS", 0.2)
        settings.STORAGES = {**settings.STORAGES, "default": default_store()}

    return use


@pytest.fixture
def bucket(s3_server: str, use) -> str:
    name = f"bucket-{uuid4().hex}"
    keys = {"aws_access_key_id": "any", "aws_secret_access_key": "any"}
    boto3.resource("s3", endpoint_url=s3_server, region_name="us-east-1", **keys).create_bucket(Bucket=name)
    use(s3_server, name)
    return name


@pytest.fixture
def silent() -> Iterator[str]:
    """Takes connections and never answers, as a process that is stopped does."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


class _Reader(http.server.BaseHTTPRequestHandler):
    """A store whose keys may only read."""

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
        self.send_response(403)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_HEAD(self) -> None:
        self.send_response(404)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Into no log."""


@pytest.fixture
def read_only() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Reader)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_bucket_that_takes_files_is_ready(client, db, bucket: str) -> None:
    assert client.get("/readyz").json()["storage"] == "ok"


def test_a_bucket_that_is_missing_is_named(client, db, s3_server: str, use, caplog) -> None:
    use(s3_server, "nowhere")
    assert client.get("/readyz").json()["storage"] == "failed"
    assert "Bucket nowhere cannot be used: the bucket does not exist." in caplog.text


def test_keys_that_may_only_read_are_named(client, db, read_only: str, use, caplog) -> None:
    use(read_only, "somewhere")
    assert client.get("/readyz").json()["storage"] == "failed"
    assert "Bucket somewhere cannot be used: the keys may not do this." in caplog.text


def test_a_store_that_hangs_is_named_within_seconds_and_others_need_not_wait(client, db, silent: str, use) -> None:
    use(silent, "any")
    began = time.monotonic()
    assert client.get("/readyz").json()["storage"] == "failed"
    assert time.monotonic() - began < 4
    health._last = (0.0, {"storage": False})
    with health._looking:  # another is at it
        began = time.monotonic()
        assert client.get("/readyz").json() == {"storage": "failed"}
        assert time.monotonic() - began < 1


def test_the_first_upload_into_a_missing_bucket_is_answered_by_a_sentence(
    s3_server: str, use, book, bob, client_of
) -> None:
    use(s3_server, "nowhere")
    fields = {"token": uuid4(), "file": ContentFile(b"a@example.com\n", name="a.csv")}
    answer = client_of(bob).post(reverse("send_upload", args=[book.slug]), fields)
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) == limits.TRY_AGAIN_SECONDS
    assert "Files cannot be stored or fetched just now" in answer.content.decode()
    assert not Upload.objects.exists()


def test_one_call_finds_out_and_the_others_fail_at_once(silent: str, use, monkeypatch) -> None:
    """After the first has waited, nobody does until it is time to try again; then one."""
    use(silent, "any")
    with pytest.raises(StoreAwayError, match="does not answer"):
        default_storage.exists("x")
    began = time.monotonic()
    for _ in range(20):
        with pytest.raises(StoreAwayError, match="a moment ago"):
            default_storage.exists("x")
    assert time.monotonic() - began < 1


def test_the_circuit_closes_when_the_store_answers_again() -> None:
    now = [0.0]
    circuit = s3_store.Circuit(clock=lambda: now[0])
    assert circuit.enter()
    circuit.note(answered=False)
    assert not circuit.enter()
    now[0] = s3_store.OPEN_SECONDS
    assert [circuit.enter(), circuit.enter()] == [True, False]
    circuit.note(answered=True)
    assert [circuit.enter(), circuit.enter()] == [True, True]


def test_a_store_that_hangs_in_the_middle_leaves_no_line_in_the_history(
    bucket: str, silent: str, made, register, bob, client_of, use
) -> None:
    register("a@example.com")
    download = made()
    use(silent, "any")
    url = reverse("fetch_download", args=[download.edition.book.slug, download.pk])
    assert client_of(bob).get(url).status_code == 503
    assert not AuditEvent.objects.filter(action=actions.FETCH_DOWNLOAD).exists()


def test_slow_readers_hold_half_of_the_threads_at_most(made, register, bob, client_of, file_store) -> None:
    register("a@example.com")
    download = made()
    url = reverse("fetch_download", args=[download.edition.book.slug, download.pk])
    client = client_of(bob)
    slow = [client.get(url) for _ in range(limits.FILES_SENT_AT_ONCE)]
    assert {answer.status_code for answer in slow} == {200}
    refused = client.get(url)
    assert (refused.status_code, refused["Retry-After"]) == (503, str(limits.TRY_AGAIN_SECONDS))
    assert "Many files are being fetched just now" in refused.content.decode()
    assert client.head(url).status_code == 200
    _end(slow.pop())  # a client that went away
    again = client.get(url)
    assert b"".join(again.streaming_content)
    for answer in (again, *slow):
        _end(answer)


def _end(answer: HttpResponseBase) -> None:
    """As `close`, without the signal that ends the connection to the database too."""
    for close in answer._resource_closers:
        close()

    text = (ROOT / "mailerconsole" / "gunicorn_settings.py").read_text()
    found = re.search(r"^threads = (\d+)$", text, re.MULTILINE)
    assert found is not None
    assert int(found[1]) >= limits.FILES_SENT_AT_ONCE * 2
