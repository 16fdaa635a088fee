"""Geometry of the charts that the pages draw as SVG: numbers in, coordinates out.

Charts of lines and columns are stretched to the width that a page gives them, so they hold no
text: their labels stand beside them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

WIDEST_RATIO: Final = 3.0
"""An index of three times as usual, or a third of it, fills half of its bar."""


class Dot(NamedTuple):
    """The point of a value; `number` counts values from 0, also those that are not known."""

    number: int
    x: float
    y: float


class Line(NamedTuple):
    """Values over time, from left to right; a value that is not known breaks the line."""

    width: float
    height: float
    paths: tuple[str, ...]
    """Points of each unbroken piece of two or more, for `polyline`."""
    dots: tuple[Dot, ...]
    level: float | None
    """y of the value to compare with."""

    @property
    def last(self) -> Dot | None:
        """The point of the last value, if that is known."""
        return self.dots[-1] if self.dots else None


class Column(NamedTuple):
    """A part of a column: the `part`th from its foot, of the `number`th column."""

    x: float
    y: float
    width: float
    height: float
    part: int
    number: int


class Columns(NamedTuple):
    """Columns beside each other, each a pile of parts."""

    width: float
    height: float
    columns: tuple[Column, ...]


class Share(NamedTuple):
    """A piece of a bar that lies."""

    x: float
    width: float
    name: str


class Bar(NamedTuple):
    """A bar to one side of a middle at 0; `x` is its left end."""

    x: float
    width: float


def line(
    values: Sequence[float | None], *, width: float = 120, height: float = 28, pad: float = 3,
    level: float | None = None, from_zero: bool = False, top: float | None = None,
) -> Line:  # fmt: skip
    """Values at equal distances. Without `from_zero` the smallest value is at the foot."""
    known = [value for value in (*values, level) if value is not None]
    if not known:
        return Line(width, height, (), (), None)
    low = 0.0 if from_zero else min(known)
    high = max(top or 0, *known) if from_zero else max(known)
    span = high - low

    def y_of(value: float) -> float:
        share = (value - low) / span if span else 0.5
        return round(height - pad - share * (height - 2 * pad), 2)

    step = (width - 2 * pad) / max(1, len(values) - 1)
    dots = tuple(
        Dot(index, round(pad + index * step, 2), y_of(value))
        for index, value in enumerate(values) if value is not None
    )  # fmt: skip
    paths = tuple(
        " ".join(f"{dot.x},{dot.y}" for dot in piece)
        for piece in _pieces(dots) if len(piece) > 1
    )  # fmt: skip
    return Line(width, height, paths, dots, None if level is None else y_of(level))


def _pieces(dots: Sequence[Dot]) -> Iterable[list[Dot]]:
    piece: list[Dot] = []
    for dot in dots:
        if piece and dot.number != piece[-1].number + 1:
            yield piece
            piece = []
        piece.append(dot)
    if piece:
        yield piece


def columns(
    piles: Sequence[Sequence[float]], *, top: float, width: float = 600, height: float = 120,
    gap: float = 0.3,
) -> Columns:  # fmt: skip
    """Piles from left to right; `gap` is the share of a column that is left free."""
    if not piles or top <= 0:
        return Columns(width, height, ())
    step = width / len(piles)
    made: list[Column] = []
    for index, pile in enumerate(piles):
        foot = height
        for part, value in enumerate(pile):
            if value <= 0:
                continue
            tall = max(1.0, value / top * height)
            foot -= tall
            x, wide = index * step + step * gap / 2, step * (1 - gap)
            made.append(
                Column(round(x, 2), round(foot, 2), round(wide, 2), round(tall, 2), part, index)
            )
    return Columns(width, height, tuple(made))


def shares(
    parts: Mapping[Any, float], *, total: float, width: float = 100
) -> tuple[Share, ...]:
    """The parts of a bar, one after the other; `total` would fill `width`."""
    made: list[Share] = []
    x = 0.0
    for name, value in parts.items():
        wide = value / total * width if total > 0 else 0.0
        if wide > 0:
            made.append(Share(round(x, 2), round(wide, 2), name))
        x += wide
    return tuple(made)


def index_bar(index: float, *, half: float = 50) -> Bar:
    """From the middle, which is 1.0, to the left for less and to the right for more."""
    ratio = min(WIDEST_RATIO, max(1 / WIDEST_RATIO, index))
    wide = round(abs(math.log(ratio)) / math.log(WIDEST_RATIO) * half, 2)
    return Bar(-wide if ratio < 1 else 0.0, wide)


def nice_top(value: float) -> float:
    """The next of 1, 2, 4, 5, 6, 8, 10 times a power of ten: its half is easy to read, too."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    steps = (step * power for step in (1, 2, 4, 5, 6, 8) if step * power >= value)
    return next(steps, 10 * power)
