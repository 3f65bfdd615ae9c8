"""What Prometheus reads at /metrics.

Durations of requests are counted by each web process, and added up where gunicorn has given them a common folder
(PROMETHEUS_MULTIPROC_DIR). Everything about jobs and sync is asked of the database at each scrape: any web server
can answer for all workers, wherever those run, and nothing is counted twice or lost with a process.
"""

import logging
import os
from collections.abc import Iterator
from typing import Final

from celery import current_app
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from mailerconsole import liveness

logger = logging.getLogger(__name__)

PREFIX: Final = "mailerconsole"

# A click is to be answered within half a second; beyond a minute gunicorn ends the process.
_BUCKETS: Final = (0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60)

_registry = CollectorRegistry()
REQUEST_SECONDS: Final = Histogram(
    f"{PREFIX}_request_seconds",
    "Requests by view, method and status, from the first to the last middleware.",
    ["view", "method", "status"],
    buckets=_BUCKETS,
    registry=_registry,
)
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "OPTIONS"})


def note_request(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
    # Labels come from lists of ours: each new value of one that a stranger chooses would take memory for ever.
    match = request.resolver_match
    view = match.view_name or "unnamed" if match else "none"
    method = request.method if request.method in _METHODS else "other"
    REQUEST_SECONDS.labels(view, method, str(response.status_code)).observe(seconds)


def exposition() -> bytes:
    """The text format. One that counts over all processes of this web server, where there are several."""
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(registry)
    else:
        registry.register(_Own())
    registry.register(_Workload())
    registry.register(_Processes())
    return generate_latest(registry)


class _Own(Collector):
    def collect(self) -> Iterator[Metric]:
        yield from _registry.collect()


class _Processes(Collector):
    """Workers and beat, as they say of themselves; nothing while the broker cannot be asked, which /readyz says."""

    def collect(self) -> Iterator[Metric]:
        try:
            served, age = liveness.workers(), liveness.beat_age()
        except Exception:  # whatever the broker's client raises: the rest is still told
            logger.warning("The broker could not be asked who is alive", exc_info=True)
            return
        alive = GaugeMetricFamily(f"{PREFIX}_workers", "Workers that serve a queue.", labels=["queue"])
        for queue, count in sorted(served.items()):
            alive.add_metric([queue], count)
        yield alive
        if age is not None:
            yield GaugeMetricFamily(f"{PREFIX}_beat_age_seconds", "Since beat last asked for something.", value=age)


class _Workload(Collector):
    """Jobs and sync, out of the database."""

    def collect(self) -> Iterator[Metric]:
        # Here, so that gunicorn's parent and Celery's do without the models.
        from mailerconsole.operations import workload

        jobs = GaugeMetricFamily(f"{PREFIX}_jobs", "Jobs that wait or run.", labels=["kind", "state"])
        for kind, state, number in workload.unfinished():
            jobs.add_metric([kind, state], number)
        yield jobs

        ages = workload.oldest_waiting()
        task, seconds = workload.oldest_due_mailing()
        queue = current_app.amqp.router.route({}, task)["queue"].name
        ages[queue] = max(ages.get(queue, 0.0), seconds)
        load = workload.sync_load()
        ages[current_app.conf.task_default_queue] = load.unattended_seconds
        oldest = GaugeMetricFamily(
            f"{PREFIX}_queue_age_seconds", "How long the oldest job of a queue waits for a worker.", labels=["queue"]
        )
        for queue, seconds in ages.items():
            oldest.add_metric([queue], seconds)
        yield oldest

        count = GaugeMetricFamily(
            f"{PREFIX}_jobs_ended", "Jobs that ended in the last hour, by how they ended.", labels=["kind", "state"]
        )
        took = GaugeMetricFamily(
            f"{PREFIX}_job_seconds", "How long those took from claim to end.", labels=["kind", "state", "quantile"]
        )
        for ended in workload.ended():
            count.add_metric([ended.kind, ended.state], ended.count)
            for quantile, seconds in ended.seconds.items():
                took.add_metric([ended.kind, ended.state, str(quantile)], seconds)
        yield from (count, took)

        books = GaugeMetricFamily(f"{PREFIX}_sync_books", "Books whose sync is on.", labels=["state"])
        for state, number in load.books.items():
            books.add_metric([state], number)
        yield books
        late = GaugeMetricFamily(
            f"{PREFIX}_sync_lag_seconds",
            "Age of the oldest change that is not in its remote book yet; paused ones aside.",
        )
        late.add_metric([], load.late_seconds)
        yield late
