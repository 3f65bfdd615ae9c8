"""What hypothesis draws: mailings, and what happens to them while they are sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from libraries.outbound_mailer.simulator import Fault, FaultKind
from mailings.models import Suppression

OPERATIONS = ["createMailRequest", "getMailRequestStatus", "getMailList", "getMail", "getMailRequestList"]
CLICKS = [
    *("undo", "stop", "pause", "resume", "send_part", "leave_out", "approve", "look_again", "send_now", "confirm"),
]
# Of a fault that takes its time; the client of these tests has less (`PATIENCE_SECONDS`).
SECONDS = {FaultKind.CLOCK_SKEW: 7200.0, FaultKind.SLOW: 0.5, FaultKind.STALLED: 0.5, FaultKind.DRIPPED: 0.05}
PATIENCE_SECONDS = 0.25
# How a turn of a worker can be interrupted, and at which of the crash points that it reaches.
KILLED, TAKEN_OVER, DOUBLED = "killed", "taken over", "doubled"

Step = tuple[Any, ...]


def fault(kind: FaultKind, operation: str = "createMailRequest", **fields: Any) -> Step:
    return ("fault", Fault(kind=kind, operation=operation, seconds=SECONDS.get(kind, 0.0), **fields))


def turn(interruption: str = "", point: int = 0) -> Step:
    return ("turn", interruption, point)


def click(name: str, number: int = 0, *, is_old: bool = False) -> Step:
    """`number` tells the person and the part; the page that is clicked on may be `is_old`."""
    return ("click", name, number, is_old)


@dataclass(frozen=True)
class Drawn:
    count: int = 4
    part: int = 2
    is_advertising: bool = False
    is_scheduled: bool = False
    has_second_person: bool = False
    has_file: bool = False
    steps: tuple[Step, ...] = ()


numbers = st.integers(0, 6)
faults = st.builds(
    fault,
    st.sampled_from(FaultKind),
    st.sampled_from([*OPERATIONS, "createMailRequest", "createFile"]),
    times=st.integers(1, 3),
    skip=st.integers(0, 2),
)
steps = st.one_of(
    st.just(turn()),
    st.builds(turn, st.sampled_from([KILLED, TAKEN_OVER, DOUBLED]), st.integers(1, 9)),
    st.builds(click, st.sampled_from(CLICKS), st.integers(0, 3), is_old=st.booleans()),
    faults,
    st.tuples(st.just("suppress"), st.sampled_from(Suppression.Kind.values), numbers),
    st.tuples(st.just("forget"), numbers),
    st.tuples(st.just("outcome"), numbers, st.sampled_from(["ETC_ERROR", "SEND_BLOCK_ADDRESS", "SMTP_ERROR"])),
    st.tuples(st.just("listing"), st.sampled_from([0.0, 200.0, None])),
    st.just(("lose_files",)),
    st.just(("late",)),
    st.just(("clock_back",)),
    st.just(("settings",)),
)
lives = st.builds(
    Drawn,
    count=st.integers(1, 7),
    part=st.integers(1, 4),
    is_advertising=st.booleans(),
    is_scheduled=st.booleans(),
    has_second_person=st.booleans(),
    has_file=st.booleans(),
    steps=st.lists(steps, max_size=14).map(tuple),
)

# Few draws hit a call in the moment that matters. Each of these fails without one of the guards (`test_guards`).
_TIME_OUTS = (fault(kind) for kind in (FaultKind.ENDPOINT_TIMEOUT, FaultKind.SLOW, FaultKind.DRIPPED))
EXAMPLES = [
    *(Drawn(steps=(turn(), one, turn(), turn())) for one in _TIME_OUTS),
    # Killed after the answer, at the first and at the second part.
    *(Drawn(steps=(turn(), turn(KILLED, point), turn())) for point in (4, 9)),
    # The worker in the call is taken for dead; its answer comes all the same.
    *(Drawn(steps=(turn(), turn(TAKEN_OVER, point), turn())) for point in (2, 3, 4)),
    Drawn(steps=(turn(), fault(FaultKind.TOO_LARGE, times=2), turn(), turn())),
    Drawn(has_file=True, steps=(turn(), turn(), ("lose_files",), turn())),
    # Two people decide on a part, one of them on a page from before the other did.
    Drawn(
        steps=(
            *(turn(), fault(FaultKind.CUT_BEFORE, times=2), turn()),
            *(click("send_part"), turn(), click("send_part", is_old=True), turn()),
        ),
    ),
]
