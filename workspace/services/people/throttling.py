"""Slows the guessing of passwords and codes: after a few wrong ones each further one has to wait, longer every time.

A guess is counted before it is looked at, and taken back when it was right; so of many that come at once no more are
looked at than of as many one after another. One that has to wait is not counted: no wait is ever longer than
limits.LONGEST_GUESS_WAIT_SECONDS, whoever goes on guessing meanwhile.

Counted is by account, by network address, and for a browser that the account has been signed in with before by the two
of them alone: so who guesses elsewhere cannot keep the owner out.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from math import ceil
from unicodedata import normalize

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from workspace import limits
from workspace.models import GuessCounter


class TooManyGuessesError(Exception):
    """No further guess is looked at before `seconds` are over."""

    def __init__(self, seconds: int) -> None:
        super().__init__(str(seconds))
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Counter:
    """What is counted, how many guesses are free, and how long it takes until one is forgotten.

    A right guess clears it; but not one that people share: who signs in could then guess at others all the more.
    """

    of: str
    free: int = limits.GUESSES_PER_ACCOUNT
    forgotten_seconds: int = limits.ACCOUNT_GUESS_FORGOTTEN_SECONDS
    is_shared: bool = False

    @property
    def key(self) -> str:
        return salted_hmac("addressbook.guessing", self.of, algorithm="sha256").hexdigest()


@dataclass(frozen=True, slots=True)
class Guess:
    """A guess that may be looked at. `wait_seconds`: how long the next one has to wait, if this one is wrong."""

    counters: tuple[Counter, ...]
    wait_seconds: int

    def was_right(self) -> None:
        with transaction.atomic():
            for counter in self.counters:
                row = GuessCounter.objects.select_for_update().filter(pk=counter.key).first()
                if row is None:
                    continue
                if not counter.is_shared:
                    row.delete()
                    continue
                row.level, row.blocked_until = max(0.0, row.level - 1), None
                row.save(update_fields=["level", "blocked_until"])


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who stands at the door: from which network address (None: not known), with which browser, and which users
    have been signed in with that before."""

    ip_address: str | None = None
    browser: str = ""
    known_to: frozenset[int] = frozenset()


def counters_for(visitor: Visitor, *, what: str, name: str, user_id: int | None) -> tuple[Counter, ...]:
    """What a guess of `what` ("password" or "code") for the account `name` counts for."""
    if visitor.browser and user_id in visitor.known_to:
        return (Counter(f"{what}:browser:{visitor.browser}:{user_id}"),)
    counters = [account_counter(what, name)]
    if visitor.ip_address is not None:
        counters.append(_address_counter(visitor.ip_address))
    return tuple(sorted(counters, key=lambda counter: counter.key))


def account_counter(what: str, name: str) -> Counter:
    return Counter(f"{what}:account:{normalize('NFKC', name).casefold()}")


def begin(*counters: Counter) -> Guess:
    """Count a guess. Raises TooManyGuessesError, and then none was counted.

    Counters come in the order of their keys, so that two guesses cannot wait for each other.
    """
    now = timezone.now()
    wait = 0
    with transaction.atomic():
        rows = [_locked(counter, now) for counter in counters]
        if waiting := max((_seconds_left(row, now) for row in rows), default=0):
            raise TooManyGuessesError(waiting)
        for row, counter in zip(rows, counters, strict=True):
            row.level = _level(row, counter, now) + 1
            own_wait = _wait(row.level, counter)
            row.guessed_at = now
            row.blocked_until = now + timedelta(seconds=own_wait) if own_wait else None
            row.forget_after = now + timedelta(seconds=row.level * counter.forgotten_seconds + own_wait)
            row.save()
            wait = max(wait, own_wait)
    return Guess(counters, wait)


def forget(*counters: Counter) -> int:
    """Let the next guess through at once; returns how many counters there were."""
    deleted, _ = GuessCounter.objects.filter(pk__in=[counter.key for counter in counters]).delete()
    return deleted


def forget_old() -> int:
    """Drop counters that say nothing any more; returns how many. Harmless when two run at once."""
    deleted, _ = GuessCounter.objects.forgotten().delete()
    return deleted


def _address_counter(address: str) -> Counter:
    network = address
    if ip_address(address).version == 6:
        network = str(ip_network((address, limits.IPV6_NETWORK_BITS), strict=False))
    # One counter for passwords and codes: whoever guesses from there guesses.
    return Counter(
        f"address:{network}",
        free=limits.GUESSES_PER_ADDRESS,
        forgotten_seconds=limits.ADDRESS_GUESS_FORGOTTEN_SECONDS,
        is_shared=True,
    )


def _locked(counter: Counter, now: datetime) -> GuessCounter:
    row = GuessCounter.objects.select_for_update().filter(pk=counter.key).first()
    # Two first guesses at once: the second waits for the first, and finds its row.
    new = {"guessed_at": now, "forget_after": now}
    return row or GuessCounter.objects.select_for_update().get_or_create(pk=counter.key, defaults=new)[0]


def _seconds_left(row: GuessCounter, now: datetime) -> int:
    left = ceil((row.blocked_until - now).total_seconds()) if row.blocked_until else 0
    # Longer than the longest: from before the clock was set back, and says nothing.
    return left if 0 < left <= limits.LONGEST_GUESS_WAIT_SECONDS else 0


def _level(row: GuessCounter, counter: Counter, now: datetime) -> float:
    elapsed = max(0.0, (now - row.guessed_at).total_seconds())
    return max(0.0, row.level - elapsed / counter.forgotten_seconds)


def _wait(level: float, counter: Counter) -> int:
    # A guess counts as whole until it is forgotten altogether.
    beyond = ceil(level) - counter.free
    if beyond < 0:
        return 0
    # Not 2 ** beyond first: a counter may stand high.
    doublings = min(beyond, limits.LONGEST_GUESS_WAIT_SECONDS.bit_length())
    return min(limits.GUESS_WAIT_SECONDS * 2**doublings, limits.LONGEST_GUESS_WAIT_SECONDS)
