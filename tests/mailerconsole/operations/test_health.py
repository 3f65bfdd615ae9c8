"""/readyz names the part that is not there; /metrics tells those who may know how the work goes."""

import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from cryptography.fernet import Fernet
from django.db import connection
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from addressbook.models import BookSync, Download
from addressbook.services import sync
from mailerconsole import liveness
from mailerconsole.operations import checks, health
from tests.support.stack import METRICS_TOKEN, ROOT, Stack
from workspace.models import JobState
from workspace.services.people import sealing
from workspace.services.work import claiming

TOKEN = "a token that only this test knows"


@pytest.fixture(autouse=True)
def _asked_anew(monkeypatch) -> None:
    monkeypatch.setattr(health, "_last", None)


@pytest.fixture(autouse=True)
def alive(monkeypatch, tmp_path) -> None:
    """A worker for each queue, and beat; in a folder of the test, as on one machine."""
    monkeypatch.setattr(liveness, "_folder", lambda: tmp_path / "alive")
    monkeypatch.setattr(liveness, "_redis_url", lambda: "")
    for queue in liveness.queues():
        liveness.note_worker(queue, "worker@host")
    liveness.note_beat()


def test_everything_is_there(client, db, file_store) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "database": "ok",
            "migrations": "ok",
            "broker": "ok",
            "storage": "ok",
            "static": "ok",
            "secrets": "ok",
            "workers": "ok",
            "beat": "ok",
        },
    )
    assert answer["Cache-Control"] == "no-store"


def failed(client) -> set[str]:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    return {name for name, word in answer.json().items() if word == "failed"}


def test_a_folder_that_takes_no_file_is_named(client, db, settings, tmp_path) -> None:
    (tmp_path / "file").write_text("")
    settings.MEDIA_ROOT = tmp_path / "file" / "files"
    assert failed(client) == {"storage"}


def test_a_broker_that_is_down_is_named_and_reasons_stay_inside(client, db, file_store, settings, caplog) -> None:
    settings.REDIS_URL = "redis://:secret@127.0.0.1:1/0"
    from celery import Celery

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(health, "current_app", Celery(broker=settings.REDIS_URL, set_as_current=False))
        assert failed(client) == {"broker"}
    assert "Not ready: broker" in caplog.text
    assert "secret" not in caplog.text


def test_a_machine_with_another_key_is_named(client, db, file_store, settings, caplog) -> None:
    """Two data folders, each of which has made a key of its own; or one that has none."""
    settings.SECRETS_KEYS = [Fernet.generate_key().decode()]
    sealing.note_key()
    assert checks.check_sealed_keys(databases=["default"]) == []
    ours, settings.SECRETS_KEYS = settings.SECRETS_KEYS, [Fernet.generate_key().decode()]
    assert failed(client) == {"secrets"}
    assert "give every machine the same SECRETS_KEYS" in caplog.text
    assert [found.id for found in checks.check_sealed_keys(databases=["default"])] == ["mailerconsole.E003"]
    # While a new key is brought in, a machine has both.
    settings.SECRETS_KEYS += ours
    assert not sealing.is_foreign()
    sealing.rotate()
    assert not sealing.is_foreign()
    settings.SECRETS_KEYS = ours
    assert sealing.is_foreign()


def test_a_queue_without_a_worker_is_named(client, db, file_store, tmp_path, caplog, scraped) -> None:
    (mark,) = (tmp_path / "alive").glob("worker.changes.*")
    os.utime(mark, (0, 0))
    assert failed(client) == {"workers"}
    assert "No worker serves changes" in caplog.text
    found = scraped()
    assert found["mailerconsole_workers", ("queue", "changes")] == 0
    assert found["mailerconsole_workers", ("queue", "sync")] == 1


def test_a_beat_that_is_away_is_named(client, db, file_store, tmp_path, scraped) -> None:
    assert scraped()["mailerconsole_beat_age_seconds",] < 5
    ago = time.time() - 100
    os.utime(tmp_path / "alive" / "beat", (ago, ago))
    assert failed(client) == {"beat"}
    assert 100 <= scraped()["mailerconsole_beat_age_seconds",] < 130


def test_signs_of_life_are_read_from_redis_where_there_is_one(monkeypatch, redis_url) -> None:
    monkeypatch.setattr(liveness, "_redis_url", lambda: redis_url.rpartition("/")[0] + "/9")
    assert liveness.workers() == dict.fromkeys(liveness.queues(), 0)
    assert liveness.beat_age() is None
    for node in ("changes@hostA.1", "changes@hostB.2"):
        liveness.note_worker("changes", node)
    liveness.note_beat()
    assert liveness.workers()["changes"] == 2
    assert liveness.beat_age() < 5


