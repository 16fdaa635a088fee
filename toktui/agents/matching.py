"""Reports of one call that share no id: which row of an account is which call of a log.

An account (an export of the vendor) lists what was billed, with times and counts, and names no
call. Each row is the one call that it fits best, or a call that no log knows. The answer depends on
nothing but the claims, and claims that are more than `REACH_MS` apart do not touch each other.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.model import Tokens

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

REACH_MS: Final = 3_600_000
"""How far the times of two reports may be apart whose counts are the same."""
_NEAR_MS: Final = 120_000
"""The same where the counts are not: clocks differ, and an account may round."""
_LONGEST_TURN_MS: Final = 600_000
"""How long a call is thought to have taken of which only one end is known."""
_SAYS_NOTHING: Final = frozenset({"", "auto", "default", "unknown"})
_EFFORT: Final = re.compile(r"(?:-(?:thinking|none|minimal|low|medium|high|xhigh|max|fast))+$")


class Claim(msgspec.Struct, frozen=True, gc=False):
    """What all reports of one key say; times are the first and the last of them."""

    key: str
    first_ms: int
    last_ms: int
    model: str
    tokens: Tokens
    counted: bool = True
    """Its numbers were counted, not estimated."""


def matches(rows: Sequence[Claim], calls: Sequence[Claim]) -> Mapping[str, str]:
    """The key of the call that each row of an account is, where there is one.

    A call is one row at most. Equal counts go first, then what is nearest in time.
    """
    found: dict[str, str] = {}
    taken: set[str] = set()
    by_time = sorted(calls, key=lambda call: (call.first_ms, call.key))
    begins = [call.first_ms for call in by_time]
    longest = max((call.last_ms - call.first_ms for call in calls), default=0)
    fits: list[tuple[bool, int, str, str]] = []
    for row in rows:
        begin = bisect_left(begins, row.first_ms - REACH_MS - longest)
        end = bisect_right(begins, row.first_ms + REACH_MS)
        fits.extend(_fits(row, by_time[begin:end]))
    for _, _, row, call in sorted(fits):
        if row not in found and call not in taken:
            found[row] = call
            taken.add(call)
    return found


def _fits(row: Claim, calls: Sequence[Claim]) -> list[tuple[bool, int, str, str]]:
    """How well a row is each of the calls: not the same counts, distance in time, keys."""
    fits: list[tuple[bool, int, str, str]] = []
    for call in calls:
        away = _away(row.first_ms, call)
        same = away <= REACH_MS and call.counted and _same_counts(row.tokens, call.tokens)
        if same or (away <= _NEAR_MS and _same_model(row.model, call.model)):
            fits.append((not same, away, row.key, call.key))
    return fits


def _away(at_ms: int, call: Claim) -> int:
    """Milliseconds between a time and the time that a call took."""
    known = call.last_ms > call.first_ms
    begin = call.first_ms if known else call.first_ms - _LONGEST_TURN_MS
    end = call.last_ms if known else call.last_ms + _LONGEST_TURN_MS
    return max(0, begin - at_ms, at_ms - end)


def _same_counts(row: Tokens, call: Tokens) -> bool:
    """Equal where both count; `call` may not know caches, or may have them inside its input."""
    if not row.output or row.output != call.output:
        return False
    if call.input in (row.input, row.prompt):
        return True
    cached = (row.cache_read, row.cache_write_5m)
    return cached == (call.cache_read, call.cache_write_5m) and any(cached)


def _same_model(one: str, other: str) -> bool:
    names = {_EFFORT.sub("", name.strip().casefold()) for name in (one, other)}
    return len(names) == 1 or bool(names & _SAYS_NOTHING)
