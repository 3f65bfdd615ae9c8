"""I9: whatever people do, whatever fails and whenever the worker dies, once it is quiet the remote book equals ours.

Creations land late and out of order (never later than the engine allows for: see limits.SYNC_LANDING_SECONDS), people
act between any two statements of the worker, and the worker dies at any of its crash points.
"""

import os
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from addressbook import limits
from addressbook.models import Address, Group, ParkedEntry, Removal
from addressbook.services import sync
from addressbook.services.addresses import bulk, groups, registration, selection
from addressbook.services.addresses.selection import Selection
from addressbook.services.sync import outbox
from addressbook.services.sync.engine import Rest
from libraries.outbound_mailer.simulator import Fault, FaultKind, JobOrder, SimulatorSettings
from tests.addressbook.services.sync.worker import Worker
from tests.support.invariants import assert_consistent
from tests.support.sizes import size
from workspace.models import Edition, Region, Zone
from workspace.services.books import books
from workspace.services.work import crash_points

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(1200)]

# The service simulated takes no combining marks, our library does.
REFUSED = "हि@example.com"
ADDRESSES = [*(f"{name}@example.com" for name in "aAbcdefghijklmnop"), REFUSED]
NAMES = ["VIP", "Gold", "News", "가입자"]
LATEST_SECONDS = limits.SYNC_LANDING_SECONDS - 60
# Each run takes about a second; in parts, so that all processors have a share. What a database can do wrong here,
# fewer runs show. SYNC_RUNS and SYNC_SEED are for longer and other ones.
RUNS, PARTS = {"sqlite": size(48, 600), "postgresql": size(12, 60)}, 6
FAULTS = [kind for kind in FaultKind if kind is not FaultKind.SLOW]
AROUND_A_CALL = ["sync: before the call", "sync: after the call"]

addresses = st.lists(st.sampled_from(ADDRESSES), min_size=1, max_size=5, unique=True)
names = st.sampled_from(NAMES)
places = st.integers(0, 3)
acts = st.one_of(
    st.tuples(st.just("register"), addresses, st.none() | places),
    st.tuples(st.just("delete_addresses"), addresses),
    st.tuples(st.just("remove_from_group"), addresses, places),
    st.tuples(st.just("add_to_group"), addresses, places),
    st.tuples(st.just("create_group"), names),
    st.tuples(st.just("rename_group"), places, names),
    st.tuples(st.just("delete_group"), places),
    st.tuples(st.just("empty_group"), places),
)
rare_acts = st.sampled_from(["reset", "undo_reset", "send_again", "rebuild", "pause", "resume"])


class DiedError(BaseException):
    """The worker's process is gone."""


