"""Every way in which the service fails: nothing is lost, nothing is sent that must not be, and the page can say why."""

from uuid import uuid4

import pytest

from addressbook import limits
from addressbook.models import Address, BookSync, ParkedEntry, Pause, Removal
from addressbook.services import sync
from addressbook.services.addresses import bulk, groups
from addressbook.services.addresses.selection import Selection
from addressbook.services.sync import lease
from addressbook.services.sync.engine import Rest, Wait
from libraries.outbound_mailer import MailerClient
from libraries.outbound_mailer.simulator import Fault, FaultKind, SimulatorSettings
from tests.addressbook.services.sync.worker import KEYS
from workspace.services.books import books
from workspace.services.work import crash_points

pytestmark = pytest.mark.django_db

# The service simulated takes no combining marks, our library does.
REFUSED = "हि@example.com"


def chosen(*emails: str) -> Selection:
    ids = tuple(Address.objects.filter(email__in=emails).values_list("pk", flat=True))
    return Selection(group_id=None, address_ids=ids, seen_count=len(ids))


def state(book) -> str:
    return sync.status(book).state


def assert_equal(worker) -> None:
    assert worker.remote() == worker.ours()
    assert state(worker.book) == "in_sync"
    assert not Removal.objects.exists()


@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.UNEXPECTED_ERROR,
        FaultKind.INTERNAL_ERROR,
        FaultKind.ENDPOINT_ERROR,
        FaultKind.ENDPOINT_TIMEOUT,
        FaultKind.HTML_ERROR,
        FaultKind.RUBBISH,
        FaultKind.REDIRECT,
        FaultKind.EMPTY_ERROR,
        FaultKind.CUT_BEFORE,
        FaultKind.CUT_AFTER,
        FaultKind.CUT_IN_ANSWER,
        FaultKind.QUOTA_EXCEEDED,
        FaultKind.THROTTLE_LIMITED,
        FaultKind.RATE_LIMITED,
    ],
)
@pytest.mark.parametrize("operation", ["createAddressBook", "getAddressBook", "deleteAddress", "deleteRecipientGroup"])
def test_what_fails_for_a_while_is_done_later(
    kind, operation, connected, register, make_group, simulator, book, by
) -> None:
    register("a@example.com b@example.com")
    worker = connected()
    simulator.faults.switch_on(Fault(kind=kind, operation=operation))
    bulk.delete_addresses(book=book, selection=chosen("a@example.com"), token=uuid4(), by=by)
    register("c@example.com", make_group("VIP"))
    register("d@example.com")
    steps = worker.work()
    assert not simulator.faults.waiting()
    assert any(isinstance(step, Wait) for step in steps)
    assert_equal(worker)


def test_a_write_without_an_answer_is_not_repeated_before_it_had_time_to_land(
    connected, register, make_group, simulator
) -> None:
    worker = connected()
    simulator.settings = SimulatorSettings(delay_seconds=120)
    simulator.faults.switch_on(Fault(kind=FaultKind.ENDPOINT_TIMEOUT, operation="createAddressBook"))
    register("a@example.com", make_group("VIP"))
    worker.calls()
    worker.work()
    assert worker.calls().count("createAddressBook") == 1
    assert_equal(worker)


def test_a_write_that_was_lost_is_sent_again(connected, register, make_group, simulator) -> None:
    worker = connected()
    simulator.faults.switch_on(Fault(kind=FaultKind.CUT_BEFORE, operation="createAddressBook"))
    register("a@example.com", make_group("VIP"))
    worker.calls()
    worker.work()
    assert worker.calls().count("createAddressBook") == 2
    assert_equal(worker)


def test_a_deletion_never_overtakes_a_creation_in_the_air(connected, register, make_group, simulator, book, by) -> None:
    worker = connected()
    simulator.settings = SimulatorSettings(delay_seconds=120)
    register("a@example.com b@example.com", make_group("VIP"))
    worker.step()
    bulk.delete_addresses(book=book, selection=chosen("a@example.com"), token=uuid4(), by=by)
    worker.work()
    worker.pass_time(10_000)
    assert worker.remote()[None] == {"b@example.com"}
    assert_equal(worker)


def test_retry_after_is_honoured_and_nothing_is_asked_before(connected, register, make_group, simulator) -> None:
    worker = connected()
    register("a@example.com", make_group("VIP"))
    simulator.faults.switch_on(Fault(kind=FaultKind.RATE_LIMITED, retry_after="100"))
    worker.calls()
    worker.step()
    wait = worker.step()
    assert isinstance(wait, Wait)
    seconds = (wait.until - worker.now()).total_seconds()
    assert 99 <= seconds <= 125
    assert state(worker.book) == "waiting"
    assert len(worker.calls()) == 1
    worker.work()
    assert_equal(worker)


