"""A worker that has gone deaf ends, so that it is started anew."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import redis
from celery import Celery
from kombu import Queue

from mailerconsole.operations.watchdog import Hearing, waiting
from tests.support.stack import ROOT, wait_for

pytestmark = pytest.mark.engine_independent

PATIENCE = 60


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def is_lost_after(clock: Clock, seconds: float, hearing: Hearing, *, heard: int = 7, busy: bool = False) -> bool:
    clock.now += seconds
    return hearing.is_lost(heard=heard, busy=busy)


def test_an_idle_worker_that_takes_nothing_of_what_waits_is_deaf(clock: Clock) -> None:
    hearing = Hearing(PATIENCE, lambda: 1, clock)
    assert not is_lost_after(clock, 0, hearing)
    assert not is_lost_after(clock, PATIENCE - 1, hearing)
    assert is_lost_after(clock, 1, hearing)


def test_a_worker_that_has_nothing_to_hear_is_not_deaf(clock: Clock) -> None:
    hearing = Hearing(PATIENCE, lambda: 0, clock)
    assert not any(is_lost_after(clock, PATIENCE, hearing) for _ in range(5))


def test_a_busy_worker_is_not_deaf_and_gets_its_time_afterwards(clock: Clock) -> None:
    hearing = Hearing(PATIENCE, lambda: 9, clock)
    assert not any(is_lost_after(clock, PATIENCE, hearing, busy=True) for _ in range(5))
    assert not is_lost_after(clock, PATIENCE - 1, hearing)


def test_a_worker_that_hears_is_not_deaf_however_much_waits(clock: Clock) -> None:
    hearing = Hearing(PATIENCE, lambda: 500, clock)
    assert not any(is_lost_after(clock, PATIENCE, hearing, heard=number) for number in range(5))


def test_a_broker_that_cannot_be_asked_says_nothing_about_the_worker() -> None:
    assert waiting(Celery(broker="redis://127.0.0.1:1/0", set_as_current=False), [Queue("any")]) == 0


def test_a_worker_that_stopped_listening_ends_and_a_listening_one_lives(tmp_path: Path, redis_url: str) -> None:
    """Deaf as by a lost connection: alive, answering, but not taking messages of its queue any more."""
    environment = {
        "PATH": os.environ["PATH"],
        "DATA_DIR": str(tmp_path),
        "REDIS_URL": redis_url,
        "WORKER_DEAF_AFTER_SECONDS": "2",
        "WORKER_READY_FILE": str(tmp_path / "ready"),
    }
    celery = [sys.executable, "-W", "ignore", "-m", "celery", "--app", "mailerconsole"]
    log = (tmp_path / "log").open("w")
    worker = subprocess.Popen(
        [*celery, "worker", "--queues", "deaf", "--concurrency", "1", "--without-gossip", "--without-mingle"],
        cwd=ROOT,
        env=environment,
        stdout=log,
        stderr=log,
    )
    try:
        wait_for((tmp_path / "ready").exists, 60, lambda: (tmp_path / "log").read_text())
        subprocess.run(
            [*celery, "control", "cancel_consumer", "deaf"], cwd=ROOT, env=environment, check=True, capture_output=True
        )
        assert worker.poll() is None
        queue = Celery(broker=redis_url, set_as_current=False)
        queue.send_task("workspace.tasks.work_on", args=["addressbook.Job", 0], queue="deaf")
        assert worker.wait(timeout=60) == 1
        assert "This worker hears nothing of the messages that wait for it" in (tmp_path / "log").read_text()
        # Nothing is lost: the next worker finds it.
        assert redis.Redis.from_url(redis_url).llen("deaf") == 1
    finally:
        worker.kill()
        worker.wait()
        log.close()
