"""What waits for workers and for how long, for metrics and alarms. Reads only; a handful of queries."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import quantiles
from typing import Final

from django.db.models import Count, F, Min, Value
from django.db.models.expressions import Combinable
from django.utils import timezone

from addressbook.models import Address, BookSync, Job, Removal
from mailerconsole import limits
from mailings.models import MailingRun
from mailings.services.sending import lease
from workspace.models import JobState, LeasedWork
from workspace.models.work import UNFINISHED, kinds

_QUANTILES: Final = (0.5, 0.95, 1.0)


@dataclass(frozen=True, slots=True)
class Ended:
    """Work of one kind that ended in the last hour in one state; `seconds` from claim to end by quantile."""

    kind: str
    state: str
    count: int
    seconds: dict[float, float]


@dataclass(frozen=True, slots=True)
class SyncLoad:
    """`late_seconds` since the oldest change that is not there yet; `unattended_seconds` that a due book has waited."""

    books: dict[str, int]
    late_seconds: float
    unattended_seconds: float


def unfinished() -> Iterator[tuple[str, str, int]]:
    """Kind, state and number of what waits or runs."""
    for model in kinds():
        rows = model._default_manager.filter(state__in=UNFINISHED)
        counted = rows.values_list(_kind(model), "state").annotate(n=Count("pk")).order_by()
        yield from ((kind, state, n) for kind, state, n in counted)


def oldest_waiting() -> dict[str, float]:
    """By queue, in seconds: how long the oldest row has waited; since its lease ended, if its worker is gone."""
    now = timezone.now()
    found: dict[str, float] = {}
    for model in kinds():
        waiting = model._default_manager.filter(state=JobState.WAITING).aggregate(at=Min("waiting_since"))["at"]
        dropped = model._default_manager.filter(state=JobState.RUNNING, lease_until__lt=now)
        times = [at for at in (waiting, dropped.aggregate(at=Min("lease_until"))["at"]) if at is not None]
        found[model.QUEUE] = max([found.get(model.QUEUE, 0.0), *(_seconds(now, at) for at in times)])
    return found


def oldest_due_mailing() -> tuple[str, float]:
    """The task that sends mailings, and for how many seconds the oldest that is due has waited for a worker."""
    now = timezone.now()
    waiting = MailingRun.objects.filter(lease_until__isnull=True, next_at__lte=now).aggregate(at=Min("next_at"))["at"]
    dropped = MailingRun.objects.filter(lease_until__lt=now).aggregate(at=Min("lease_until"))["at"]
    return lease.TASK, max((_seconds(now, at) for at in (waiting, dropped) if at is not None), default=0.0)


def ended() -> Iterator[Ended]:
    """What ended in the last limits.WORKLOAD_WINDOW_SECONDS, erasures aside: their rows go with what they erase."""
    since = timezone.now() - timedelta(seconds=limits.WORKLOAD_WINDOW_SECONDS)
    for model in kinds():
        rows = model._default_manager.filter(finished_at__gte=since)
        times: dict[tuple[str, str], list[float]] = {}
        for kind, state, began, over in rows.values_list(_kind(model), "state", "started_at", "finished_at"):
            times.setdefault((kind, state), []).append(_seconds(over, began or over))
        for (name, state), seconds in times.items():
            yield Ended(name, state, len(seconds), {q: _quantile(seconds, q) for q in _QUANTILES})


def sync_load() -> SyncLoad:
    """How far the remote books are behind."""
    now = timezone.now()
    syncs = list(
        BookSync.objects.filter(is_on=True).only(
            "book", "pause", "failures", "verified_at", "addresses_sent", "in_air_since", "next_look_at", "lease_until"
        )
    )
    states = {"paused": 0, "failing": 0, "behind": 0, "at_rest": 0}
    late = [now]
    unattended = 0.0
    for sync in syncs:
        states[_state(sync)] += 1
        if sync.pause:
            continue
        if sync.verified_at is None:
            late += filter(None, [sync.in_air_since, _oldest_pending(sync)])
        if sync.next_look_at is not None and sync.lease_until is None:
            unattended = max(unattended, _seconds(now, sync.next_look_at))
    active = [sync.book_id for sync in syncs if not sync.pause]
    removal = Removal.objects.waiting().filter(book__in=active).aggregate(at=Min("created_at"))["at"]
    late += filter(None, [removal])
    return SyncLoad(states, _seconds(now, min(late)), unattended)


def _state(sync: BookSync) -> str:
    if sync.pause:
        return "paused"
    if sync.failures:
        return "failing"
    return "behind" if sync.verified_at is None else "at_rest"


def _oldest_pending(sync: BookSync) -> datetime | None:
    pending = Address.objects.filter(edition__current_of=sync.book_id, pk__gt=sync.addresses_sent)
    return pending.order_by("pk").values_list("registered_at", flat=True).first()


def _kind(model: type[LeasedWork]) -> Combinable:
    """What sort of work a row is: of bulk acts the act, else the name of the model."""
    return F("kind") if model is Job else Value(str(model._meta.model_name))


def _seconds(later: datetime, earlier: datetime) -> float:
    # The server's clock may have been set back between the two.
    return max(0.0, (later - earlier).total_seconds())


def _quantile(values: list[float], q: float) -> float:
    if q == 1.0 or len(values) == 1:
        return max(values)
    return quantiles(values, n=100, method="inclusive")[round(q * 100) - 1]
