"""The processes of docker-compose.yml, with its settings, against real servers: all but the containers."""

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
import redis
import requests

from mailerconsole.supervisor import RELEASE, read_procfile
from tests.postgresql import PostgresServer, free_port
from tests.stack import ROOT, wait_for

pytestmark = pytest.mark.engine_independent


@pytest.fixture
def environment(tmp_path: Path, redis_url: str) -> Iterator[dict[str, str]]:
    server = PostgresServer()
    try:
        yield {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONWARNINGS": "ignore",
            "DATA_DIR": str(tmp_path),
            "DATABASE_URL": server.start(),
            "REDIS_URL": redis_url,
            "SECRET_KEY": "a key that only this test knows",
            "SITE_URL": "",
            "TRUSTED_PROXIES": "0",
            "PORT": str(free_port()),
        }
    finally:
        server.stop()


def test_processes_run_on_postgresql_and_redis(environment: dict[str, str], tmp_path: Path, redis_url: str) -> None:
    procfile = read_procfile()
    # As the image is built.
    run("python manage.py collectstatic --no-input --verbosity 0", environment)
    run(procfile[RELEASE], environment | {"ADMIN_PASSWORD": "a strong password of mine"})
    with psycopg.connect(environment["DATABASE_URL"]) as database:
        assert database.execute("SELECT name FROM addressbook_addressbook").fetchall() == [("Main",)]
    mark = tmp_path / "ready"
    with ExitStack() as running:
        for name, command in procfile.items():
            if name != RELEASE:
                log = running.enter_context((tmp_path / f"{name}.log").open("w"))
                process = subprocess.Popen(
                    shlex.split(command),
                    cwd=ROOT,
                    env=environment | {"WORKER_READY_FILE": str(mark)},
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )
                running.callback(process.wait, timeout=30)
                running.callback(process.send_signal, signal.SIGTERM)
        wait_for(mark.exists, 60, lambda: (tmp_path / "worker.log").read_text())
        wait_for(lambda: run(f"{sys.executable} -m mailerconsole.readiness --web", environment, check=False) == 0, 60)
        assert requests.get(f"http://127.0.0.1:{environment['PORT']}/", timeout=10).status_code == 200
        run(f"{sys.executable} -c 'import mailerconsole as m; m.celery_app.send_task(\"none\")'", environment)
        broker = redis.Redis.from_url(redis_url)
        wait_for(lambda: not broker.llen("celery"), 20)
        assert run("celery --app mailerconsole inspect ping", environment, check=False) == 0
    assert not list(tmp_path.glob("*.sqlite3"))
    assert not (tmp_path / "broker").exists()


def run(command: str, environment: dict[str, str], *, check: bool = True) -> int:
    done = subprocess.run(shlex.split(command), cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert not check or done.returncode == 0, done.stderr
    return done.returncode
