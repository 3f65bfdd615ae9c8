"""One id from the proxy to the log line of the worker, and nothing in it that an attacker chose."""

import json
import logging
from uuid import uuid4

import pytest
import requests
from celery import current_app
from django.urls import reverse

from addressbook.models import Download
from addressbook.services import downloads
from mailerconsole.logs import JsonFormatter, LineFormatter
from tests.support.stack import Stack, wait_for
from workspace import request_ids
from workspace.models import JobState
from workspace.services.work import claiming


@pytest.mark.parametrize("offered", ["abcdef0123456789", "a-b_c-d-e", "x" * 64])
def test_an_id_of_a_proxy_is_kept(client, db, settings, offered: str) -> None:
    settings.TRUSTED_PROXIES = 1
    assert client.get("/healthz", headers={"X-Request-ID": offered})["X-Request-ID"] == offered


def test_an_id_of_a_client_without_a_proxy_is_not(client, db) -> None:
    offered = "abcdef0123456789"
    assert client.get("/healthz", headers={"X-Request-ID": offered})["X-Request-ID"] != offered


@pytest.mark.parametrize(
    "offered", ["", "short", "x" * 65, "a@example.com", "two words", "a\tb-cdefgh", "../../etc", "é" * 9]
)
def test_anything_else_is_replaced(client, db, offered: str) -> None:
    given = client.get("/healthz", headers={"X-Request-ID": offered})["X-Request-ID"]
    assert given != offered
    assert len(given) == 32
    assert given != client.get("/healthz")["X-Request-ID"]


def test_nothing_is_left_for_the_next_request(client, db) -> None:
    client.get("/healthz", headers={"X-Request-ID": "abcdef0123456789"})
    assert request_ids.current() == ""


def test_every_answer_has_one_also_a_refused_one(client, db) -> None:
    assert client.get("/nowhere")["X-Request-ID"]
    assert client.get("/healthz", headers={"Host": "elsewhere.example.com"})["X-Request-ID"]


def test_a_job_and_its_message_carry_the_id_of_the_click(book, bob, client_of, monkeypatch, settings) -> None:
    settings.TRUSTED_PROXIES = 1
    sent = []
    monkeypatch.setattr(current_app, "send_task", lambda name, args, **options: sent.append(options["headers"]))
    fields = {"token": uuid4(), "scope": "book", "format": "xlsx"}
    url = reverse("request_download", args=[book.slug])
    client_of(bob).post(url, fields, headers={"X-Request-ID": "abcdef0123456789"})
    download = Download.objects.get()
    assert download.request_id == "abcdef0123456789"
    Download.objects.update(announced_at=None)
    claiming.wake_forgotten()
    assert sent[-1] == {"request_id": "abcdef0123456789"}


def test_lines_of_the_web_server_and_of_the_worker_meet(stack: Stack, book, by, no_address_yet: str) -> None:
    """As they are written: JSON, with the id on the request and on what the worker did for it."""
    request_id = uuid4().hex
    with request_ids.working_for(request_id):
        wanted = {"scope": "book", "format": "xlsx", "group_id": None, "query": "", "reason": "", "language": "en"}
        download = downloads.request(book=book, **wanted, token=uuid4(), by=by)
    wait_for(lambda: Download.objects.get(pk=download.pk).state == JobState.COMPLETE, 60)
    wait_for(lambda: any(line["message"] == "Task ended" for line in lines(stack, "worker", request_id)), 30)
    (ended,) = [line for line in lines(stack, "worker", request_id) if line["message"] == "Task ended"]
    assert (ended["task"], ended["args"]) == ("workspace.tasks.work_on", ["addressbook.Download", download.pk])
    answer = requests.get(f"{stack.url}/sign-in/?q={no_address_yet}", timeout=30)
    web_id = answer.headers["X-Request-ID"]
    wait_for(lambda: lines(stack, "web", web_id), 10)
    (line,) = lines(stack, "web", web_id)
    assert (line["method"], line["path"], line["status"], line["client"]) == ("GET", "/sign-in/", 200, "127.0.0.1")
    assert no_address_yet not in stack.log("web")


@pytest.fixture
def no_address_yet() -> str:
    return f"{uuid4().hex}@example.com"


def lines(stack: Stack, process: str, request_id: str) -> list[dict]:
    found = [json.loads(line) for line in stack.log(process).splitlines() if line.startswith("{")]
    return [line for line in found if line.get("request_id") == request_id]


def record(message: str, *args: object, error: bool = False, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("a.logger", logging.INFO, __file__, 1, message, args, None)
    if error:
        try:
            raise ValueError("duplicate key (a@example.com)")
        except ValueError as raised:
            made.exc_info = (type(raised), raised, raised.__traceback__)
    vars(made).update(extra)
    return made


@pytest.mark.parametrize("formatter", [JsonFormatter(), LineFormatter()])
def test_no_address_gets_into_a_line(formatter: logging.Formatter) -> None:
    text = formatter.format(record("saw %s", "b@example.com", error=True, fields={"path": "/c@example.com"}))
    assert "example.com" not in text
    assert "duplicate key ([address])" in text
    assert "saw [address]" in text


def test_a_line_is_one_object_whatever_it_says() -> None:
    line = JsonFormatter().format(record('two\nlines "quoted" %s', "주소록", request_id="abcdef01", fields={"n": 1}))
    assert "\n" not in line
    read = json.loads(line)
    assert read["message"] == 'two\nlines "quoted" 주소록'
    assert (read["level"], read["logger"], read["request_id"], read["n"]) == ("INFO", "a.logger", "abcdef01", 1)
