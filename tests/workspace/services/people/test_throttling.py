"""Guessing is slowed, for everybody but for whom it must not be, and nobody is shut out for good."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from workspace import limits
from workspace.models import GuessCounter
from workspace.services.people import throttling
from workspace.services.people.throttling import Counter, TooManyGuessesError, Visitor, counters_for

pytestmark = pytest.mark.django_db

FREE = limits.GUESSES_PER_ACCOUNT


def later(seconds: float) -> None:
    """As if all that was done had been done so long ago."""
    for row in GuessCounter.objects.all():
        row.guessed_at -= timedelta(seconds=seconds)
        row.forget_after -= timedelta(seconds=seconds)
        row.blocked_until = row.blocked_until and row.blocked_until - timedelta(seconds=seconds)
        row.save()


def wait(*counters) -> int:
    """How long a guess has to wait, 0 if it was let through."""
    try:
        throttling.begin(*counters)
    except TooManyGuessesError as error:
        return error.seconds
    return 0


ALICE = Counter("alice")


def test_a_few_guesses_are_free_and_then_each_waits_longer() -> None:
    waits = [throttling.begin(ALICE).wait_seconds for _ in range(FREE)]
    assert waits == [0] * (FREE - 1) + [30]
    for expected in (30, 60, 120, 240, 480, 900, 900, 900):
        assert expected - 2 <= wait(ALICE) <= expected
        later(expected)
        throttling.begin(ALICE)


def test_who_goes_on_while_waiting_makes_it_no_longer() -> None:
    for _ in range(FREE):
        throttling.begin(ALICE)
    for _ in range(100):
        assert 0 < wait(ALICE) <= 30
    later(30)
    assert wait(ALICE) == 0


def test_guesses_are_forgotten_with_time() -> None:
    for _ in range(FREE):
        throttling.begin(ALICE)
    later(limits.ACCOUNT_GUESS_FORGOTTEN_SECONDS)
    assert throttling.begin(ALICE).wait_seconds == 30  # one was forgotten, and one has come
    later(FREE * limits.ACCOUNT_GUESS_FORGOTTEN_SECONDS)
    assert throttling.begin(ALICE).wait_seconds == 0


def test_a_right_guess_clears_the_account_but_not_the_address() -> None:
    """Else whoever has an account would sign in between any two guesses at others."""
    office = throttling.counters_for(Visitor("192.0.2.1"), what="password", name="mallory", user_id=None)
    for _ in range(limits.GUESSES_PER_ADDRESS - 1):
        throttling.begin(*office).was_right()
        victim = f"victim{_}"
        throttling.begin(*counters_for(Visitor("192.0.2.1"), what="password", name=victim, user_id=None))
    assert throttling.begin(*office).wait_seconds == limits.GUESS_WAIT_SECONDS


def test_a_known_browser_is_not_held_up_by_guesses_elsewhere() -> None:
    known, thief = Visitor("192.0.2.1", "b1", frozenset({7})), Visitor("198.51.100.1")
    for _ in range(FREE):
        throttling.begin(*counters_for(thief, what="password", name="alice", user_id=7))
    assert wait(*counters_for(thief, what="password", name="alice", user_id=7)) > 0
    assert wait(*counters_for(known, what="password", name="alice", user_id=7)) == 0
    # Nor does it know anybody else, nor is there no end to it.
    assert wait(*counters_for(known, what="password", name="alice", user_id=8)) > 0
    assert [wait(*counters_for(known, what="password", name="alice", user_id=7)) > 0 for _ in range(FREE)][-1]


def test_one_account_is_slowed_from_wherever_it_is_guessed_at() -> None:
    for number in range(FREE):
        throttling.begin(*counters_for(Visitor(f"192.0.2.{number}"), what="password", name="alice", user_id=7))
    assert wait(*counters_for(Visitor("203.0.113.9"), what="password", name="Ａｌｉｃｅ", user_id=None)) > 0


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
    ],
)
def test_an_address_is_what_one_household_has(first, second, same) -> None:
    keys = [
        {counter.key for counter in counters_for(Visitor(address), what="password", name="x", user_id=None)}
        for address in (first, second)
    ]
    assert (keys[0] == keys[1]) == same


def test_neither_names_nor_addresses_are_kept() -> None:
    throttling.begin(*counters_for(Visitor("192.0.2.77"), what="password", name="hunter2hunter2", user_id=None))
    text = str(list(GuessCounter.objects.values()))
    assert GuessCounter.objects.count() == 2
    assert "192.0.2.77" not in text
    assert "hunter2" not in text


def test_counters_that_say_nothing_any_more_go() -> None:
    throttling.begin(ALICE)
    assert throttling.forget_old() == 0
    later(limits.ACCOUNT_GUESS_FORGOTTEN_SECONDS + 1)
    assert throttling.forget_old() == 1


def test_a_clock_set_back_shuts_nobody_out() -> None:
    for _ in range(FREE):
        throttling.begin(ALICE)
    later(-24 * 3600)
    assert wait(ALICE) == 0


def test_the_operator_lets_somebody_try_again(alice) -> None:
    from django.core.management import call_command

    counters = counters_for(Visitor(None), what="password", name="alice", user_id=alice.pk)
    for _ in range(FREE):
        throttling.begin(*counters)
    call_command("let_in", "alice")
    assert wait(*counters) == 0


@pytest.mark.django_db(transaction=True)
def test_guesses_at_once_are_counted_like_guesses_in_a_row() -> None:
    barrier, answers = threading.Barrier(3 * FREE), []

    def guess() -> None:
        try:
            barrier.wait()
            answers.append(wait(ALICE))
        finally:
            connection.close()

    threads = [threading.Thread(target=guess) for _ in range(3 * FREE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 3 * FREE
    assert answers.count(0) == FREE
    assert GuessCounter.objects.get().guessed_at <= timezone.now()
