"""The processes of docker-compose.yml, with its settings, against real servers: all but the containers."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis
import requests

from tests.support.stack import ROOT, wait_for
from tests.support.strategies import SERVICES, Composition

pytestmark = pytest.mark.engine_independent

HOST = "mailer.example.com"
WORKERS = ("changes", "downloads", "mail", "sync")


@pytest.fixture
def composition(tmp_path: Path) -> Iterator[Composition]:
    with Composition(tmp_path, SITE_URL=f"https://{HOST}") as composition:
        yield composition


@pytest.mark.timeout(600)
def test_every_service_runs_with_what_the_file_says(composition: Composition) -> None:
    composition.start("redis")
    composition.wait_until_healthy("redis", 20)
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=composition.redis_port).ping()
    composition.run("migrate")
    with psycopg.connect(composition.database_url) as database:
        assert database.execute("SELECT name FROM addressbook_addressbook").fetchall() == [("Main",)]
    for name in ("web", *WORKERS, "beat"):
        composition.start(name)
    composition.wait_until_healthy("web")
    behind_proxy = {"Host": HOST, "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"}
    url = f"http://127.0.0.1:{composition.port}"
    assert requests.get(f"{url}/sign-in/", headers=behind_proxy, timeout=10).status_code == 200
    # The workers say so within seconds of their own start.
    wait_for(lambda: requests.get(f"{url}/readyz", headers=behind_proxy, timeout=10).status_code == 200, 60)
    bearer = f"Bearer {composition.folder.joinpath('secrets/metrics_token').read_text().strip()}"
    metrics = requests.get(f"{url}/metrics", headers=behind_proxy | {"Authorization": bearer}, timeout=10)
    for name in WORKERS:
        assert f'mailerconsole_queue_age_seconds{{queue="{name}"}} 0.0' in metrics.text
    for name in WORKERS:
        composition.wait_until_healthy(name)
    wait_for(lambda: composition.is_healthy("beat"), 60, lambda: composition.log("beat"))
    assert_each_queue_is_served(composition)
    composition.stop("sync")
    assert not composition.is_healthy("sync")
    assert not list((composition.folder / "data").glob("*.sqlite3"))
    assert not (composition.folder / "data" / "broker").exists()


def assert_each_queue_is_served(composition: Composition) -> None:
    password = composition.folder.joinpath("secrets/redis_password").read_text().strip()
    broker = redis.Redis(port=composition.redis_port, password=password)
    code = "import mailerconsole as m; [m.celery_app.send_task(name, args=args, **to) for name, args, to in {}]"
    tasks: list[tuple[str, list[object], dict[str, str]]] = [
        ("workspace.tasks.work_on", [kind, 0], {"queue": queue})
        for kind, queue in (("addressbook.Upload", "changes"), ("addressbook.Download", "downloads"))
    ]
    tasks += [("addressbook.tasks.sync_book", [0], {}), ("mailings.tasks.run_mailing", [0], {})]
    environment = composition.environment("web") | {"PATH": os.environ["PATH"]}
    subprocess.run([sys.executable, "-c", code.replace("{}", str(tasks))], cwd=ROOT, env=environment, check=True)
    wait_for(lambda: not any(broker.llen(queue) for queue in WORKERS), 30)


def test_a_service_that_is_not_ours_is_not_left_out() -> None:
    """What cannot be run here; everything else the test above runs."""
    assert set(SERVICES) == {"redis", "migrate", "web", *WORKERS, "beat"} | {"proxy", "postgres"}
