"""Bar charts as whole numbers for an SVG. A table beside each says the same, so that the picture itself is hidden."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 720
HEIGHT: Final = 220
_LEFT: Final = 64
_TOP: Final = 12
_BOTTOM: Final = 28
# So many labels stand below without touching.
_LABELS_MOST: Final = 13


@dataclass(frozen=True, slots=True)
class Segment:
    """`name` is the state, or the kind of change, that its colour stands for."""

    name: str
    y: int
    height: int


@dataclass(frozen=True, slots=True)
class Bar:
    x: int
    width: int
    middle: int
    label: str
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """`grid` has the height and the number of each line."""

    bars: tuple[Bar, ...]
    grid: tuple[tuple[int, int], ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    label_y: int = HEIGHT - 8


def stacked(rows: Sequence[tuple[str, Sequence[tuple[str, int]]]]) -> Chart:
    """A bar for each row: its label, and names with values that stand on each other."""
    return _chart([(label, values, ()) for label, values in rows])


def diverging(rows: Sequence[tuple[str, int, int]]) -> Chart:
    """A bar for each row that goes up by the first and down by the second value."""
    return _chart([(label, [("joined", up)], [("left", down)]) for label, up, down in rows])


def _chart(rows: Sequence[tuple[str, Sequence[tuple[str, int]], Sequence[tuple[str, int]]]]) -> Chart:
    highest = max((sum(value for _, value in up) for _, up, _down in rows), default=0)
    lowest = max((sum(value for _, value in down) for _, _up, down in rows), default=0)
    top, bottom = _round_up(highest), _round_up(lowest) if lowest else 0
    span = max(1, top + bottom)
    room = HEIGHT - _TOP - _BOTTOM
    zero = _TOP + round(room * top / span)

    def pixels(value: int) -> int:
        return round(room * value / span)

    step = (WIDTH - _LEFT) / max(1, len(rows))
    width = max(2, int(step * 0.6))
    every = -(-len(rows) // _LABELS_MOST)
    bars = []
    for number, (label, up, down) in enumerate(rows):
        middle = int(_LEFT + step * (number + 0.5))
        segments = [*_stack(up, zero, pixels, is_up=True), *_stack(down, zero, pixels, is_up=False)]
        shown = label if number % every == 0 else ""
        bars.append(Bar(middle - width // 2, width, middle, shown, tuple(segments)))
    grid = [(zero - pixels(top), top), (zero - pixels(top // 2), top // 2), (zero, 0)]
    if bottom:
        grid.append((zero + pixels(bottom), bottom))
    return Chart(tuple(bars), tuple(dict(grid).items()))


def _stack(
    values: Sequence[tuple[str, int]], zero: int, pixels: Callable[[int], int], *, is_up: bool
) -> Iterator[Segment]:
    y = zero
    for name, value in values:
        height = max(pixels(value), 1) if value else 0
        if height:
            yield Segment(name, y - height if is_up else y, height)
        y = y - height if is_up else y + height


def _round_up(value: int) -> int:
    """An even number of few digits, not below `value`."""
    if value <= 2:
        return 2
    size = 10 ** (len(str(value)) - 1)
    for factor in (1, 2, 4, 6, 8, 10):
        if value <= factor * size:
            return factor * size if factor * size > 1 else 2
    return 10 * size