def test_pauses_grow_while_the_service_fails(connected, register, simulator) -> None:
    worker = connected()
    register("a@example.com")
    simulator.faults.switch_on(Fault(kind=FaultKind.ENDPOINT_ERROR, times=12))
    pauses = []
    while len(pauses) < 12:
        step = worker.step()
        if isinstance(step, Wait):
            pauses.append((step.until - worker.now()).total_seconds())
            worker.pass_time(pauses[-1] + 0.01)
    assert pauses[0] < 10 < pauses[3] < pauses[7]
    assert max(pauses) <= limits.SYNC_BACKOFF_LONGEST_SECONDS * 1.25
    worker.work()
    assert_equal(worker)


@pytest.mark.parametrize(
    ("fault", "pause"),
    [
        (Fault(kind=FaultKind.CLOCK_SKEW, seconds=600), Pause.CLOCK_SKEW),
        (Fault(kind=FaultKind.RETIRED), Pause.RETIRED),
        (Fault(kind=FaultKind.NOT_SUBSCRIBED), Pause.NOT_SUBSCRIBED),
    ],
)
def test_what_a_person_has_to_put_right_pauses_the_book(
    fault, pause, connected, register, make_group, simulator, book, by
) -> None:
    worker = connected()
    register("a@example.com", make_group("VIP"))
    simulator.faults.switch_on(fault)
    worker.work()
    found = sync.status(book)
    assert (found.state, found.pause) == ("paused", pause)
    assert found.problem
    worker.calls()
    worker.work()
    assert not worker.calls()
    sync.resume(book=book, by=by)
    worker.work()
    assert_equal(worker)


def test_wrong_keys_pause_the_book(connected, register, book, by, simulator) -> None:
    worker = connected()
    register("a@example.com")
    right = worker.client
    worker.client = MailerClient(
        KEYS.access_key, "wrong", base_url=simulator.base_url, allow_other_hosts=True, clock=simulator.clock.now
    )
    worker.die()
    worker.work()
    worker.client.close()
    assert sync.status(book).pause == Pause.KEYS_REFUSED
    worker.client = right
    worker.die()
    sync.resume(book=book, by=by)
    worker.work()
    assert_equal(worker)


def test_one_refused_address_among_many_is_parked_and_the_others_go_on(
    connected, register, make_group, fill, book
) -> None:
    worker = connected()
    group = make_group("VIP")
    fill(50, group)
    register(REFUSED, group)
    register("z@example.com", group)
    worker.work()
    found = sync.status(book)
    assert [(entry.address, entry.groups) for entry in found.parked] == [(REFUSED, ("VIP",))]
    assert found.parked_count == 1
    assert all(entry.reason for entry in found.parked)
    assert "z@example.com" in worker.remote()["VIP"]
    assert_equal(worker)


def test_an_address_that_no_group_brings_along_goes_by_itself(connected, register, make_group, book) -> None:
    worker = connected()
    register(REFUSED, make_group("VIP"))
    worker.work()
    assert [(entry.address, entry.groups) for entry in sync.status(book).parked] == [(REFUSED, ("VIP",))]
    assert_equal(worker)


def test_more_addresses_without_a_group_than_a_call_takes_follow_a_parked_one(connected, register, monkeypatch) -> None:
    monkeypatch.setattr(limits, "SYNC_ROWS_PER_CALL", 3)
    worker = connected()
    register(REFUSED)
    register(" ".join(f"u{number}@example.com" for number in range(7)))
    worker.work()
    assert len(worker.remote()[None]) == 7
    assert_equal(worker)


def test_a_parked_address_goes_with_its_row(connected, register, book, by) -> None:
    worker = connected()
    register(REFUSED)
    worker.work()
    assert sync.status(book).parked_count == 1
    bulk.delete_addresses(book=book, selection=chosen(REFUSED), token=uuid4(), by=by)
    worker.work()
    assert not ParkedEntry.objects.exists()
    assert_equal(worker)


def test_a_service_that_refuses_everything_is_not_asked_for_each_address(
    connected, fill, make_group, simulator
) -> None:
    worker = connected()
    fill(100, make_group("VIP"))
    simulator.settings = SimulatorSettings(max_addresses_per_request=0)
    worker.calls()
    worker.work()
    assert sync.status(worker.book).pause == Pause.REFUSING
    assert len(worker.calls()) < 2 * limits.SYNC_REFUSALS_IN_A_ROW + 10


