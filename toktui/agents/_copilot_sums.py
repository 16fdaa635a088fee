"""Counts as GitHub Copilot CLI has them, in its events and in its database."""

from __future__ import annotations

from typing import Final

from toktui.model import Tokens

Sums = tuple[int, int, int, int, int]
"""input, cache read, cache write, output, reasoning: as Copilot counts, not disjoint."""
NONE: Final[Sums] = (0, 0, 0, 0, 0)


def added(one: Sums, other: Sums) -> Sums:
    """Both together."""
    a, b = one, other
    return (a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3], a[4] + b[4])


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