class Life(RuleBasedStateMachine):
    """One book from its first connection to the day on which it is quiet."""

    # Set by the test: they outlive a book.
    make_book: Callable = None
    simulator = None
    by = None

    def __init__(self) -> None:
        super().__init__()
        self.book = type(self).make_book()
        self.simulator.reset()
        self.simulator.settings = SimulatorSettings()
        self.worker = Worker(self.book, self.simulator)
        self.closed: list[Edition] = []
        for name in NAMES[:2]:
            self._create_group(name)
            self._register(ADDRESSES[:6], 0)
        sync.turn_on(book=self.book, by=self.by)

    # What people do ------------------------------------------------------------------------------------------

    @rule(act=acts)
    def act(self, act: tuple) -> None:
        name, *arguments = act
        getattr(self, f"_{name}")(*arguments)

    @rule(act=acts)
    def act_more_often(self, act: tuple) -> None:
        self.act(act)

    @rule(act=rare_acts)
    def act_rarely(self, act: str) -> None:
        getattr(self, f"_{act}")()

    def _group(self, place: int) -> Group | None:
        found = list(Group.objects.filter(edition__current_of=self.book).order_by("pk"))
        return found[place % len(found)] if found else None

    def _chosen(self, emails: list[str], group: Group | None = None) -> Selection:
        rows = Address.objects.filter(edition__current_of=self.book, email__in=emails)
        ids = tuple(rows.values_list("pk", flat=True))
        return Selection(group_id=group.pk if group else None, address_ids=ids, seen_count=len(ids))

    def _register(self, emails: list[str], place: int | None) -> None:
        group = self._group(place) if place is not None else None
        registration.register_typed(
            book=self.book, group_id=group.pk if group else None, text=" ".join(emails), token=uuid4(), by=self.by
        )

    def _delete_addresses(self, emails: list[str]) -> None:
        if (selected := self._chosen(emails)).address_ids:
            bulk.delete_addresses(book=self.book, selection=selected, token=uuid4(), by=self.by)

    def _remove_from_group(self, emails: list[str], place: int) -> None:
        group = self._group(place)
        if group and (selected := self._chosen(emails, group)).address_ids:
            bulk.remove_from_group(book=self.book, selection=selected, token=uuid4(), by=self.by)

    def _add_to_group(self, emails: list[str], place: int) -> None:
        group = self._group(place)
        if group and (selected := self._chosen(emails)).address_ids:
            bulk.edit_groups(book=self.book, selection=selected, add=[group.pk], remove=[], token=uuid4(), by=self.by)

    def _create_group(self, name: str) -> None:
        if not Group.objects.filter(edition__current_of=self.book, name=name).exists():
            groups.create_group(book=self.book, name=name, token=uuid4(), by=self.by)

    def _rename_group(self, place: int, name: str) -> None:
        group = self._group(place)
        if group and not Group.objects.filter(edition__current_of=self.book, name=name).exists():
            groups.rename_group(book=self.book, group_id=group.pk, seen_name=group.name, name=name, by=self.by)

    def _delete_group(self, place: int) -> None:
        if group := self._group(place):
            whole = selection.everything(book=self.book, group_id=group.pk)
            bulk.delete_group(book=self.book, selection=whole, token=uuid4(), by=self.by)

    def _empty_group(self, place: int) -> None:
        if group := self._group(place):
            whole = selection.everything(book=self.book, group_id=group.pk)
            bulk.empty_group(book=self.book, selection=whole, token=uuid4(), by=self.by)

    def _reset(self) -> None:
        edition = books.lock(self.book)
        self.closed.append(edition)
        new = Edition.objects.create(book=self.book, number=self.book.editions.count() + 1, opened_at=timezone.now())
        self._make_current(new)
        outbox.book_reset(new)

    def _undo_reset(self) -> None:
        if self.closed:
            books.lock(self.book)
            old = self.closed.pop()
            self._make_current(old)
            outbox.edition_restored(old)

    def _make_current(self, edition: Edition) -> None:
        self.book.current_edition = edition
        self.book.save(update_fields=["current_edition"])

    def _send_again(self) -> None:
        sync.send_again(book=self.book, by=self.by)

    def _rebuild(self) -> None:
        sync.rebuild(book=self.book, by=self.by)

    def _pause(self) -> None:
        sync.pause(book=self.book, by=self.by)

    def _resume(self) -> None:
        sync.resume(book=self.book, by=self.by)

    # What the worker does ------------------------------------------------------------------------------------

    @rule(count=st.integers(1, 2))
    def work(self, count: int) -> None:
        for _ in range(count):
            if isinstance(self.worker.step(), Rest):
                return

    @rule(count=st.integers(1, 2), seconds=st.sampled_from([1, 30, 200]))
    def work_and_wait(self, count: int, seconds: int) -> None:
        self._wake_up()
        for _ in range(count):
            if isinstance(self.worker.step(), Rest):
                return
            self.worker.pass_time(seconds)

    def _wake_up(self) -> None:
        """A book that rests for good, or waits for long, would tell little."""
        state = self.worker.sync()
        if state.pause:
            sync.resume(book=self.book, by=self.by)
        if state.not_before:
            self.worker.pass_time(limits.SYNC_BACKOFF_LONGEST_SECONDS * 1.25)

    @rule(point=st.integers(1, 12))
    def die_at_a_crash_point(self, point: int) -> None:
        reached = 0

        def strike(_: str) -> None:
            nonlocal reached
            reached += 1
            if reached == point:
                raise DiedError

        self._work_with(strike)

    @rule(point=st.sampled_from([*AROUND_A_CALL, "sync: after the step"]), act=acts)
    def act_while_the_worker_works(self, point: str, act: tuple) -> None:
        self._work_with(self._once(point, lambda: self.act(act)))

    @rule(point=st.sampled_from(AROUND_A_CALL), act=rare_acts)
    def act_rarely_while_the_worker_works(self, point: str, act: str) -> None:
        self._work_with(self._once(point, lambda: self.act_rarely(act)))

    def _once(self, point: str, act: Callable[[], None]) -> Callable[[str], None]:
        waiting = [act]

        def reached(name: str) -> None:
            if name == point and waiting:
                waiting.pop()()

        return reached

    def _work_with(self, reached: Callable[[str], None]) -> None:
        self._wake_up()
        before, crash_points.reached = crash_points.reached, reached
        try:
            self.worker.step()
        except DiedError:
            self.worker.die()
        finally:
            crash_points.reached = before

    # What the service does -----------------------------------------------------------------------------------

    @rule(kind=st.sampled_from(FAULTS), times=st.integers(1, 2))
    def fail(self, kind: FaultKind, times: int) -> None:
        seconds = 600.0 if kind is FaultKind.CLOCK_SKEW else 0.0
        self.simulator.faults.switch_on(Fault(kind=kind, times=times, seconds=seconds))

    @rule(kind=st.sampled_from([FaultKind.ENDPOINT_TIMEOUT, FaultKind.CUT_AFTER, FaultKind.CUT_BEFORE]))
    def fail_to_answer_a_creation(self, kind: FaultKind) -> None:
        self.simulator.faults.switch_on(Fault(kind=kind, operation="createAddressBook"))

    @rule(
        delay=st.sampled_from([0.0, 5.0, 60.0, LATEST_SECONDS]),
        order=st.sampled_from(JobOrder),
        unknown_address_is_error=st.booleans(),
        unknown_group_is_error=st.booleans(),
        most=st.sampled_from([None, None, 2]),
    )
    def behave(self, delay: float, order: JobOrder, most: int | None, **switches: bool) -> None:
        """From now on; creations that wait keep their time, so that later ones may overtake them."""
        self.simulator.settings = SimulatorSettings(
            delay_seconds=delay, job_order=order, max_addresses_per_request=most, **switches
        )

    @rule(seconds=st.sampled_from([1, 10, 60, 200, 400, 4000]))
    def pass_time(self, seconds: int) -> None:
        self.worker.pass_time(seconds)

    # When it is quiet ----------------------------------------------------------------------------------------

    def teardown(self) -> None:
        try:
            self._become_quiet()
            assert self.worker.remote() == self.worker.ours()
            assert set(ParkedEntry.objects.filter(book=self.book).values_list("address__email", flat=True)) <= {REFUSED}
            assert sync.status(self.book).state == sync.State.IN_SYNC
            assert not Removal.objects.filter(book=self.book).exists()
            assert_consistent(self.book)
            # And nothing comes afterwards.
            self.worker.pass_time(10_000)
            assert self.worker.remote() == self.worker.ours()
        finally:
            self.worker.client.close()

    def _become_quiet(self) -> None:
        self.simulator.faults.clear()
        self.simulator.settings = SimulatorSettings()
        sync.resume(book=self.book, by=self.by)
        self.worker.work(leap_seconds=100)
        if sync.status(self.book).parked_count:
            # Entries that a fault made the service refuse get another chance, as a person would give it to them.
            sync.resume(book=self.book, by=self.by)
            sync.send_again(book=self.book, by=self.by)
            self.worker.work(leap_seconds=100)


@pytest.mark.parametrize("part", range(PARTS))
def test_the_remote_book_equals_ours_once_it_is_quiet(part, by, running_simulator, engine, monkeypatch) -> None:
    if part % 2:
        # One creation after the other: whatever takes no room in one must not hide what comes next.
        monkeypatch.setattr(limits, "SYNC_ROWS_PER_CALL", 3)
    Life.make_book = lambda: books.create_book(name="Life", zone=Zone.PUBLIC, region=Region.KR, by=by)
    Life.simulator, Life.by = running_simulator, by
    run_state_machine_as_test(
        seed(part + int(os.environ.get("SYNC_SEED", "0")))(Life),
        settings=settings(
            max_examples=int(os.environ.get("SYNC_RUNS", RUNS[engine])) // PARTS,
            stateful_step_count=50,
            database=None,
            deadline=None,
            # Without making a failure smaller, which takes minutes: SYNC_SHRINK=1 does.
            phases=[Phase.generate, *([Phase.shrink] if "SYNC_SHRINK" in os.environ else [])],
            suppress_health_check=list(HealthCheck),
        ),
    )
