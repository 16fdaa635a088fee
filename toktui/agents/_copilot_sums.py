"""Counts as GitHub Copilot CLI has them, in its events and in its database."""

from __future__ import annotations

from typing import Final

from toktui.agents.base import MAX_COUNT
from toktui.model import Tokens

Sums = tuple[int, int, int, int, int]
"""input, cache read, cache write, output, reasoning: as Copilot counts, not disjoint."""
NONE: Final[Sums] = (0, 0, 0, 0, 0)


def added(one: Sums, other: Sums) -> Sums:
    """Both together, each count no larger than one can be."""
    a, b, c, d, e = (min(x + y, MAX_COUNT) for x, y in zip(one, other, strict=True))
    return a, b, c, d, e


def tokens_of(sums: Sums) -> Tokens:
    """In our buckets: the input holds what was read from the cache and what was written to it."""
    given, read, written, output, reasoning = sums
    return Tokens(
        input=max(0, given - read - written),
        cache_read=read,
        cache_write_5m=written,
        output=output,
        reasoning=min(output, reasoning),
    )
