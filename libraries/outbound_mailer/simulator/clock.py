"""The simulator's own clock: real time plus whatever it was moved by."""

import time


class SimulatorClock:
    """Seconds since 1970. `advance` lets jobs fall due and signatures go stale without waiting."""

    def __init__(self) -> None:
        self._offset_seconds = 0.0

    def now(self) -> float:
        return time.time() + self._offset_seconds

    def advance(self, seconds: float) -> None:
        self._offset_seconds += seconds