def test_workers_sweep_while_beat_is_away(tmp_path, monkeypatch) -> None:
    sent = []
    monkeypatch.setattr(liveness.current_app, "send_task", lambda name, **options: sent.append(name))
    assert not liveness.sweep_without_beat()
    (tmp_path / "alive" / "beat").unlink()
    assert liveness.sweep_without_beat()
    sweeps = ["workspace.tasks.wake_forgotten_jobs", "addressbook.tasks.wake_syncs", "mailings.tasks.wake_mailings"]
    assert sent == sweeps


@pytest.mark.engine_independent
def test_a_database_that_is_away_costs_no_page_its_face_and_health_says_so(tmp_path: Path) -> None:
    code = """
import django
django.setup()
from django.test import Client
client = Client(raise_request_exception=False, HTTP_ACCEPT_LANGUAGE="ko")
client.cookies["sessionid"] = "x" * 32
page, health = client.get("/sign-in/"), Client().get("/healthz")
text = page.content.decode()
print(page.status_code, "<h1>" in text, "tokens" in text, 'lang="ko"' in text)
print(page["Content-Security-Policy"] != "", health.status_code, health.content.decode())
"""
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), "STATIC_ROOT": os.environ["STATIC_ROOT"]}
    environment |= {"DATABASE_URL": "postgresql://x@127.0.0.1:1/x", "DJANGO_SETTINGS_MODULE": "mailerconsole.settings"}
    command = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(
        command, cwd=ROOT, env=environment | {"ALLOWED_HOSTS": "*"}, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.splitlines() == ["500 True True True", "True 503 the database does not answer"], done.stderr


@pytest.mark.engine_independent
def test_what_a_killed_web_server_left_behind_is_cleaned_up(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    for name in (f"mailer-console-metrics-{dead.pid}-x", f"mailer-console-metrics-{os.getpid()}-x", "other"):
        (tmp_path / name).mkdir()
    code = "from pathlib import Path; from mailerconsole import gunicorn_settings as s; import sys; "
    code += "s.discard_folders_of_the_dead(Path(sys.argv[1])); s.on_exit(None)"
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, check=True)
    assert {path.name for path in tmp_path.iterdir()} == {"alive", f"mailer-console-metrics-{os.getpid()}-x", "other"}


def test_a_migration_that_is_missing_is_named(client, db, file_store) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM django_migrations WHERE app = 'addressbook' AND name = "
            "(SELECT max(name) FROM django_migrations WHERE app = 'addressbook')"
        )
    assert failed(client) == {"migrations"}


def test_what_others_can_ask_costs_one_look_a_second(client, db, file_store, django_assert_num_queries) -> None:
    client.get("/readyz")
    with django_assert_num_queries(0):
        client.get("/readyz")


@pytest.mark.parametrize("given", ["", "Bearer ", "Bearer wrong", TOKEN, f"bearer {TOKEN}", "Bearer None"])
def test_metrics_are_for_who_has_the_token(client, db, settings, given: str) -> None:
    settings.METRICS_TOKEN = TOKEN
    assert client.get("/metrics", headers={"Authorization": given}).status_code == 404
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers={"Authorization": given}).status_code == 404


def samples(text: str) -> dict[tuple, float]:
    """Value by name and labels."""
    families = text_string_to_metric_families(text)
    return {(s.name, *sorted(s.labels.items())): s.value for family in families for s in family.samples}


@pytest.fixture
def scraped(client, settings):
    settings.METRICS_TOKEN = TOKEN

    def scraped() -> dict[tuple, float]:
        answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200
        return samples(answer.content.decode())

    return scraped


def test_an_empty_console_has_metrics(db, scraped) -> None:
    found = scraped()
    assert found["mailerconsole_queue_age_seconds", ("queue", "changes")] == 0
    assert found["mailerconsole_queue_age_seconds", ("queue", "downloads")] == 0
    assert found["mailerconsole_queue_age_seconds", ("queue", "mail")] == 0
    assert found["mailerconsole_queue_age_seconds", ("queue", "sync")] == 0
    assert found[("mailerconsole_sync_lag_seconds",)] == 0


def test_the_age_of_the_oldest_waiting_job_is_told_by_queue(ask, send, scraped) -> None:
    ask()
    Download.objects.update(waiting_since=timezone.now() - timedelta(minutes=5))
    send("a@example.com")
    found = scraped()
    assert 300 <= found["mailerconsole_queue_age_seconds", ("queue", "downloads")] < 330
    assert found["mailerconsole_queue_age_seconds", ("queue", "changes")] < 30
    assert found["mailerconsole_jobs", ("kind", "download"), ("state", "waiting")] == 1
    assert found["mailerconsole_jobs", ("kind", "upload"), ("state", "waiting")] == 1


