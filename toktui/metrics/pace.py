"""When a window of a plan runs out: from its used share and what is being burned. Pure."""

from __future__ import annotations

from typing import Final, NamedTuple

_SHORTEST: Final = 0.01
"""Of a window that has just begun, this share says nothing about its pace yet."""


class RunsOut(NamedTuple):
    """The range in which a window is full; `late_ms` None: perhaps not before it begins anew."""

    early_ms: int
    late_ms: int | None


class Use(NamedTuple):
    """What an agent burned beside its window's share, all in one unit (nano-dollars, tokens)."""

    until_seen: int
    """From the window's beginning to when its share was seen."""
    since_seen: int
    rates: tuple[float, ...]
    """What is being burned now, per millisecond, over different spans of time."""


def pace_of(
    used_percent: float, *, start_ms: int, seen_ms: int, end_ms: int
) -> float | None:
    """The used share over the elapsed share when it was seen: above 1, it is used up too early.

    None where hardly anything of the window had elapsed.
    """
    elapsed = (seen_ms - start_ms) / (end_ms - start_ms) if end_ms > start_ms else 0.0
    return used_percent / 100 / min(1.0, elapsed) if elapsed >= _SHORTEST else None


def runs_out(
    used_percent: float, use: Use, *, start_ms: int, seen_ms: int, end_ms: int, now_ms: int
) -> RunsOut | None:
    """When the window is full if the agent goes on like now, or like in the window so far.

    A share is as much of the burn as it was until it was seen; where nothing of ours was burned
    until then (another machine's work), the window's own average has to do. None: not before the
    window begins anew, or nothing is being burned, or nothing was used.
    """
    if used_percent <= 0 or not any(use.rates) or seen_ms <= start_ms:
        return None
    of_one = used_percent / use.until_seen if use.until_seen > 0 else 0.0
    left = 100 - used_percent - of_one * use.since_seen
    rates = [used_percent / (seen_ms - start_ms)]
    if of_one:
        rates.extend(of_one * rate for rate in use.rates)
    times = [now_ms + max(0.0, left) / rate if rate > 0 else float("inf") for rate in rates]
    early, late = min(times), max(times)
    if early >= end_ms:
        return None
    return RunsOut(round(early), round(late) if late < end_ms else None)