@pytest.mark.parametrize(
    "settings", [SimulatorSettings(max_addresses_per_request=7), SimulatorSettings(max_body_bytes=400)]
)
def test_a_service_that_takes_fewer_at_a_time_gets_fewer(settings, connected, fill, make_group, simulator) -> None:
    worker = connected()
    simulator.settings = settings
    fill(100, make_group("VIP"))
    worker.work()
    assert not ParkedEntry.objects.exists()
    assert_equal(worker)


def test_an_outage_is_waited_out(connected, register, simulator) -> None:
    worker = connected()
    register("a@example.com")
    simulator.stop()
    for _ in range(3):
        worker.step()
        worker.pass_time(1000)
    assert state(worker.book) == "waiting"
    simulator.start()
    worker.work()
    assert_equal(worker)


# The first connection --------------------------------------------------------------------------------------------


@pytest.fixture
def foreign(worker) -> None:
    """The remote book holds two addresses that nobody here knows."""
    from libraries.outbound_mailer import GroupAddresses

    worker.client.address_book.create([GroupAddresses("Old", ("x@example.net", "y@example.net"))])


def test_a_remote_book_that_is_not_empty_is_left_alone_until_somebody_chooses(
    foreign, connected, register, book
) -> None:
    register("a@example.com")
    worker = connected()
    found = sync.status(book)
    assert (found.state, found.pause) == ("paused", Pause.NOT_EMPTY)
    assert [(row.group, row.ours, row.theirs) for row in found.differences] == [(None, 1, 2), ("Old", None, 2)]
    assert worker.remote() == {None: {"x@example.net", "y@example.net"}, "Old": {"x@example.net", "y@example.net"}}
    assert set(worker.calls()) <= {"createAddressBook", "getAddressBook"}


def test_kept_contents_stay_and_equality_is_not_claimed(foreign, connected, register, book, by) -> None:
    register("a@example.com x@example.net")
    worker = connected()
    sync.choose_existing(book=book, existing=sync.Existing.KEEP, by=by)
    worker.work()
    found = sync.status(book)
    assert found.state == "settled"
    assert not found.equality_can_be_known
    assert worker.remote()[None] == {"a@example.com", "x@example.net", "y@example.net"}
    bulk.delete_addresses(book=book, selection=chosen("a@example.com"), token=uuid4(), by=by)
    worker.work()
    assert worker.remote()[None] == {"x@example.net", "y@example.net"}
    assert state(book) == "settled"


@pytest.mark.parametrize("at_once", [True, False])
def test_rebuilt_contents_are_ours_alone(at_once, foreign, connected, register, book, by) -> None:
    register("a@example.com")
    worker = connected("rebuild" if at_once else "ask")
    if not at_once:
        sync.choose_existing(book=book, existing=sync.Existing.REBUILD, by=by)
        worker.work()
    assert worker.remote() == {None: {"a@example.com"}}
    assert_equal(worker)


def test_another_region_is_another_remote_book(connected, register, book, by, simulator) -> None:
    register("a@example.com")
    worker = connected()
    book.refresh_from_db()
    books.change_settings(book=book, seen_version=book.version, name="Main", zone="public", region="JPN", by=by)
    found = BookSync.objects.get()
    assert (found.is_compared, found.addresses_sent, found.expected_weight) == (False, 0, None)
    bulk.delete_addresses(book=book, selection=chosen("a@example.com"), token=uuid4(), by=by)
    assert not Removal.objects.exists()
    assert worker.remote() == {None: {"a@example.com"}}


# Differences -----------------------------------------------------------------------------------------------------


def test_a_change_made_elsewhere_is_seen_and_can_be_mended(connected, register, make_group, book, by) -> None:
    register("a@example.com b@example.com", make_group("VIP"))
    worker = connected()
    worker.client.address_book.delete_addresses(["a@example.com"])
    worker.pass_time(limits.SYNC_VERIFY_SECONDS + 1)
    worker.work()
    found = sync.status(book)
    assert found.state == "differs"
    assert [(row.group, row.ours, row.theirs) for row in found.differences] == [(None, 2, 1), ("VIP", 2, 1)]
    sync.send_again(book=book, by=by)
    worker.work()
    assert_equal(worker)