def test_a_job_whose_worker_is_gone_waits(ask, scraped) -> None:
    download = ask()
    claiming.claim(Download, download.pk)
    Download.objects.update(lease_until=timezone.now() - timedelta(minutes=2))
    assert 120 <= scraped()["mailerconsole_queue_age_seconds", ("queue", "downloads")] < 150


def test_an_upload_waits_since_its_ok_and_not_since_it_came(check, book, by, scraped) -> None:
    from addressbook.models import Upload
    from addressbook.services import uploads

    upload = check("a@example.com")
    Upload.objects.update(
        created_at=timezone.now() - timedelta(hours=2), waiting_since=timezone.now() - timedelta(hours=2)
    )
    upload.refresh_from_db()
    uploads.apply(book=book, upload_id=upload.pk, group_id=None, seen=upload.attempt, by=by)
    assert scraped()["mailerconsole_queue_age_seconds", ("queue", "changes")] < 30


def test_ended_jobs_are_told_with_their_durations(made, scraped) -> None:
    download = made()
    Download.objects.update(started_at=download.finished_at - timedelta(seconds=7))
    labels = (("kind", "download"), ("state", JobState.COMPLETE))
    found = scraped()
    assert found["mailerconsole_jobs_ended", *labels] == 1
    assert found["mailerconsole_job_seconds", labels[0], ("quantile", "0.95"), labels[1]] == pytest.approx(7)
    Download.objects.update(finished_at=timezone.now() - timedelta(hours=2))
    assert ("mailerconsole_jobs_ended", *labels) not in scraped()


def test_sync_lag_is_the_age_of_the_oldest_change_that_is_not_there(book, by, register, scraped) -> None:
    sync.turn_on(book=book, by=by)
    register("a@example.com")
    book.current_edition.addresses.update(registered_at=timezone.now() - timedelta(minutes=3))
    found = scraped()
    assert 180 <= found[("mailerconsole_sync_lag_seconds",)] < 210
    assert found["mailerconsole_sync_books", ("state", "behind")] == 1
    BookSync.objects.update(pause="by_user")
    found = scraped()
    assert found[("mailerconsole_sync_lag_seconds",)] == 0
    assert found["mailerconsole_sync_books", ("state", "paused")] == 1


def test_requests_are_measured_by_view_and_never_by_path(client, db, scraped) -> None:
    name = "mailerconsole_request_seconds_count"
    none = (name, ("method", "GET"), ("status", "404"), ("view", "none"))
    before = scraped().get(none, 0)
    client.get("/a/path/of/a/stranger")
    client.generic("STRANGE", "/sign-in/")
    found = scraped()
    assert found[none] == before + 1
    assert (name, ("method", "other"), ("status", "405"), ("view", "sign_in")) in found
    assert not [labels for labels in found if "stranger" in str(labels) or "STRANGE" in str(labels)]


def test_processes_of_a_web_server_count_together(stack: Stack, settings) -> None:
    """Two processes answer; what one of them shows is what both have counted."""
    name = "mailerconsole_request_seconds_count"
    answered = (name, ("method", "GET"), ("status", "404"), ("view", "none"))

    def count() -> float:
        answer = requests.get(f"{stack.url}/metrics", headers={"Authorization": f"Bearer {METRICS_TOKEN}"}, timeout=30)
        assert answer.status_code == 200
        return samples(answer.text).get(answered, 0)

    before = count()
    for _ in range(20):
        requests.get(f"{stack.url}/nowhere", timeout=30)
    assert count() == before + 20
    assert [count() for _ in range(10)] == [before + 20] * 10


@pytest.mark.engine_independent
def test_secrets_come_from_files(tmp_path: Path) -> None:
    files = {"SECRET_KEY": "k" * 50 + "\n", "DATABASE_PASSWORD": "p@ss/w:rd %\n", "REDIS_PASSWORD": "r@d/s:%"}
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path / "data")}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
        environment[f"{name}_FILE"] = str(tmp_path / name)
    environment["DATABASE_URL"] = "postgresql://console@postgres:5432/console"
    environment["REDIS_URL"] = "redis://redis:6379/0"
    code = (
        "from mailerconsole import settings as s; print(s.SECRET_KEY, s.DATABASES['default']['PASSWORD'], s.REDIS_URL)"
    )

    def run(**more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-W", "ignore", "-c", code]
        return subprocess.run(command, cwd=ROOT, env=environment | more, capture_output=True, text=True, timeout=60)

    assert run().stdout == f"{'k' * 50} p@ss/w:rd % redis://:r%40d%2Fs%3A%25@redis:6379/0\n"
    missing = run(SECRET_KEY_FILE="/nowhere")
    assert missing.returncode
    assert "SECRET_KEY_FILE names /nowhere, which cannot be read" in missing.stderr
