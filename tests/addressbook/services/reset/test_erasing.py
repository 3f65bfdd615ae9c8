"""Erasing: everything goes, in small steps, whoever is killed meanwhile; and nothing else does."""

from datetime import timedelta

import pytest
from django.utils import timezone

from addressbook import actions, limits
from addressbook.models import Address, Download, Erasure, Group, Job, Membership, Upload
from addressbook.services.reset import erasing, restoring
from tests.addressbook.services.test_concurrency import at_once
from tests.support.downloads import make, path_of
from tests.support.invariants import assert_consistent, contents
from tests.support.resets import erase_all
from workspace.models import AuditEvent, Edition, JobState
from workspace.services.work import claiming, jobs

# VACUUM cannot be part of a transaction, so no test here can be one.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def small_batches(monkeypatch) -> None:
    monkeypatch.setattr(limits, "ROWS_PER_ERASING_BATCH", 2)


@pytest.fixture
def full(do_reset, make_group, register, check, accept, small_batches):
    """Resets a book of five addresses, two groups and an upload away; the reset's options are passed on."""

    def full(**options):
        vip = make_group("VIP")
        register(" ".join(f"u{number}@example.com" for number in range(4)), vip)
        register("u0@example.com", make_group("Gold"))
        accept(check("email\nu4@example.com\nwrong\n"))
        return do_reset(**options)

    return full


def assert_nothing_left_of(number: int) -> None:
    assert not Edition.objects.filter(number=number).exists()
    assert not Erasure.objects.exists()
    for model in (Address, Group, Membership, Upload, Job):
        assert not model.objects.exists(), model


def test_everything_of_a_closed_edition_is_erased(full, file_store) -> None:
    number = full(keep_copy=False).number
    assert list(file_store.iterdir())  # the refused rows of the upload
    assert erase_all() == 1
    assert_nothing_left_of(number)
    assert list(file_store.iterdir()) == []


def test_the_history_says_that_it_is_erased_and_by_whom(full) -> None:
    full(keep_copy=False)
    erase_all()
    event = AuditEvent.objects.get(action=actions.ERASE_EDITION)
    assert event.username == "alice"
    assert event.detail == {"edition": 1, "addresses": 5, "groups": 2, "rewritten": True}


def test_counts_are_true_after_every_step(full, book) -> None:
    full(keep_copy=False)
    claimed = claiming.claim(Erasure, Erasure.objects.get().pk)
    steps = 0
    while erasing._erase_addresses(claimed, 2):
        assert_consistent(book)
        claimed.refresh_from_db()
        steps += 1
        assert claimed.rows_done + Address.objects.count() == 5
    assert steps == 3


def test_what_came_after_the_reset_stays(full, book, register, make_group) -> None:
    full(keep_copy=False)
    register("new@example.com u0@example.com", make_group("VIP"))
    erase_all()
    assert contents(book) == {"new@example.com": {"VIP"}, "u0@example.com": {"VIP"}}
    assert_consistent(book)


def test_a_copy_lives_until_its_time_by_the_clock_of_the_database(full) -> None:
    full()
    assert erasing.start_due() == 0
    copy = Edition.objects.filter(number=1)
    copy.update(erase_after=timezone.now() + timedelta(seconds=3600))
    assert erasing.start_due() == 0
    copy.update(erase_after=timezone.now() - timedelta(seconds=2))
    assert erasing.start_due() == 1
    erase_all()
    assert_nothing_left_of(1)
    assert AuditEvent.objects.get(action=actions.ERASE_EDITION).username == ""


def test_two_schedulers_at_once_begin_one_erasing(full) -> None:
    full()
    Edition.objects.filter(number=1).update(erase_after=timezone.now() - timedelta(seconds=2))
    assert sum(at_once(*[erasing.start_due] * 3)) == 1
    assert Erasure.objects.count() == 1


def test_an_erasing_that_was_given_up_begins_again(full) -> None:
    full(keep_copy=False)
    Erasure.objects.update(state=JobState.FAILED, finished_at=timezone.now(), fruitless_attempts=3)
    assert erasing.start_due() == 1
    assert erase_all() == 1
    assert_nothing_left_of(1)


def test_two_workers_erase_nothing_twice(full) -> None:
    full(keep_copy=False)
    pk = Erasure.objects.get().pk
    first = claiming.claim(Erasure, pk)
    assert erasing._erase_addresses(first, 2)
    Erasure.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    second = claiming.claim(Erasure, pk)
    with pytest.raises(jobs.JobLostError):
        jobs.work_on(first)
    jobs.work_on(second)
    assert_nothing_left_of(1)
    assert AuditEvent.objects.filter(action=actions.ERASE_EDITION).count() == 1


def test_a_copy_can_be_erased_before_its_time(full, book, by) -> None:
    number = full().number
    for _ in range(2):
        restoring.erase_copy(book=book, number=number, by=by)
    assert AuditEvent.objects.filter(action=actions.ERASE_COPY).count() == 1
    erase_all()
    assert_nothing_left_of(number)


def test_with_many_addresses_left_elsewhere_the_rewriting_waits_for_its_command(full, register, monkeypatch) -> None:
    monkeypatch.setattr(limits, "ADDRESSES_REWRITTEN", 0)
    full(keep_copy=False)
    register("new@example.com")
    erase_all()
    assert AuditEvent.objects.get(action=actions.ERASE_EDITION).detail["rewritten"] is False


def test_downloads_of_an_erased_edition_go_with_it(book, do_reset, register, ask) -> None:
    register("a@example.com")
    path = path_of(make(ask()))
    do_reset(keep_copy=False)
    erase_all()
    assert not path.exists()
    assert not Download.objects.exists()
