"""How long, and from which seed: `make fuzz` takes ten minutes with a new seed, `make test` about twenty seconds.

A case is made from the seed and its number, and a failure names both: FUZZ_SEED=… FUZZ_CASE=… runs it again. Forms
also depend on what earlier cases have left in the book: for them FUZZ_SEED alone runs the same cases in their order.
"""

import os
import random
import time
from collections.abc import Callable

# Subjects that share the time.
SUBJECTS = 4
SECONDS = float(os.environ.get("FUZZ_SECONDS", "20")) / SUBJECTS
SEED = os.environ.get("FUZZ_SEED") or str(random.SystemRandom().randrange(10**9))
ONE_CASE = os.environ.get("FUZZ_CASE")


def fuzz(subject: str, case: Callable[[random.Random], None], *, at_least: int = 3) -> int:
    """Run cases until the time is over; how many there were. Whatever a case raises fails, with how to see it again."""
    numbers = iter([int(ONE_CASE)]) if ONE_CASE else iter(range(10**9))
    deadline, done = time.monotonic() + SECONDS, 0
    print(f"{subject}: FUZZ_SEED={SEED}")  # noqa: T201 - `pytest -s` shows it, and so does a failure
    for number in numbers:
        if done >= at_least and time.monotonic() > deadline:
            break
        try:
            case(random.Random(f"{subject} {SEED} {number}"))
        except BaseException as error:
            error.add_note(f"{subject}: FUZZ_SEED={SEED} FUZZ_CASE={number}")
            raise
        done += 1
    print(f"{subject}: {done} cases")  # noqa: T201
    return done
