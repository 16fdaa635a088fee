"""Drawn numbers, ids and times. Everything comes from one seeded generator."""

from __future__ import annotations

import math
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from random import Random

_STEPS_BITS: Final = 10
_STEPS: Final = 1 << _STEPS_BITS
_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_DAY_MS: Final = 86_400_000
_EPOCH: Final = date(1970, 1, 1).toordinal()


class Spread:
    """A distribution by its quantiles: `Spread((0.1, 567), (0.5, 1131), ...)`.

    Between two quantiles values lie evenly on a logarithmic scale; outside they are not drawn.
    """

    def __init__(self, *quantiles: tuple[float, float]) -> None:
        self._values = [_at(quantiles, (i + 0.5) / _STEPS) for i in range(_STEPS)]
        self.mean = sum(self._values) / _STEPS

    def draw(self, rng: Random) -> int:
        """One value."""
        return int(self._values[rng.getrandbits(_STEPS_BITS)])


def _at(quantiles: tuple[tuple[float, float], ...], share: float) -> float:
    below, above = quantiles[0], quantiles[-1]
    for quantile in quantiles:
        if quantile[0] <= share:
            below = quantile
        else:
            above = quantile
            break
    if share <= below[0] or share >= above[0]:
        return below[1] if share <= below[0] else above[1]
    part = (share - below[0]) / (above[0] - below[0])
    return math.exp(math.log(below[1]) * (1 - part) + math.log(above[1]) * part)


def uuid(rng: Random) -> str:
    """A random UUID, as Claude Code names sessions and rows."""
    h = f"{rng.getrandbits(128):032x}"
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}"


def uuid7(rng: Random, at_ms: int) -> str:
    """A UUID that begins with its time, as Codex names threads and turns."""
    head, tail = f"{at_ms:012x}", f"{rng.getrandbits(72):018x}"
    return f"{head[:8]}-{head[8:]}-7{tail[:3]}-9{tail[3:6]}-{tail[6:]}"


def vendor_id(rng: Random, prefix: str, length: int = 22) -> str:
    """An id as providers make them: `msg_01VoM8jzohH2xExHQQ4as4SE`."""
    return prefix + "".join(rng.choices(_ALPHABET, k=length))


def stamp(at_ms: int) -> str:
    """A time as both agents write it: `2026-11-20T10:00:01.000Z`."""
    day, ms = divmod(at_ms, _DAY_MS)
    seconds, ms = divmod(ms, 1000)
    return f"{_day(day)}T{_second(seconds)}.{ms:03}Z"


@cache
def _day(number: int) -> str:
    return date.fromordinal(_EPOCH + number).isoformat()


@cache
def _second(number: int) -> str:
    return f"{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}"