def test_an_address_too_many_is_mended_by_a_rebuild(connected, register, book, by) -> None:
    from libraries.outbound_mailer import GroupAddresses

    register("a@example.com")
    worker = connected()
    worker.client.address_book.create([GroupAddresses("Other", ("x@example.net",))])
    worker.pass_time(limits.SYNC_VERIFY_SECONDS + 1)
    worker.work()
    assert state(book) == "differs"
    sync.rebuild(book=book, by=by)
    worker.work()
    assert worker.remote() == {None: {"a@example.com"}}
    assert_equal(worker)


def test_a_temporary_group_that_landed_too_late_is_removed(connected, register, book) -> None:
    from libraries.outbound_mailer import GroupAddresses

    register("a@example.com")
    worker = connected()
    worker.client.address_book.create([GroupAddresses("mailer-console-temporary-0badcafe", ("a@example.com",))])
    worker.pass_time(limits.SYNC_VERIFY_SECONDS + 1)
    worker.work()
    assert_equal(worker)


# Workers ---------------------------------------------------------------------------------------------------------


def test_a_paused_book_costs_no_calls_and_loses_nothing(connected, register, book, by) -> None:
    register("a@example.com b@example.com")
    worker = connected()
    sync.pause(book=book, by=by)
    worker.calls()
    bulk.delete_addresses(book=book, selection=chosen("a@example.com"), token=uuid4(), by=by)
    register("c@example.com")
    assert isinstance(worker.work()[-1], Rest)
    assert not worker.calls()
    sync.resume(book=book, by=by)
    worker.work()
    assert_equal(worker)


def test_two_workers_never_have_one_book(connected, book) -> None:
    worker = connected()
    BookSync.objects.update(next_look_at=None)
    first = lease.claim(book.pk, worker.now())
    assert first is not None
    BookSync.objects.update(next_look_at=None)
    assert lease.claim(book.pk, worker.now()) is None
    worker.pass_time(limits.SYNC_LEASE_SECONDS + 1)
    assert lease.claim(book.pk, worker.now()) is not None
    with pytest.raises(sync.SyncLostError):
        lease.locked(first)


def test_a_lease_from_before_the_clock_was_set_back_binds_nobody(connected, book) -> None:
    worker = connected()
    for _ in range(2):
        BookSync.objects.update(next_look_at=None)
        assert lease.claim(book.pk, worker.now()) is not None
        worker.pass_time(-86_400)


def test_a_clock_set_back_a_day_holds_nothing_up(connected, register, make_group, book, by, simulator) -> None:
    worker = connected()
    simulator.settings = SimulatorSettings(delay_seconds=None)
    register("a@example.com", make_group("VIP"))
    worker.step()
    worker.step()
    worker.pass_time(-86_400)
    simulator.run_jobs()
    worker.work()
    assert_equal(worker)


POINTS = [
    "sync: before the step is committed",
    "sync: before the call",
    "sync: after the call",
    "sync: before the outcome is committed",
    "sync: after the step",
]


class DiedError(BaseException):
    """The worker's process is gone."""


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("step", range(1, 5))
def test_a_worker_that_dies_anywhere_loses_nothing(
    point, step, connected, register, make_group, book, by, monkeypatch
) -> None:
    group = make_group("VIP")
    register("a@example.com b@example.com", group)
    worker = connected()
    bulk.delete_addresses(book=book, selection=chosen("a@example.com"), token=uuid4(), by=by)
    groups.rename_group(book=book, group_id=group.pk, seen_name="VIP", name="Gold", by=by)
    register("c@example.com")
    passed = []

    def strike(name: str) -> None:
        passed.append(name)
        if passed.count(point) == step:
            raise DiedError

    with monkeypatch.context() as patch:
        patch.setattr(crash_points, "reached", strike)
        with pytest.raises(DiedError):
            worker.work()
    worker.die()
    worker.work()
    worker.pass_time(10_000)
    assert_equal(worker)


# Privacy ---------------------------------------------------------------------------------------------------------


def test_no_address_reaches_a_log_the_state_or_the_history(
    connected, register, make_group, simulator, book, by, caplog
) -> None:
    caplog.set_level("DEBUG")
    worker = connected()
    for kind in (FaultKind.CUT_AFTER, FaultKind.EMPTY_ERROR, FaultKind.INTERNAL_ERROR):
        simulator.faults.switch_on(Fault(kind=kind))
    group = make_group("VIP")
    register(f"canary@example.com {REFUSED}", group)
    worker.work()
    bulk.delete_addresses(book=book, selection=chosen("canary@example.com", REFUSED), token=uuid4(), by=by)
    worker.work()
    values = BookSync.objects.values().get()
    assert "@example" not in caplog.text + repr(values)
    assert not Removal.objects.exists()
